// From the first byte to a whole CONNECT: pieces, what comes along with it, faults and their answers, the deadline.

#include <gtest/gtest.h>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

using fleet::RefuseReason;

class CollectingInEachVersion : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, CollectingInEachVersion, testing::ValuesIn(all_versions));

TEST_P(CollectingInEachVersion, AConnectInPiecesOfAnySizeReachesTheNodeAsItIs) {
    const ByteBuffer hello = connect(GetParam(), "meter-7", 60);
    for (std::size_t size = 1; size <= hello.size(); ++size) {
        Conversation talk;
        talk.device_says_in_pieces(hello, size);
        ASSERT_EQ(talk.nodes().size(), 1U) << "pieces of " << size;
        EXPECT_TRUE(talk.node().got.empty()) << "nothing before the node is connected";
        talk.node_connects();
        EXPECT_EQ(talk.node().got, hello);
        talk.node_says(connack(GetParam()));
        EXPECT_TRUE(talk.opened());
        EXPECT_EQ(talk.device().got, connack(GetParam()));
        EXPECT_EQ(talk.story().device, "meter-7");
        EXPECT_EQ(talk.story().version, GetParam());
    }
}

TEST_P(CollectingInEachVersion, WhatComesAlongWithTheConnectWaitsForTheNodeThatAccepts) {
    const ByteBuffer hello = connect(GetParam());
    const ByteBuffer early = subscribe(GetParam()) + publish(GetParam(), "early");
    Conversation talk;
    talk.device_says(hello + front(early, 5));
    talk.node_connects();
    talk.device_says(after(early, 5));
    EXPECT_EQ(talk.node().got, hello);
    talk.node_says(connack(GetParam()));
    EXPECT_EQ(talk.node().got, hello + early);
    talk.device_says(publish(GetParam(), "later"));
    EXPECT_EQ(talk.node().got, hello + early + publish(GetParam(), "later"));
    EXPECT_EQ(talk.connection().packets_from_device(), 3U);
}

TEST_P(CollectingInEachVersion, NothingBehindTheConnectReachesANodeThatRefuses) {
    const ByteBuffer hello = connect(GetParam());
    const std::uint8_t no = GetParam() == Version::v5 ? 0x87 : 5;
    Conversation talk;
    talk.device_says(hello + publish(GetParam(), "secret"));
    talk.node_connects();
    talk.node_says(connack(GetParam(), no));
    EXPECT_EQ(talk.node().got, hello);
    EXPECT_EQ(talk.device().got, connack(GetParam(), no));
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::node_refused);
    EXPECT_EQ(talk.nodes().size(), 1U) << "the answer is about the device: no other node is asked";
}

TEST_P(CollectingInEachVersion, WhoSaysEverythingAndEndsBeforeItsConnackIsStillHeard) {
    const ByteBuffer words = publish(GetParam(), "all I know") + disconnect(GetParam());
    for (const bool node_was_there : {false, true}) {
        Conversation talk;
        talk.device_says(connect(GetParam()) + words);
        if (node_was_there) talk.node_connects();
        talk.device_closes();
        EXPECT_FALSE(talk.connection().wants_device_bytes(talk.limits()));
        talk.node_connects();
        talk.node_says(connack(GetParam()));
        EXPECT_TRUE(talk.opened());
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.node().got, connect(GetParam()) + words);
        EXPECT_EQ(talk.connection().end_reason(), EndReason::device_disconnected);
    }
    Conversation broken;
    broken.device_says(connect(GetParam()) + words);
    broken.device_breaks();
    EXPECT_TRUE(broken.over());
    EXPECT_EQ(broken.refuse_reason(), RefuseReason::gave_up);
}

TEST_P(CollectingInEachVersion, HeldBytesAreBounded) {
    Circumstances small;
    small.limits.held_max = 100;
    Conversation talk(small);
    talk.device_says(connect(GetParam()));
    EXPECT_TRUE(talk.connection().wants_device_bytes(talk.limits()));
    talk.device_says(ByteBuffer(100, 0xC0));
    EXPECT_FALSE(talk.connection().wants_device_bytes(talk.limits()));
    talk.node_connects();
    EXPECT_FALSE(talk.connection().wants_device_bytes(talk.limits()));
    talk.node_says(connack(GetParam()));
    EXPECT_TRUE(talk.connection().wants_device_bytes(talk.limits()));
}

TEST_P(CollectingInEachVersion, AConnectLargerThanTheBoundIsRefusedInItsVersion) {
    Circumstances small;
    small.limits.connect_max_size = 64;
    Conversation talk(small);
    talk.device_says(connect(GetParam(), std::string(200, 'x')));
    const ByteBuffer answer = GetParam() == Version::v5 ? connack(Version::v5, 0x95) : ByteBuffer{};
    EXPECT_EQ(talk.device().got, answer);
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::too_large);
    EXPECT_TRUE(talk.nodes().empty());
}

TEST_P(CollectingInEachVersion, ASlowConnectEndsAtItsAbsoluteDeadline) {
    const ByteBuffer hello = connect(GetParam());
    Conversation talk;
    for (int i = 0; i < 9; ++i) {
        talk.device_says({&hello[static_cast<std::size_t>(i)], 1});
        talk.passes(seconds(1));
        ASSERT_FALSE(talk.over()) << "after " << i + 1 << " seconds";
    }
    talk.device_says({&hello[9], 1});
    talk.passes(seconds(1));
    EXPECT_TRUE(talk.over());
    EXPECT_TRUE(talk.device().got.empty());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::timed_out);
}

