#pragma once
// Cuts a byte stream into whole packets, however the stream was split. A packet that lies whole in one piece is given as a view
// into that piece; only a packet that spans pieces is collected. Memory grows with the bytes that really arrived, never with
// what a header promises, and a packet over the bound is refused at its header.
//
// For sessions that decode packets. A relay that only needs to know where packets end uses walker.h.

#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

enum class FrameFault : std::uint8_t {
    /// The remaining length has a fifth byte: the stream has no meaning from here on.
    bad_remaining_length,
    /// The header promises a packet over the bound.
    too_large,
};

[[nodiscard]] Errc errc_for(FrameFault fault) noexcept;

class Framer {
public:
    /// `max_size` bounds a whole packet, header included.
    explicit Framer(std::size_t max_size = max_packet_size) noexcept : max_size_(max_size) {}

    /// Takes bytes from the front of `input` until one packet is whole and returns it, or returns an empty view when `input` is
    /// used up. Call again with the same `input` until it returns empty. The view is valid until the next call and as long as
    /// the bytes of `input`. After a fault the framer gives the same fault until `reset`.
    [[nodiscard]] std::expected<ByteView, FrameFault> feed(ByteView& input);

    /// Forgets a half-collected packet and any fault: a new connection begins.
    void reset() noexcept;

    /// True when the next byte starts a packet.
    [[nodiscard]] bool at_boundary() const noexcept { return collected_.empty() || returned_; }

    [[nodiscard]] std::size_t max_size() const noexcept { return max_size_; }
    void set_max_size(std::size_t size) noexcept { max_size_ = size; }

private:
    [[nodiscard]] std::expected<ByteView, FrameFault> collect(ByteView& input);

    ByteBuffer collected_;
    std::size_t max_size_;
    /// Size of the packet being collected; 0 while its header is not whole.
    std::uint32_t wanted_ = 0;
    /// `collected_` was given out by the last call and is to be dropped by the next.
    bool returned_ = false;
    bool faulty_ = false;
    FrameFault fault_ = FrameFault::bad_remaining_length;
};

}  // namespace holdfast::mqtt
