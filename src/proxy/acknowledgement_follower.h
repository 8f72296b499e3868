#pragma once
// Follows QoS 1 messages on some topics from their node to the device's PUBACK: the one sign on the wire that the device itself
// has a message. A node's own PUBACK to the sender says only that the node has it.
//
// The relay hands in what it sees of both directions. Only the head of a PUBLISH (its topic and packet id) and of a PUBACK is
// looked at, and kept over a split between two reads. Everything is bounded: what is too much is not followed, and what is not
// followed is not reported.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "mqtt/types.h"
#include "mqtt/walker.h"

namespace holdfast::proxy {

class AcknowledgementFollower {
public:
    /// Messages followed at a time; the oldest gives way.
    static constexpr std::size_t max_followed = 64;
    /// Longer topics are not followed.
    static constexpr std::size_t max_topic = 1024;

    explicit AcknowledgementFollower(mqtt::Version version) noexcept : version_(version) {}

    /// True for a PUBLISH with QoS 1, by its first byte (MQTT5 3.3.1).
    [[nodiscard]] static constexpr bool is_followable(std::uint8_t first_byte) noexcept { return (first_byte & 0xF6) == 0x32; }

    /// A followable packet begins in `piece`. Its topic is followed when it begins with one of `prefixes`.
    void publish(const mqtt::WalkedPacket& packet, ByteView piece, std::span<const std::string> prefixes);
    /// A PUBACK of the device begins in `piece`.
    void puback(const mqtt::WalkedPacket& packet, ByteView piece);

    /// The head of a packet from that side goes on in its next piece: hand it in, before the walk over it.
    [[nodiscard]] bool wants_from_node() const noexcept { return from_node_.left != 0; }
    [[nodiscard]] bool wants_from_device() const noexcept { return from_device_.left != 0; }
    void more_from_node(ByteView piece, std::span<const std::string> prefixes);
    void more_from_device(ByteView piece);

    /// Topics of messages that the device has acknowledged since the last call.
    [[nodiscard]] bool has_acknowledged() const noexcept { return !acknowledged_.empty(); }
    [[nodiscard]] std::vector<std::string> take_acknowledged() noexcept;

private:
    /// The head of a packet that is being collected.
    struct Head {
        ByteBuffer bytes;
        std::size_t left = 0;
    };
    struct Followed {
        std::uint16_t packet_id = 0;
        std::string topic;
    };

    /// Takes what `piece` has of the head; true when it is whole.
    static bool collect(Head& head, ByteView piece);
    void publish_head(std::span<const std::string> prefixes);
    void puback_head();

    mqtt::Version version_;
    Head from_node_;
    Head from_device_;
    std::vector<Followed> followed_;
    std::vector<std::string> acknowledged_;
};

}  // namespace holdfast::proxy
