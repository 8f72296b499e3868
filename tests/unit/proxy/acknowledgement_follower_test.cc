#include "proxy/acknowledgement_follower.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "mqtt/walker.h"

namespace holdfast::proxy {
namespace {

const std::vector<std::string> prefixes{"holdfast/", "fleet/cmd/"};

ByteBuffer publish(std::string_view topic, std::uint16_t packet_id, std::string_view payload = "{}",
                   std::uint8_t first = 0x32) {
    ByteBuffer body{static_cast<Byte>(topic.size() >> 8), static_cast<Byte>(topic.size() & 0xFF)};
    body.insert(body.end(), topic.begin(), topic.end());
    body.push_back(static_cast<Byte>(packet_id >> 8));
    body.push_back(static_cast<Byte>(packet_id & 0xFF));
    body.insert(body.end(), payload.begin(), payload.end());
    ByteBuffer packet{first};
    std::size_t length = body.size();
    do {
        const auto more = static_cast<Byte>(length > 127 ? 0x80 : 0);
        packet.push_back(static_cast<Byte>((length & 0x7F) | more));
        length >>= 7;
    } while (length != 0);
    packet.insert(packet.end(), body.begin(), body.end());
    return packet;
}

ByteBuffer puback(std::uint16_t packet_id, std::initializer_list<Byte> rest = {}) {
    ByteBuffer packet{0x40};
    packet.push_back(static_cast<Byte>(2 + rest.size()));
    packet.push_back(static_cast<Byte>(packet_id >> 8));
    packet.push_back(static_cast<Byte>(packet_id & 0xFF));
    for (const Byte byte : rest)
        packet.push_back(byte);
    return packet;
}

/// Both directions of a relay, in pieces of any size.
struct Relay {
    explicit Relay(mqtt::Version version = mqtt::Version::v5) : follower(version) {}

    void node(ByteView piece) {
        if (follower.wants_from_node()) follower.more_from_node(piece, prefixes);
        ASSERT_TRUE(from_node
                        .walk(piece,
                              [&](const mqtt::WalkedPacket& packet) {
                                  if (AcknowledgementFollower::is_followable(packet.first_byte))
                                      follower.publish(packet, piece, prefixes);
                              })
                        .ok);
    }
    void device(ByteView piece) {
        if (follower.wants_from_device()) follower.more_from_device(piece);
        ASSERT_TRUE(from_device
                        .walk(piece,
                              [&](const mqtt::WalkedPacket& packet) {
                                  if (packet.type() == mqtt::PacketType::puback) follower.puback(packet, piece);
                              })
                        .ok);
    }
    std::vector<std::string> acknowledged() { return follower.take_acknowledged(); }

    AcknowledgementFollower follower;
    mqtt::PacketWalker from_node;
    mqtt::PacketWalker from_device;
};

using Topics = std::vector<std::string>;

TEST(AcknowledgementFollower, TellsTheTopicThatTheDeviceAcknowledged) {
    Relay relay;
    relay.node(publish("holdfast/meter-7/command/a", 9));
    EXPECT_FALSE(relay.follower.has_acknowledged());
    relay.device(puback(8));
    EXPECT_FALSE(relay.follower.has_acknowledged());
    relay.device(puback(9));
    EXPECT_TRUE(relay.follower.has_acknowledged());
    EXPECT_EQ(relay.acknowledged(), Topics{"holdfast/meter-7/command/a"});
    relay.device(puback(9));
    EXPECT_FALSE(relay.follower.has_acknowledged()) << "once only";
}

TEST(AcknowledgementFollower, LeavesOtherTopicsAndOtherPacketsAlone) {
    Relay relay;
    relay.node(publish("meter-7/config", 1));
    relay.node(publish("holdfast/meter-7/command/a", 2, "{}", 0x34));
    relay.node(publish("holdfast/meter-7/command/a", 3, "{}", 0x30));
    for (std::uint16_t id = 1; id <= 3; ++id)
        relay.device(puback(id));
    EXPECT_FALSE(relay.follower.has_acknowledged());
}

TEST(AcknowledgementFollower, ARefusingPubackIsNoDelivery) {
    Relay relay;
    relay.node(publish("holdfast/a", 1));
    relay.device(puback(1, {0x87, 0x00}));
    EXPECT_FALSE(relay.follower.has_acknowledged());
    relay.node(publish("holdfast/b", 2));
    relay.device(puback(2, {0x10}));
    EXPECT_EQ(relay.acknowledged(), Topics{"holdfast/b"}) << "0x10, no matching subscribers, is no failure";
}

TEST(AcknowledgementFollower, AMessageSentAgainIsFollowedOnce) {
    Relay relay;
    relay.node(publish("holdfast/a", 5));
    relay.node(publish("holdfast/a", 5, "{}", 0x3A));
    relay.device(puback(5));
    EXPECT_EQ(relay.acknowledged(), Topics{"holdfast/a"});
}

TEST(AcknowledgementFollower, IsBounded) {
    Relay relay;
    for (std::uint16_t id = 1; id <= 1000; ++id)
        relay.node(publish("holdfast/" + std::to_string(id), id));
    for (std::uint16_t id = 1; id <= 1000; ++id)
        relay.device(puback(id));
    EXPECT_EQ(relay.acknowledged().size(), AcknowledgementFollower::max_followed);
    relay.node(publish("holdfast/" + std::string(2000, 'x'), 1));
    relay.device(puback(1));
    EXPECT_FALSE(relay.follower.has_acknowledged());
}

TEST(AcknowledgementFollower, AnySplitOfTheStreamsGivesTheSame) {
    ByteBuffer down;
    ByteBuffer up;
    Topics expected;
    for (std::uint16_t id = 1; id <= 30; ++id) {
        const bool ours = id % 3 != 0;
        const std::string topic = (ours ? "fleet/cmd/" : "other/") + std::string(id * 7U, 'd');
        const ByteBuffer packet = publish(topic, id, std::string(id * 11U, 'p'));
        down.insert(down.end(), packet.begin(), packet.end());
        const ByteBuffer answer = id % 2 == 0 ? puback(id) : puback(id, {0x00, 0x00});
        up.insert(up.end(), answer.begin(), answer.end());
        if (ours) expected.push_back(topic);
    }
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        Relay relay;
        const auto in_pieces = [&](const ByteBuffer& stream, auto&& take) {
            for (std::size_t at = 0; at < stream.size();) {
                const std::size_t size = std::min<std::size_t>(1 + random() % (1 + seed), stream.size() - at);
                take(ByteView(stream).subspan(at, size));
                at += size;
            }
        };
        in_pieces(down, [&](ByteView piece) { relay.node(piece); });
        in_pieces(up, [&](ByteView piece) { relay.device(piece); });
        EXPECT_EQ(relay.acknowledged(), expected) << "seed " << seed;
    }
}

}  // namespace
}  // namespace holdfast::proxy
