// An open connection: bytes both ways, the idle limit, and how it ends by itself.

#include <gtest/gtest.h>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

class RelayInEachVersion : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, RelayInEachVersion, testing::ValuesIn(all_versions));

const ByteBuffer nonsense = bytes_of({0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x00});

TEST_P(RelayInEachVersion, BytesPassBothWaysAsTheyAre) {
    const ByteBuffer up = publish(GetParam(), "up") + pingreq() + publish(GetParam(), std::string(70'000, 'u'));
    const ByteBuffer down = publish(GetParam(), std::string(300, 'd')) + bytes_of({0xD0, 0});
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{100'000}}) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.device_says_in_pieces(up, size);
        talk.node_says_in_pieces(down, size);
        EXPECT_EQ(talk.node().got, up);
        EXPECT_EQ(talk.device().got, down);
        EXPECT_EQ(talk.connection().packets_from_device(), 3U);
        EXPECT_EQ(talk.connection().bytes_from_device(), up.size());
        EXPECT_EQ(talk.connection().packets_to_device(), 3U) << "the CONNACK too";
    }
}

TEST_P(RelayInEachVersion, SilenceEndsItAfterOneAndAHalfKeepAlives) {
    Conversation talk;
    talk.is_established(GetParam(), 10);
    talk.passes(seconds(14));
    talk.device_says(pingreq());
    talk.passes(milliseconds(14'999));
    EXPECT_FALSE(talk.over());
    talk.passes(milliseconds(1));
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.connection().end_reason(), EndReason::device_silent);
    EXPECT_EQ(talk.node().got, pingreq()) << "no DISCONNECT: the will is the node's to publish";
    EXPECT_TRUE(talk.node().cut);
    const ByteBuffer goodbye = bytes_of({0xE0, 0x01, 0x8D});
    EXPECT_EQ(talk.device().got, GetParam() == Version::v5 ? goodbye : ByteBuffer{});
}

TEST_P(RelayInEachVersion, WhatTheNodeSaysIsNoSignOfTheDevice) {
    Conversation talk;
    talk.is_established(GetParam(), 10);
    for (int i = 0; i < 15; ++i) {
        talk.node_says(publish(GetParam(), "x"));
        talk.passes(seconds(1));
    }
    EXPECT_TRUE(talk.over());
}

TEST_P(RelayInEachVersion, KeepAliveZeroIsForEver) {
    Conversation talk;
    talk.is_established(GetParam(), 0);
    EXPECT_FALSE(talk.connection().timer());
    talk.passes(std::chrono::hours(10'000));
    EXPECT_FALSE(talk.over());
}

TEST(Relay, TheLargestKeepAliveDoesNotOverflow) {
    Conversation talk;
    talk.is_established(Version::v311, 65'535);
    talk.passes(seconds(98'302));
    EXPECT_FALSE(talk.over());
    talk.passes(seconds(1));
    EXPECT_TRUE(talk.over());
}

TEST(Relay, ServerKeepAliveWins) {
    struct Case {
        std::uint16_t device;
        std::uint16_t node;
        int limit_s;
    };
    for (const Case& c : {Case{60, 4, 6}, Case{4, 60, 90}, Case{0, 2, 3}}) {
        Conversation talk;
        talk.device_says(connect(Version::v5, "meter-7", c.device));
        talk.node_connects();
        talk.node_says(connack_with_keep_alive(c.node));
        talk.passes(seconds(c.limit_s) - milliseconds(1));
        EXPECT_FALSE(talk.over());
        talk.passes(milliseconds(1));
        EXPECT_TRUE(talk.over());
    }
    Conversation off;
    off.device_says(connect(Version::v5, "meter-7", 10));
    off.node_connects();
    off.node_says(connack_with_keep_alive(0));
    off.all_time_passes();
    EXPECT_FALSE(off.over());
}

TEST_P(RelayInEachVersion, ADeviceThatClosesLeavesItsWillToTheNode) {
    for (const bool broken : {false, true}) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.device_says(publish(GetParam(), "last"));
        broken ? talk.device_breaks() : talk.device_closes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.node().state, Peer::State::half_closed) << "what is under way arrives";
        EXPECT_EQ(talk.node().got, publish(GetParam(), "last"));
        EXPECT_EQ(talk.connection().end_reason(), broken ? EndReason::device_broken : EndReason::device_closed);
    }
}

TEST_P(RelayInEachVersion, ADisconnectIsTheDevicesOwnWord) {
    for (const bool node_first : {false, true}) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.device_says(disconnect(GetParam()));
        node_first ? talk.node_closes() : talk.device_closes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.connection().end_reason(), EndReason::device_disconnected);
        EXPECT_EQ(talk.node().got, disconnect(GetParam()));
    }
}

TEST_P(RelayInEachVersion, ANodeThatClosesEndsTheDeviceAfterItsLastWords) {
    for (const bool broken : {false, true}) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.node_says(publish(GetParam(), "last"));
        broken ? talk.node_breaks() : talk.node_closes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.device().state, Peer::State::half_closed);
        const ByteBuffer goodbye = GetParam() == Version::v5 ? bytes_of({0xE0, 0x01, 0x9C}) : ByteBuffer{};
        EXPECT_EQ(talk.device().got, publish(GetParam(), "last") + goodbye);
        EXPECT_EQ(talk.connection().end_reason(), broken ? EndReason::node_broken : EndReason::node_closed);
        EXPECT_TRUE(by_node(talk.connection().end_reason()));
    }
}

TEST(Relay, ANodesDisconnectIsKnownAsSuch) {
    Conversation talk;
    talk.is_established(Version::v5);
    const ByteBuffer taken_over = disconnect(Version::v5, mqtt::ReasonCode::session_taken_over);
    talk.node_says(taken_over);
    talk.node_closes();
    EXPECT_EQ(talk.device().got, taken_over);
    EXPECT_EQ(talk.connection().end_reason(), EndReason::node_disconnected);
}

TEST_P(RelayInEachVersion, AMalformedStreamFromTheDeviceEndsAtItsLastWholePacket) {
    for (const std::size_t size : {std::size_t{1}, std::size_t{100}}) {
        Conversation talk;
        talk.is_established(GetParam());
        const ByteBuffer good = publish(GetParam(), "good");
        talk.device_says_in_pieces(good + nonsense, size);
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(front(talk.node().got, good.size()), good);
        if (size > 1) {
            EXPECT_EQ(talk.node().got, good);
        }
        EXPECT_EQ(talk.connection().end_reason(), EndReason::device_malformed);
        const ByteBuffer goodbye = bytes_of({0xE0, 0x01, 0x81});
        EXPECT_EQ(talk.device().got, GetParam() == Version::v5 ? goodbye : ByteBuffer{});
    }
}

TEST_P(RelayInEachVersion, AMalformedStreamFromTheNodeEndsToo) {
    Conversation talk;
    talk.is_established(GetParam());
    const ByteBuffer good = publish(GetParam(), "good");
    talk.node_says(good + nonsense);
    EXPECT_TRUE(talk.over());
    const ByteBuffer goodbye = bytes_of({0xE0, 0x01, 0x80});
    EXPECT_EQ(talk.device().got, GetParam() == Version::v5 ? good + goodbye : good);
    EXPECT_EQ(talk.connection().end_reason(), EndReason::node_malformed);
}

TEST(Relay, NonsenseRightBehindTheConnackEndsWhatItOpened) {
    Conversation talk;
    talk.device_says(connect(Version::v5));
    talk.node_connects();
    talk.node_says(connack(Version::v5) + nonsense);
    EXPECT_TRUE(talk.opened());
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.connection().end_reason(), EndReason::node_malformed);
}

TEST(Relay, NonsenseRightBehindTheConnectEndsItOnceTheNodeAccepts) {
    Conversation talk;
    talk.device_says(connect(Version::v5) + nonsense);
    talk.node_connects();
    talk.node_says(connack(Version::v5));
    EXPECT_TRUE(talk.opened());
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.connection().end_reason(), EndReason::device_malformed);
    EXPECT_EQ(talk.node().got, connect(Version::v5));
}

TEST(Relay, WhoDoesNotReadItsLastWordsIsCutAfterTheLingerTime) {
    Conversation talk;
    talk.is_established(Version::v5);
    talk.node_closes();
    EXPECT_EQ(talk.device().state, Peer::State::half_closed);
    talk.passes(talk.limits().linger);
    EXPECT_EQ(talk.device().state, Peer::State::closed);
    EXPECT_EQ(talk.connection().phase(), Phase::ended);
    EXPECT_FALSE(talk.connection().timer());
}

}  // namespace
}  // namespace holdfast::proxy::test
