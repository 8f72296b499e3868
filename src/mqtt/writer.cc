#include "mqtt/writer.h"

#include <string>

#include "mqtt/utf8.h"

namespace holdfast::mqtt {

namespace {

/// The longest fixed header: the body is written behind room for it and moved up when its length is known.
constexpr std::size_t header_room = 5;

}  // namespace

void append_variable_integer(ByteBuffer& out, std::uint32_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<Byte>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<Byte>(value));
}

Writer::Writer(ByteBuffer& out, std::uint8_t first_byte)
    : out_(out), packet_start_(out.size()), body_start_(out.size() + header_room) {
    out_.resize(body_start_);
    out_[packet_start_] = first_byte;
}

bool Writer::may_add(std::size_t count) noexcept {
    if (failed_) return false;
    if (count > max_remaining_length || body_size() + count > max_remaining_length) {
        fail(Errc::packet_too_large, "The packet would be larger than the 268,435,455 bytes that MQTT can express.");
    }
    return !failed_;
}

void Writer::u8(std::uint8_t value) {
    if (may_add(1)) out_.push_back(value);
}

void Writer::u16(std::uint16_t value) {
    if (!may_add(2)) return;
    out_.push_back(static_cast<Byte>(value >> 8));
    out_.push_back(static_cast<Byte>(value));
}

void Writer::u32(std::uint32_t value) {
    if (!may_add(4)) return;
    for (int shift = 24; shift >= 0; shift -= 8)
        out_.push_back(static_cast<Byte>(value >> shift));
}

void Writer::variable_integer(std::uint32_t value) {
    if (value > max_remaining_length)
        fail(Errc::not_encodable, "A number is larger than the 268,435,455 that MQTT can express.");
    if (may_add(variable_integer_size(value))) append_variable_integer(out_, value);
}

void Writer::text(std::string_view value) {
    if (value.size() > max_field_length)
        fail(Errc::field_too_long, "A text is longer than the 65,535 bytes that MQTT can express.");
    if (!failed_ && !is_mqtt_text(as_bytes(value))) fail(Errc::bad_utf8, "A text is not well-formed UTF-8, or holds U+0000.");
    binary(as_bytes(value));
}

void Writer::binary(ByteView value) {
    if (value.size() > max_field_length)
        fail(Errc::field_too_long, "A field is longer than the 65,535 bytes that MQTT can express.");
    u16(static_cast<std::uint16_t>(value.size()));
    bytes(value);
}

void Writer::bytes(ByteView value) {
    if (may_add(value.size())) out_.insert(out_.end(), value.begin(), value.end());
}

void Writer::fail(Errc code, std::string_view sentence) noexcept {
    if (failed_) return;
    failed_ = true;
    code_ = code;
    sentence_ = sentence;
}

Result<> Writer::finish() {
    if (failed_) {
        out_.resize(packet_start_);
        return holdfast::fail(code_, std::string(sentence_));
    }
    auto length = static_cast<std::uint32_t>(body_size());
    const std::size_t unused = header_room - 1 - variable_integer_size(length);
    std::size_t at = packet_start_ + 1;
    for (; length >= 0x80; length >>= 7)
        out_[at++] = static_cast<Byte>(length | 0x80);
    out_[at++] = static_cast<Byte>(length);
    out_.erase(out_.begin() + static_cast<std::ptrdiff_t>(at), out_.begin() + static_cast<std::ptrdiff_t>(at + unused));
    return {};
}

}  // namespace holdfast::mqtt
