// MQTT5 4.12: a node may answer AUTH before its CONNACK. From then on the device and this node belong together.

#include <gtest/gtest.h>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

using fleet::RefuseReason;
using mqtt::ReasonCode;

const ByteBuffer challenge = auth(ReasonCode::continue_authentication, "challenge");
const ByteBuffer response = auth(ReasonCode::continue_authentication, "response");
const ByteBuffer accept = connack(Version::v5);

TEST(Authentication, TheExchangeIsRelayedAsItComes) {
    Conversation talk;
    talk.device_says(connect_with_auth());
    talk.node_connects();
    talk.node_says(challenge);
    EXPECT_EQ(talk.device().got, challenge);
    EXPECT_FALSE(talk.opened());
    talk.device_says(response);
    EXPECT_EQ(talk.node().got, connect_with_auth() + response);
    talk.node_says(challenge);
    talk.device_says(response);
    talk.node_says(accept);
    EXPECT_TRUE(talk.opened());
    EXPECT_EQ(talk.device().got, challenge + challenge + accept);
    talk.device_says(publish(Version::v5, "hello"));
    EXPECT_EQ(talk.node().got, connect_with_auth() + response + response + publish(Version::v5, "hello"));
    EXPECT_EQ(talk.connection().packets_to_device(), 3U);
}

TEST(Authentication, InPiecesOfAnySizeItIsTheSame) {
    const ByteBuffer words = challenge + challenge + accept + publish(Version::v5, "hello");
    for (std::size_t size = 1; size <= words.size(); ++size) {
        Conversation talk;
        talk.device_says(connect_with_auth() + response);
        talk.node_connects();
        talk.node_says_in_pieces(words, size);
        EXPECT_TRUE(talk.opened()) << "pieces of " << size;
        EXPECT_EQ(talk.device().got, words) << "pieces of " << size;
        EXPECT_EQ(talk.node().got, connect_with_auth() + response) << "pieces of " << size;
    }
}

TEST(Authentication, NoOtherNodeIsTriedAfterwards) {
    const std::vector<void (*)(Conversation&)> endings = {
        [](Conversation& talk) { talk.node_closes(); },
        [](Conversation& talk) { talk.passes(talk.limits().connack_timeout); },
        [](Conversation& talk) { talk.node_says(connack(Version::v5, 0x88)); },
        [](Conversation& talk) { talk.node_says(pingreq()); },
    };
    for (const auto ending : endings) {
        Conversation talk;
        talk.device_says(connect_with_auth());
        talk.node_connects();
        talk.node_says(challenge);
        ending(talk);
        talk.all_time_passes();
        EXPECT_EQ(talk.nodes().size(), 1U);
        EXPECT_TRUE(talk.over());
        EXPECT_TRUE(talk.refused());
        ASSERT_GT(talk.device().got.size(), challenge.size() + 3);
        EXPECT_EQ(talk.device().got[challenge.size() + 3], 0x88);
    }
}

TEST(Authentication, AFirstNodeThatFailsBeforeItsAuthIsPassedOver) {
    Conversation talk;
    talk.device_says(connect_with_auth());
    talk.node_connects();
    talk.node_says(front(challenge, 4));
    talk.node_closes();
    ASSERT_EQ(talk.nodes().size(), 2U);
    EXPECT_TRUE(talk.device().got.empty());
    talk.node_connects();
    talk.node_says(challenge);
    talk.device_says(response);
    talk.node_says(accept);
    EXPECT_TRUE(talk.opened());
    EXPECT_EQ(talk.device().got, challenge + accept);
}

TEST(Authentication, ARefusalInTheMiddleReachesTheDevice) {
    for (const bool at_once : {false, true}) {
        Conversation talk;
        talk.device_says(connect_with_auth());
        talk.node_connects();
        const ByteBuffer no = connack(Version::v5, 0x87);
        if (at_once) {
            talk.node_says(challenge + no);
        } else {
            talk.node_says(challenge);
            talk.device_says(response);
            talk.node_says(no);
        }
        EXPECT_EQ(talk.device().got, challenge + no);
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::node_refused);
    }
}

TEST(Authentication, ADeviceThatTalksNonsenseInTheMiddleIsAnsweredByAConnack) {
    Conversation talk;
    talk.device_says(connect_with_auth());
    talk.node_connects();
    talk.node_says(challenge);
    talk.device_says(bytes_of({0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}));
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.device().got, challenge + connack(Version::v5, 0x81));
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::malformed);
}

TEST(Authentication, NonsenseThatWasHeldIsFoundWhenTheExchangeBegins) {
    for (const bool connack_too : {false, true}) {
        Conversation talk;
        talk.device_says(connect_with_auth() + bytes_of({0xF0, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}));
        talk.node_connects();
        talk.node_says(connack_too ? challenge + accept : challenge);
        talk.all_time_passes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.node().got, connect_with_auth());
    }
}

TEST(Authentication, ADeviceThatDidNotAskForItIsSparedIt) {
    Conversation talk;
    talk.device_says(connect(Version::v5));
    talk.node_connects();
    talk.node_says(challenge);
    EXPECT_EQ(talk.nodes().size(), 2U);
    EXPECT_TRUE(talk.device().got.empty());
}

TEST(Authentication, AnEndInTheMiddleIsSaidByAConnack) {
    Conversation talk;
    talk.device_says(connect_with_auth());
    talk.node_connects();
    talk.node_says(challenge);
    talk.end(EndReason::shutting_down);
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::going_away);
    EXPECT_EQ(talk.device().got[challenge.size()], 0x20);
}

}  // namespace
}  // namespace holdfast::proxy::test
