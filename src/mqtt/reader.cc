#include "mqtt/reader.h"

#include "mqtt/utf8.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt {

Errc errc_for(ReadFault fault) noexcept {
    switch (fault) {
        case ReadFault::truncated:
            return Errc::truncated;
        case ReadFault::bad_variable_integer:
            return Errc::malformed_packet;
        case ReadFault::bad_utf8:
            return Errc::bad_utf8;
    }
    return Errc::malformed_packet;
}

Read<std::uint8_t> Reader::u8() noexcept {
    if (remaining() < 1) return std::unexpected(ReadFault::truncated);
    return bytes_[position_++];
}

Read<std::uint16_t> Reader::u16() noexcept {
    if (remaining() < 2) return std::unexpected(ReadFault::truncated);
    const auto value = static_cast<std::uint16_t>(bytes_[position_] << 8 | bytes_[position_ + 1]);
    position_ += 2;
    return value;
}

Read<std::uint32_t> Reader::u32() noexcept {
    if (remaining() < 4) return std::unexpected(ReadFault::truncated);
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i)
        value = value << 8 | bytes_[position_ + i];
    position_ += 4;
    return value;
}

Read<std::uint32_t> Reader::variable_integer() noexcept {
    return integer_of(true);
}

Read<std::uint32_t> Reader::lenient_variable_integer() noexcept {
    return integer_of(false);
}

Read<std::uint32_t> Reader::integer_of(bool minimal_only) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        if (remaining() <= i) return std::unexpected(ReadFault::truncated);
        const std::uint8_t byte = bytes_[position_ + i];
        value |= static_cast<std::uint32_t>(byte & 0x7F) << (7 * i);
        if (byte >= 0x80) continue;
        if (minimal_only && variable_integer_size(value) != i + 1) return std::unexpected(ReadFault::bad_variable_integer);
        position_ += i + 1;
        return value;
    }
    return std::unexpected(ReadFault::bad_variable_integer);
}

Read<std::string_view> Reader::text() noexcept {
    const std::size_t start = position_;
    const auto bytes = binary();
    if (!bytes) return std::unexpected(bytes.error());
    if (!is_mqtt_text(*bytes)) {
        position_ = start;
        return std::unexpected(ReadFault::bad_utf8);
    }
    return as_text(*bytes);
}

Read<ByteView> Reader::binary() noexcept {
    const auto length = u16();
    if (!length) return std::unexpected(length.error());
    auto value = bytes(*length);
    if (!value) position_ -= 2;
    return value;
}

Read<ByteView> Reader::bytes(std::size_t count) noexcept {
    if (remaining() < count) return std::unexpected(ReadFault::truncated);
    const ByteView value = bytes_.subspan(position_, count);
    position_ += count;
    return value;
}

ByteView Reader::rest() noexcept {
    const ByteView value = bytes_.subspan(position_);
    position_ = bytes_.size();
    return value;
}

}  // namespace holdfast::mqtt
