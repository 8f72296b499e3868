// A connection is ended by the gateway: the route is another, the node drains or died, an operator says so. Both directions are
// cut between two packets, the node is spared the will, and the device is told in its version's words.

#include <gtest/gtest.h>

#include <map>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

class PartingInEachVersion : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, PartingInEachVersion, testing::ValuesIn(all_versions));

const ByteBuffer client_goodbye = bytes_of({0xE0, 0x00});

ByteBuffer goodbye(Version version, int code) {
    return version == Version::v5 ? bytes_of({0xE0, 0x01, code}) : ByteBuffer{};
}

TEST_P(PartingInEachVersion, BetweenPacketsItIsDoneAtOnce) {
    const std::map<EndReason, int> words = {
        {EndReason::moved, 0x9D},
        {EndReason::drained, 0x9C},
        {EndReason::node_left, 0x9C},
        {EndReason::superseded, 0x8E},
        {EndReason::device_disabled, 0x98},
        {EndReason::device_removed, 0x98},
        {EndReason::ended_by_operator, 0x98},
        {EndReason::shutting_down, 0x8B},
    };
    for (const auto& [reason, code] : words) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.end(reason);
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.node().got, client_goodbye) << to_string(reason);
        EXPECT_EQ(talk.device().got, goodbye(GetParam(), code)) << to_string(reason);
        EXPECT_EQ(talk.node().state, Peer::State::half_closed);
        EXPECT_EQ(talk.device().state, Peer::State::half_closed);
        EXPECT_EQ(talk.connection().end_reason(), reason);
    }
}

/// Cuts both streams after every number of bytes of a packet.
TEST_P(PartingInEachVersion, InTheMiddleOfPacketsTheRestOfThemPassesFirst) {
    const ByteBuffer up = publish(GetParam(), std::string(150, 'u'));
    const ByteBuffer down = publish(GetParam(), std::string(20, 'd'));
    for (std::size_t i = 0; i <= up.size(); i += i < 6 ? 1 : 37) {
        for (std::size_t j = 0; j <= down.size(); ++j) {
            for (const bool device_first : {false, true}) {
                SCOPED_TRACE(std::to_string(i) + " up, " + std::to_string(j) + " down");
                Conversation talk;
                talk.is_established(GetParam());
                talk.device_says(front(up, i));
                talk.node_says(front(down, j));
                talk.end(EndReason::moved);
                const bool whole_up = i == 0 || i == up.size();
                const bool whole_down = j == 0 || j == down.size();
                EXPECT_EQ(talk.over(), whole_up && whole_down);
                const auto device_goes_on = [&] { talk.device_says(after(up, i) + publish(GetParam(), "too late")); };
                const auto node_goes_on = [&] { talk.node_says(after(down, j) + publish(GetParam(), "too late")); };
                if (device_first) device_goes_on();
                node_goes_on();
                if (!device_first) device_goes_on();
                EXPECT_TRUE(talk.over());
                EXPECT_EQ(talk.node().got, (i == 0 ? ByteBuffer{} : up) + client_goodbye);
                EXPECT_EQ(talk.device().got, (j == 0 ? ByteBuffer{} : down) + goodbye(GetParam(), 0x9D));
            }
        }
    }
}

TEST_P(PartingInEachVersion, TheRestMayComeByteByByte) {
    const ByteBuffer up = publish(GetParam(), std::string(150, 'u'));
    const ByteBuffer down = publish(GetParam(), std::string(20, 'd'));
    Conversation talk;
    talk.is_established(GetParam());
    talk.device_says(front(up, 1));
    talk.node_says(front(down, 3));
    talk.end(EndReason::drained);
    talk.device_says_in_pieces(after(up, 1) + up, 1);
    talk.node_says_in_pieces(after(down, 3) + down, 1);
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.node().got, up + client_goodbye);
    EXPECT_EQ(talk.device().got, down + goodbye(GetParam(), 0x9C));
}

TEST_P(PartingInEachVersion, APacketThatNeverEndsIsCutAtTheDeadlineAndTheOtherSideStillGetsItsGoodbye) {
    const ByteBuffer half = front(publish(GetParam(), "never ends"), 7);
    Conversation up;
    up.is_established(GetParam());
    up.device_says(half);
    up.end(EndReason::moved);
    up.passes(up.limits().parting_deadline - milliseconds(1));
    EXPECT_FALSE(up.over());
    up.passes(milliseconds(1));
    EXPECT_TRUE(up.over());
    EXPECT_EQ(up.node().got, half);
    EXPECT_EQ(up.device().got, goodbye(GetParam(), 0x9D));

    Conversation down;
    down.is_established(GetParam());
    down.node_says(half);
    down.end(EndReason::moved);
    down.passes(down.limits().parting_deadline);
    EXPECT_TRUE(down.over());
    EXPECT_EQ(down.node().got, client_goodbye);
    EXPECT_EQ(down.device().got, half);
}

