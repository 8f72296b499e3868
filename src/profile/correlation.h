#pragma once
// The Correlation Data that MQTT 5 devices get with a command and give back with their reply: "<id>/<attempt>" (MQTT5
// 3.3.2.3.6).

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "command/command_id.h"

namespace holdfast::profile {

struct Correlation {
    command::CommandId id = {};
    std::uint16_t attempt = 0;  ///< 0: not said
    friend bool operator==(const Correlation&, const Correlation&) = default;
};

[[nodiscard]] std::string correlation_text(const Correlation& correlation);
/// Nothing for anything else. An id alone is taken, too.
[[nodiscard]] std::optional<Correlation> correlation_from(ByteView data) noexcept;

}  // namespace holdfast::profile
