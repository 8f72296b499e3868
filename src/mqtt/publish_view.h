#pragma once
// A PUBLISH as views into its bytes: what a session hands to its user without a copy (MQTT5 3.3).

#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/property_view.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Views are valid as long as the packet's bytes.
struct PublishView {
    bool dup = false;
    QoS qos = QoS::at_most_once;
    bool retain = false;
    /// Empty only in v5 together with a topic alias.
    std::string_view topic{};
    /// 0 for QoS 0.
    std::uint16_t packet_id = 0;
    /// v5; 0 = none.
    std::uint16_t topic_alias = 0;
    /// v5; empty in 3.x.
    PropertiesView properties{};
    ByteView payload{};
};

/// Reads one whole PUBLISH and checks it as strictly as decode does.
[[nodiscard]] std::expected<PublishView, Errc> parse_publish(ByteView packet, Version version) noexcept;

}  // namespace holdfast::mqtt
