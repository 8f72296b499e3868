#include "mqtt/utf8.h"

#include <cstring>

namespace holdfast::mqtt {

namespace {

constexpr bool is_continuation(Byte byte) {
    return (byte & 0xC0) == 0x80;
}

/// Length of the well-formed sequence at the front of `bytes` (not empty), whose first byte is not ASCII; 0 when ill-formed.
/// The bounds of the second byte exclude overlong forms, surrogates and everything above U+10FFFF (Unicode table 3-7).
std::size_t sequence_length(ByteView bytes) {
    const Byte first = bytes[0];
    const std::size_t length = first >= 0xC2 && first <= 0xDF   ? 2
                               : (first & 0xF0) == 0xE0         ? 3
                               : first >= 0xF0 && first <= 0xF4 ? 4
                                                                : 0;
    if (length == 0 || bytes.size() < length) return 0;
    const Byte lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const Byte highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (bytes[1] < lowest || bytes[1] > highest) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if (!is_continuation(bytes[i])) return 0;
    }
    return length;
}

/// True when all eight bytes are in 0x01..0x7F.
bool is_plain_ascii(std::uint64_t eight) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101;
    constexpr std::uint64_t tops = 0x8080'8080'8080'8080;
    // Without a top bit among them, subtracting one borrows into a top bit exactly where a byte is zero.
    return (eight & tops) == 0 && ((eight - ones) & tops) == 0;
}

}  // namespace

bool is_mqtt_text(ByteView bytes) noexcept {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (bytes.size() - at >= 8) {
            std::uint64_t eight = 0;
            std::memcpy(&eight, bytes.data() + at, 8);
            if (is_plain_ascii(eight)) {
                at += 8;
                continue;
            }
        }
        if (bytes[at] == 0) return false;
        if (bytes[at] < 0x80) {
            ++at;
            continue;
        }
        const std::size_t length = sequence_length(bytes.subspan(at));
        if (length == 0) return false;
        at += length;
    }
    return true;
}

}  // namespace holdfast::mqtt
