#pragma once
// Follows packet boundaries through a relayed stream without collecting anything. This is on the relay's hot path, twice per
// connection: sixteen bytes of state, no allocation, and for small packets a few instructions each, inlined into the caller.
//
// The walker looks at fixed headers only (MQTT5 2.1): it does not judge packets, it only knows where they end.

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// A packet whose fixed header has just become whole.
struct WalkedPacket {
    /// Type and flags.
    std::uint8_t first_byte;
    /// Size of the body.
    std::uint32_t remaining_length;
    /// Where in the walked piece the body starts; equal to the piece's size when the body is in later pieces.
    std::size_t body_offset;

    [[nodiscard]] PacketType type() const noexcept { return packet_type(first_byte); }
};

/// What a walk over one piece found.
struct Walk {
    /// `last_boundary` when the piece holds no boundary.
    static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();

    /// False when a remaining length had a fifth byte. Bytes up to `last_boundary` are good; the walker must not be used
    /// further.
    bool ok;
    /// How many bytes from the piece's front end at the last packet boundary in it: the relay may cut there. 0 when the piece
    /// began at a boundary and no packet ended in it; `none` when the piece lies inside one packet.
    std::size_t last_boundary;
};

class PacketWalker {
public:
    /// Walks over the next piece of the stream, of any size. `on_packet(WalkedPacket)` is called once for each packet whose
    /// fixed header ends in this piece, in order.
    template <class OnPacket>
    [[nodiscard]] Walk walk(ByteView piece, OnPacket&& on_packet);

    /// The same without caring for the packets.
    [[nodiscard]] Walk walk(ByteView piece) {
        return walk(piece, [](const WalkedPacket&) {});
    }

    /// True when the next byte starts a packet.
    [[nodiscard]] bool at_boundary() const noexcept { return header_bytes_ == 0 && body_left_ == 0; }
    /// Bytes of the current packet's body that have not come yet; 0 at a boundary and within a fixed header.
    [[nodiscard]] std::uint32_t body_left() const noexcept { return body_left_; }

private:
    /// Continues a fixed header that began in an earlier piece or does not end in this one. Advances `at`. False on a fifth
    /// length byte.
    template <class OnPacket>
    [[nodiscard]] bool walk_header(ByteView piece, std::size_t& at, OnPacket&& on_packet);

    std::uint32_t body_left_ = 0;
    /// Remaining length as far as it has been read; meaningful while `header_bytes_` > 0.
    std::uint32_t length_so_far_ = 0;
    std::uint8_t first_byte_ = 0;
    /// Bytes of the current fixed header seen so far; 0 when at a boundary or in a body.
    std::uint8_t header_bytes_ = 0;
};

static_assert(sizeof(PacketWalker) <= 16);

template <class OnPacket>
bool PacketWalker::walk_header(ByteView piece, std::size_t& at, OnPacket&& on_packet) {
    if (header_bytes_ == 0) {
        first_byte_ = piece[at++];
        header_bytes_ = 1;
        length_so_far_ = 0;
    }
    while (at < piece.size()) {
        const std::uint8_t byte = piece[at++];
        length_so_far_ |= static_cast<std::uint32_t>(byte & 0x7F) << (7 * (header_bytes_ - 1));
        if (byte < 0x80) {
            header_bytes_ = 0;
            body_left_ = length_so_far_;
            on_packet(WalkedPacket{first_byte_, length_so_far_, at});
            return true;
        }
        if (++header_bytes_ == 5) return false;
    }
    return true;
}

template <class OnPacket>
Walk PacketWalker::walk(ByteView piece, OnPacket&& on_packet) {
    const std::size_t size = piece.size();
    std::size_t at = 0;
    std::size_t boundary = at_boundary() ? 0 : Walk::none;
    if (header_bytes_ != 0 && size != 0) {
        if (!walk_header(piece, at, on_packet)) return {false, boundary};
        if (at_boundary()) boundary = at;
    }
    if (body_left_ != 0) {
        if (body_left_ > size - at) {
            body_left_ -= static_cast<std::uint32_t>(size - at);
            return {true, boundary};
        }
        at += body_left_;
        body_left_ = 0;
        boundary = at;
    }
    // From here on `at` is at a boundary, or the piece is used up.
    while (at < size) {
        if (size - at >= 2 && piece[at + 1] < 0x80) {
            const std::uint32_t length = piece[at + 1];
            on_packet(WalkedPacket{piece[at], length, at + 2});
            at += 2;
            body_left_ = length;
        } else if (!walk_header(piece, at, on_packet)) {
            return {false, boundary};
        }
        if (header_bytes_ != 0) break;
        if (body_left_ > size - at) {
            body_left_ -= static_cast<std::uint32_t>(size - at);
            break;
        }
        at += body_left_;
        body_left_ = 0;
        boundary = at;
    }
    return {true, boundary};
}

}  // namespace holdfast::mqtt
