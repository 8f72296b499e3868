#pragma once
// Reads MQTT's data types (MQTT5 1.5) from bytes that a stranger sent. A reader only ever looks into the span it was given,
// moves forward only when a read succeeds, and never allocates: texts and binaries come back as views into the span.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Why a read failed.
enum class ReadFault : std::uint8_t {
    /// The span ends before the value does.
    truncated,
    /// A variable byte integer has a fifth byte or more bytes than its value needs. [MQTT-1.5.5-1]
    bad_variable_integer,
    /// A text is not well-formed UTF-8 or holds U+0000. [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    bad_utf8,
};

template <class T>
using Read = std::expected<T, ReadFault>;

/// The error of this module that a read fault stands for.
[[nodiscard]] Errc errc_for(ReadFault fault) noexcept;

/// A cursor over borrowed bytes. Views that it returns are valid as long as those bytes.
class Reader {
public:
    explicit Reader(ByteView bytes) noexcept : bytes_(bytes) {}

    [[nodiscard]] std::size_t position() const noexcept { return position_; }
    [[nodiscard]] std::size_t remaining() const noexcept { return bytes_.size() - position_; }
    [[nodiscard]] bool at_end() const noexcept { return position_ == bytes_.size(); }

    [[nodiscard]] Read<std::uint8_t> u8() noexcept;
    [[nodiscard]] Read<std::uint16_t> u16() noexcept;
    [[nodiscard]] Read<std::uint32_t> u32() noexcept;
    /// A variable byte integer of at most four bytes in its shortest form (MQTT5 1.5.5).
    [[nodiscard]] Read<std::uint32_t> variable_integer() noexcept;
    /// A variable byte integer of at most four bytes; longer forms than needed are allowed, as MQTT 3.x does not forbid them.
    [[nodiscard]] Read<std::uint32_t> lenient_variable_integer() noexcept;
    /// A UTF-8 Encoded String: two length bytes and checked text.
    [[nodiscard]] Read<std::string_view> text() noexcept;
    /// Binary Data: two length bytes and anything.
    [[nodiscard]] Read<ByteView> binary() noexcept;
    /// Exactly `count` bytes.
    [[nodiscard]] Read<ByteView> bytes(std::size_t count) noexcept;
    /// All that is left; the reader is at its end afterwards.
    [[nodiscard]] ByteView rest() noexcept;

private:
    [[nodiscard]] Read<std::uint32_t> integer_of(bool minimal_only) noexcept;

    ByteView bytes_;
    std::size_t position_ = 0;
};

}  // namespace holdfast::mqtt
