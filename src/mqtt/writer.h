#pragma once
// Writes one MQTT packet to the end of a buffer. The first thing that cannot be expressed (a text over 65,535 bytes or with bad
// UTF-8, a packet over the limit) is remembered, later writes do nothing, and `finish` reports it and takes back what was
// appended: a buffer holds whole packets or is unchanged, never a truncated one.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Bytes that `value` takes as a variable byte integer (1..4). `value` is at most `max_remaining_length`.
[[nodiscard]] constexpr std::size_t variable_integer_size(std::uint32_t value) noexcept {
    return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

/// Appends `value` (at most `max_remaining_length`) in its shortest form.
void append_variable_integer(ByteBuffer& out, std::uint32_t value);

/// Writes one packet. Use: construct with the first byte, write the body, call `finish` once.
class Writer {
public:
    /// `out` must outlive the writer and not be touched by others until `finish`.
    Writer(ByteBuffer& out, std::uint8_t first_byte);

    void u8(std::uint8_t value);
    void u16(std::uint16_t value);
    void u32(std::uint32_t value);
    void variable_integer(std::uint32_t value);
    /// A UTF-8 Encoded String; checked like a read one.
    void text(std::string_view value);
    /// Binary Data with its two length bytes.
    void binary(ByteView value);
    /// Bytes without a length.
    void bytes(ByteView value);

    /// Notes that the packet cannot be expressed; the first note wins.
    void fail(Errc code, std::string_view sentence) noexcept;
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    /// Bytes of body so far.
    [[nodiscard]] std::size_t body_size() const noexcept { return out_.size() - body_start_; }

    /// Sets the remaining length. On an error `out` is as it was before the writer.
    [[nodiscard]] Result<> finish();

private:
    [[nodiscard]] bool may_add(std::size_t count) noexcept;

    ByteBuffer& out_;
    std::size_t packet_start_;
    std::size_t body_start_;
    bool failed_ = false;
    Errc code_ = Errc::not_encodable;
    std::string_view sentence_;
};

}  // namespace holdfast::mqtt
