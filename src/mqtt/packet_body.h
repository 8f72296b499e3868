#pragma once
// Takes the fixed header off one whole packet and checks what is true for all types (MQTT5 2.1).

#include <expected>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// The bytes behind the fixed header of `packet`, which must be exactly one whole packet. v5 demands the shortest form of the
/// remaining length [MQTT-1.5.5-1]; 3.x does not. Errors: truncated, malformed_packet.
[[nodiscard]] std::expected<ByteView, Errc> packet_body(ByteView packet, Version version) noexcept;

}  // namespace holdfast::mqtt
