// The few MQTT packets that the bench tools exchange, and a walker that finds packet ends in a stream.
//
// Only what a measurement needs: no packet is judged beyond its fixed header, and a malformed length ends the
// connection it came from.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace holdfast::bench {

/// Protocol levels that the tools speak.
enum class Version : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

constexpr std::uint8_t type_connect = 0x10;
constexpr std::uint8_t type_connack = 0x20;
constexpr std::uint8_t type_publish = 0x30;
constexpr std::uint8_t type_puback = 0x40;
constexpr std::uint8_t type_subscribe = 0x80;
constexpr std::uint8_t type_suback = 0x90;
constexpr std::uint8_t type_unsubscribe = 0xA0;
constexpr std::uint8_t type_unsuback = 0xB0;
constexpr std::uint8_t type_pingreq = 0xC0;
constexpr std::uint8_t type_pingresp = 0xD0;
constexpr std::uint8_t type_disconnect = 0xE0;

/// A publish on a topic that starts with this letter comes back to its sender unchanged.
constexpr char echo_topic_letter = 'e';
/// A publish on exactly this topic is answered by one whose payload is one byte: the index of the node.
constexpr std::string_view who_topic = "who";

constexpr std::string_view pingreq_packet{"\xC0\x00", 2};
constexpr std::string_view pingresp_packet{"\xD0\x00", 2};

/// A CONNECT with a clean session and no keep alive, so that nobody closes an idle connection.
std::string make_connect(Version version, std::string_view client_id);

/// A CONNACK that accepts.
std::string make_connack(Version version);

/// A QoS 0 PUBLISH.
std::string make_publish(Version version, std::string_view topic, std::string_view payload);

/// The fixed header at the start of some bytes.
struct FixedHeader {
    std::uint8_t type_byte;
    std::size_t header_size;  // 2 to 5
    std::size_t body_size;
    std::size_t packet_size() const { return header_size + body_size; }
};

enum class HeaderState : std::uint8_t { complete, incomplete, malformed };

/// Reads the fixed header; `header` is set only when the result is `complete`.
HeaderState read_fixed_header(std::span<const char> bytes, FixedHeader& header);

/// What of a CONNECT a relay must know.
struct ConnectFacts {
    Version version;
    std::string_view client_id;
};

/// Reads a whole CONNECT; nothing when it is none. Bridges (level | 0x80) count as their plain version.
std::optional<ConnectFacts> read_connect(std::span<const char> packet, const FixedHeader& header);

/// A packet that the walker has seen the end of.
struct WalkedPacket {
    std::uint8_t type;  // upper four bits of the first byte
    std::size_t body_size;
    std::span<const std::uint8_t> prefix;  // the first bytes of its body, at most `PacketWalker::prefix_capacity`
};

/// Follows a stream of packets in pieces of any size, and keeps nothing of them but the first bytes.
class PacketWalker {
public:
    static constexpr std::size_t prefix_capacity = 8;

    /// Walks `bytes` and calls `on_packet(const WalkedPacket&)` at each packet's end; false when a length is malformed.
    template <class OnPacket>
    bool feed(std::span<const char> bytes, OnPacket&& on_packet);

private:
    bool take_header_byte(std::uint8_t byte);

    std::size_t body_size_ = 0;
    std::size_t body_left_ = 0;
    std::array<std::uint8_t, prefix_capacity> prefix_{};
    std::uint8_t prefix_size_ = 0;
    std::uint8_t header_bytes_ = 0;  // 0 before a packet
    std::uint8_t type_byte_ = 0;
    bool in_body_ = false;
};

inline bool PacketWalker::take_header_byte(std::uint8_t byte) {
    if (header_bytes_ == 0) {
        type_byte_ = byte;
        body_size_ = 0;
        prefix_size_ = 0;
        header_bytes_ = 1;
        return true;
    }
    if (header_bytes_ == 5) return false;
    body_size_ |= static_cast<std::size_t>(byte & 0x7F) << (7 * (header_bytes_ - 1));
    ++header_bytes_;
    if ((byte & 0x80) == 0) {
        body_left_ = body_size_;
        in_body_ = true;
    }
    return true;
}

template <class OnPacket>
bool PacketWalker::feed(std::span<const char> bytes, OnPacket&& on_packet) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        if (!in_body_ && !take_header_byte(static_cast<std::uint8_t>(bytes[at++]))) return false;
        if (!in_body_) continue;
        while (body_left_ > 0 && at < bytes.size() && prefix_size_ < prefix_capacity) {
            prefix_[prefix_size_++] = static_cast<std::uint8_t>(bytes[at++]);
            --body_left_;
        }
        const std::size_t skipped = std::min(body_left_, bytes.size() - at);
        at += skipped;
        body_left_ -= skipped;
        if (body_left_ > 0) continue;
        in_body_ = false;
        header_bytes_ = 0;
        on_packet(WalkedPacket{static_cast<std::uint8_t>(type_byte_ & 0xF0), body_size_,
                               std::span<const std::uint8_t>(prefix_.data(), prefix_size_)});
    }
    return true;
}

}  // namespace holdfast::bench
