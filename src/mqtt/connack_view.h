#pragma once
// What the gateway reads from a node's CONNACK, as views into its bytes, without allocation (MQTT5 3.2).

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/property_view.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Views are valid as long as the packet's bytes.
struct ConnackView {
    /// False in 3.1, which does not say.
    bool session_present = false;
    /// 3.x: a ConnectReturnCode's value; v5: a ReasonCode's value. 0 = accepted.
    std::uint8_t code = 0;
    /// v5: the keep alive in seconds that the client must use instead of its own.
    std::optional<std::uint16_t> server_keep_alive{};
    /// v5: the name of a client that came without one; empty when none was assigned.
    std::string_view assigned_client_id{};
    /// v5: where the client should go instead; empty when not said.
    std::string_view server_reference{};
    /// v5: for people; empty when not said.
    std::string_view reason_string{};
    /// v5: seconds, if other than asked for.
    std::optional<std::uint32_t> session_expiry{};
    /// All properties of v5.
    PropertiesView properties{};

    [[nodiscard]] bool accepted() const noexcept { return code == 0; }
};

/// Reads one whole CONNACK.
[[nodiscard]] std::expected<ConnackView, Errc> parse_connack(ByteView packet, Version version) noexcept;

}  // namespace holdfast::mqtt