TEST(Collecting, SilenceEndsAtTheSameDeadline) {
    Conversation talk;
    talk.passes(milliseconds(9'999));
    EXPECT_FALSE(talk.over());
    talk.passes(milliseconds(1));
    EXPECT_TRUE(talk.over());
}

TEST(Collecting, WhoNeverSaysAWordIsNotReported) {
    Conversation talk;
    talk.device_closes();
    EXPECT_TRUE(talk.over());
    EXPECT_FALSE(talk.refused());
}

TEST(Collecting, WhoGivesUpInTheMiddleOfAConnectIs) {
    Conversation talk;
    talk.device_says(front(connect(Version::v311), 4));
    talk.device_closes();
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::gave_up);
}

struct Fault {
    const char* name;
    ByteBuffer bytes;
    ByteBuffer answer;
    RefuseReason reason;
};

ByteBuffer spoiled(ByteBuffer packet, std::size_t at, Byte value) {
    packet[at] = value;
    return packet;
}

std::vector<Fault> faults() {
    using enum RefuseReason;
    const ByteBuffer v31 = connect(Version::v31);
    const ByteBuffer v311 = connect(Version::v311);
    const ByteBuffer v5 = connect(Version::v5);
    return {
        {"another packet first", pingreq(), {}, malformed},
        {"HTTP", ByteBuffer(as_bytes("GET / HTTP/1.1\r\n").begin(), as_bytes("GET / HTTP/1.1\r\n").end()), {}, malformed},
        {"TLS", bytes_of({0x16, 3, 1, 2, 0, 1, 0}), {}, malformed},
        {"remaining length of five bytes", bytes_of({0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}), {}, malformed},
        {"protocol name", spoiled(v311, 4, 'X'), {}, malformed},
        {"level 6", spoiled(v5, 8, 6), connack(Version::v5, 0x84), unsupported},
        {"level 2", spoiled(v311, 8, 2), connack(Version::v311, 1), unsupported},
        {"reserved flag of 3.1.1", spoiled(v311, 9, 0x03), {}, malformed},
        {"reserved flag of 5", spoiled(v5, 9, 0x03), connack(Version::v5, 0x81), malformed},
        {"will QoS without will in 5", spoiled(v5, 9, 0x0A), connack(Version::v5, 0x81), malformed},
        {"password without user name in 3.1.1", spoiled(v311, 9, 0x42), {}, malformed},
        {"no client id and a session in 3.1.1", bytes_of({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 0, 0, 0, 0, 0}),
         connack(Version::v311, 2), no_identity},
        {"client id past the end in 5", spoiled(v5, v5.size() - 8, 200), connack(Version::v5, 0x81), malformed},
        {"client id past the end in 3.1", spoiled(v31, v31.size() - 8, 200), {}, malformed},
    };
}

TEST(Collecting, EveryFaultGetsTheAnswerOfItsVersionOrNone) {
    for (const Fault& fault : faults()) {
        for (const std::size_t size : {std::size_t{1}, std::size_t{3}, fault.bytes.size()}) {
            SCOPED_TRACE(std::string(fault.name) + " in pieces of " + std::to_string(size));
            Conversation talk;
            talk.device_says_in_pieces(fault.bytes, size);
            EXPECT_TRUE(talk.over());
            EXPECT_EQ(talk.device().got, fault.answer);
            EXPECT_TRUE(talk.nodes().empty());
            ASSERT_TRUE(talk.refused());
            EXPECT_EQ(talk.refuse_reason(), fault.reason);
        }
    }
}

TEST(Collecting, ABridgeIsADeviceLikeOthers) {
    ByteBuffer hello = connect(Version::v311);
    hello[8] |= 0x80;
    Conversation talk;
    talk.device_says(hello);
    talk.node_connects();
    EXPECT_EQ(talk.node().got, hello);
    talk.node_says(connack(Version::v311));
    EXPECT_TRUE(talk.opened());
}

TEST(Collecting, ADoomedConnectionMaySayItsConnectAndIsRefusedThen) {
    for (const Version version : all_versions) {
        Circumstances crowded;
        crowded.admission = Admission::too_many_connections;
        crowded.entropy = 400'000'000;
        Conversation talk(crowded);
        talk.device_says(connect(version));
        EXPECT_FALSE(talk.over()) << "so that not all come back as one";
        talk.passes(milliseconds(399));
        EXPECT_FALSE(talk.over());
        talk.passes(milliseconds(1));
        EXPECT_TRUE(talk.over());
        EXPECT_TRUE(talk.nodes().empty());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::too_many);
        ASSERT_GE(talk.device().got.size(), 4U);
        EXPECT_EQ(talk.device().got[3], version == Version::v5 ? 0x89 : 0x03);
    }
}

TEST(Collecting, TooManyConnectsASecondAreRefused) {
    for (const Version version : all_versions) {
        Circumstances storm;
        storm.rate_ok = false;
        Conversation talk(storm);
        talk.device_says(connect(version));
        talk.all_time_passes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::rate_limited);
        ASSERT_GE(talk.device().got.size(), 4U);
        EXPECT_EQ(talk.device().got[3], version == Version::v5 ? 0x9F : 0x03);
    }
}

TEST(Collecting, AReasonStringIsOnlySaidToWhoWantsIt) {
    mqtt::Connect taciturn;
    taciturn.client_id = "meter-7";
    taciturn.properties.request_problem_information = 0;
    Circumstances empty;
    empty.nodes = 0;
    Conversation talk(empty);
    talk.device_says(encoded(taciturn, Version::v5));
    talk.all_time_passes();
    EXPECT_EQ(talk.device().got, connack(Version::v5, 0x88));

    Conversation curious(empty);
    curious.device_says(connect(Version::v5));
    curious.all_time_passes();
    EXPECT_GT(curious.device().got.size(), talk.device().got.size());
}

}  // namespace
}  // namespace holdfast::proxy::test
