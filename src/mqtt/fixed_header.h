#pragma once
// The fixed header of a packet (MQTT5 2.1): its first byte and the remaining length, as far as they have come in.

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

struct FixedHeader {
    enum class State : std::uint8_t {
        /// More bytes are needed.
        partial,
        whole,
        /// The remaining length has a fifth byte.
        bad,
    };

    State state = State::partial;
    /// Bytes of the header itself, 2..5.
    std::uint8_t size = 0;
    /// The remaining length; it may have been written with more bytes than it needs.
    std::uint32_t length = 0;

    /// Bytes of the whole packet.
    [[nodiscard]] std::size_t packet_size() const noexcept { return std::size_t{size} + length; }
};

/// Reads the fixed header at the front of `bytes`.
[[nodiscard]] inline FixedHeader read_fixed_header(ByteView bytes) noexcept {
    std::uint32_t length = 0;
    for (std::size_t i = 1; i < bytes.size() && i < 5; ++i) {
        length |= static_cast<std::uint32_t>(bytes[i] & 0x7F) << (7 * (i - 1));
        if (bytes[i] < 0x80) return {FixedHeader::State::whole, static_cast<std::uint8_t>(i + 1), length};
    }
    return {bytes.size() < 5 ? FixedHeader::State::partial : FixedHeader::State::bad, 0, 0};
}

}  // namespace holdfast::mqtt