TEST_P(PartingInEachVersion, ADisconnectThatIsUnderWayIsNotSaidTwice) {
    const ByteBuffer bye = disconnect(GetParam(), GetParam() == Version::v5 ? mqtt::ReasonCode::disconnect_with_will
                                                                            : mqtt::ReasonCode::normal_disconnection);
    for (std::size_t i = 1; i <= bye.size(); ++i) {
        Conversation talk;
        talk.is_established(GetParam());
        talk.device_says(front(bye, i));
        talk.end(EndReason::moved);
        talk.device_says(after(bye, i));
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.node().got, bye);
    }
}

TEST(Parting, ANodesDisconnectIsNotSaidTwice) {
    const ByteBuffer bye = disconnect(Version::v5, mqtt::ReasonCode::server_shutting_down);
    for (std::size_t i = 1; i <= bye.size(); ++i) {
        Conversation talk;
        talk.is_established(Version::v5);
        talk.node_says(front(bye, i));
        talk.end(EndReason::drained);
        talk.node_says(after(bye, i));
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.device().got, bye);
    }
}

TEST_P(PartingInEachVersion, ANodeThatIsDownIsNotWaitedFor) {
    Conversation talk;
    talk.is_established(GetParam());
    talk.end(EndReason::node_down);
    EXPECT_TRUE(talk.over());
    EXPECT_TRUE(talk.node().got.empty());
    EXPECT_TRUE(talk.node().cut);
    EXPECT_EQ(talk.device().got, goodbye(GetParam(), 0x9C));

    Conversation middle;
    middle.is_established(GetParam());
    const ByteBuffer half = front(publish(GetParam(), "half"), 5);
    middle.node_says(half);
    middle.device_says(half);
    middle.end(EndReason::node_down);
    EXPECT_TRUE(middle.over());
    EXPECT_EQ(middle.device().got, half) << "no word of ours inside a packet";
}

TEST_P(PartingInEachVersion, ADeviceThatClosesMeanwhileSparesItsWillToo) {
    Conversation talk;
    talk.is_established(GetParam());
    talk.node_says(front(publish(GetParam(), "half"), 5));
    talk.end(EndReason::moved);
    EXPECT_FALSE(talk.over());
    talk.device_closes();
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.node().got, client_goodbye);
    EXPECT_EQ(talk.connection().end_reason(), EndReason::moved);

    Conversation middle;
    middle.is_established(GetParam());
    const ByteBuffer half = front(publish(GetParam(), "half"), 5);
    middle.device_says(half);
    middle.end(EndReason::moved);
    middle.device_closes();
    EXPECT_TRUE(middle.over());
    EXPECT_EQ(middle.node().got, half);
}

TEST_P(PartingInEachVersion, ANodeThatClosesMeanwhileEndsTheWaiting) {
    Conversation talk;
    talk.is_established(GetParam());
    talk.device_says(front(publish(GetParam(), "half"), 5));
    talk.end(EndReason::moved);
    talk.node_closes();
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.device().got, goodbye(GetParam(), 0x9D));
}

TEST_P(PartingInEachVersion, NonsenseMeanwhileEndsTheWaiting) {
    Conversation talk;
    talk.is_established(GetParam());
    talk.device_says(bytes_of({0x30, 0xFF, 0xFF}));
    talk.end(EndReason::moved);
    talk.device_says(bytes_of({0xFF, 0xFF, 0xFF}));
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.device().got, goodbye(GetParam(), 0x9D));
    EXPECT_EQ(talk.node().got, bytes_of({0x30, 0xFF, 0xFF}));
}

TEST_P(PartingInEachVersion, TheFirstReasonStays) {
    Conversation talk;
    talk.is_established(GetParam());
    talk.device_says(front(publish(GetParam(), "half"), 5));
    talk.end(EndReason::moved);
    talk.end(EndReason::shutting_down);
    talk.all_time_passes();
    EXPECT_EQ(talk.connection().end_reason(), EndReason::moved);
}

TEST_P(PartingInEachVersion, BeforeTheConnackItIsARefusal) {
    for (const int progress : {0, 1, 2, 3}) {
        SCOPED_TRACE(progress);
        Conversation talk;
        talk.device_says(progress == 0 ? front(connect(GetParam()), 5) : connect(GetParam()));
        if (progress == 2) talk.node_connects();
        if (progress == 3) {
            for (int i = 0; i < 3; ++i)
                talk.node_refuses();
        }
        talk.end(EndReason::shutting_down);
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), fleet::RefuseReason::going_away);
        if (progress == 0) {
            EXPECT_TRUE(talk.device().got.empty()) << "whose version is not known yet gets no answer";
        } else {
            ASSERT_GE(talk.device().got.size(), 4U);
            EXPECT_EQ(talk.device().got[3], GetParam() == Version::v5 ? 0x88 : 0x03);
        }
    }
}

}  // namespace
}  // namespace holdfast::proxy::test
