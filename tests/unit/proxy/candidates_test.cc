// One candidate after the other, until one accepts or none is left.

#include <gtest/gtest.h>

#include <set>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

using fleet::RefuseReason;

/// The ways in which a node can let a CONNECT down.
struct Failure {
    const char* name;
    void (*happens)(Conversation&, Version);
};

const std::vector<Failure>& failures() {
    static const std::vector<Failure> all = {
        {"refuses the connection", [](Conversation& talk, Version) { talk.node_refuses(); }},
        {"is unreachable", [](Conversation& talk, Version) { talk.node_is_unreachable(); }},
        {"never connects", [](Conversation& talk, Version) { talk.passes(talk.limits().node_connect_timeout); }},
        {"hangs up",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.node_closes();
         }},
        {"breaks",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.node_breaks();
         }},
        {"hangs up in the middle of its CONNACK",
         [](Conversation& talk, Version version) {
             talk.node_connects();
             talk.node_says(front(connack(version), 2));
             talk.node_closes();
         }},
        {"never answers",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.passes(talk.limits().connack_timeout);
         }},
        {"is out of service",
         [](Conversation& talk, Version version) {
             talk.node_connects();
             talk.node_says(connack(version, version == Version::v5 ? 0x88 : 3));
         }},
        {"answers with something else",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.node_says(bytes_of({0xD0, 0x00}));
         }},
        {"speaks another protocol",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.node_says(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
         }},
        {"answers with a CONNACK larger than is taken",
         [](Conversation& talk, Version) {
             talk.node_connects();
             talk.node_says(bytes_of({0x20, 0xFF, 0xFF, 0x7F}));
         }},
    };
    return all;
}

TEST(Candidates, TheNextNodeIsTriedWhateverBecomesOfTheFirst) {
    for (const Version version : all_versions) {
        for (const Failure& failure : failures()) {
            SCOPED_TRACE(failure.name);
            Conversation talk;
            const ByteBuffer early = publish(version, "early");
            talk.device_says(connect(version) + early);
            failure.happens(talk, version);
            ASSERT_EQ(talk.nodes().size(), 2U);
            EXPECT_TRUE(talk.nodes()[0].ended());
            EXPECT_NE(talk.nodes()[0].node, talk.nodes()[1].node);
            EXPECT_TRUE(talk.device().got.empty()) << "the device is not told";
            ASSERT_EQ(talk.troubles().size(), 1U);
            EXPECT_EQ(talk.troubles()[0], talk.nodes()[0].node);

            talk.node_connects();
            EXPECT_EQ(talk.node().got, connect(version));
            talk.node_says(connack(version));
            EXPECT_TRUE(talk.opened());
            EXPECT_EQ(talk.node().got, connect(version) + early);
            EXPECT_EQ(talk.device().got, connack(version));
            EXPECT_EQ(talk.connection().node(), talk.nodes()[1].node);
            if (!talk.nodes()[0].got.empty()) {
                EXPECT_EQ(talk.nodes()[0].got, connect(version));
            }
        }
    }
}

TEST(Candidates, WhenAllFailTheDeviceIsRefusedAfterAJitter) {
    for (const Version version : all_versions) {
        for (const Failure& failure : failures()) {
            SCOPED_TRACE(failure.name);
            Circumstances jittered;
            jittered.entropy = 250'000'000;
            Conversation talk(jittered);
            talk.device_says(connect(version));
            for (int i = 0; i < 3; ++i)
                failure.happens(talk, version);
            EXPECT_EQ(talk.nodes().size(), 3U) << "no more than Limits::max_candidates of the four";
            std::set<fleet::NodeIndex> different;
            for (const Peer& node : talk.nodes()) {
                EXPECT_TRUE(node.ended());
                different.insert(node.node);
            }
            EXPECT_EQ(different.size(), 3U);
            if (talk.refuse_reason_if_any() == RefuseReason::node_refused) {
                // The last node's own word is as good as any.
                EXPECT_EQ(talk.device().got, connack(version, version == Version::v5 ? 0x88 : 3));
                continue;
            }
            EXPECT_FALSE(talk.over());
            talk.passes(milliseconds(249));
            EXPECT_FALSE(talk.over());
            talk.passes(milliseconds(1));
            EXPECT_TRUE(talk.over());
            EXPECT_EQ(talk.refuse_reason(), RefuseReason::nodes_unreachable);
            ASSERT_GE(talk.device().got.size(), 4U);
            EXPECT_EQ(talk.device().got[3], version == Version::v5 ? 0x88 : 0x03);
            EXPECT_EQ(talk.troubles().size(), 3U);
        }
    }
}

TEST(Candidates, AClusterWithoutNodesRefuses) {
    Circumstances empty;
    empty.nodes = 0;
    Conversation talk(empty);
    talk.device_says(connect(Version::v311));
    talk.all_time_passes();
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.device().got, connack(Version::v311, 3));
    EXPECT_TRUE(talk.refuse_reason() == RefuseReason::no_live_node || talk.refuse_reason() == RefuseReason::no_cluster);
}

TEST(Candidates, OnlyABusyNodeIsPassedOver) {
    for (const int code : {0x85, 0x86, 0x87, 0x8A, 0x8C, 0x97, 0x9C, 0x9D}) {
        Conversation talk;
        talk.device_says(connect(Version::v5));
        talk.node_connects();
        talk.node_says(connack(Version::v5, static_cast<std::uint8_t>(code)));
        EXPECT_TRUE(talk.over()) << code;
        EXPECT_EQ(talk.nodes().size(), 1U) << code;
        EXPECT_EQ(talk.device().got, connack(Version::v5, static_cast<std::uint8_t>(code)));
    }
    for (const std::uint8_t code : std::initializer_list<std::uint8_t>{1, 2, 4, 5}) {
        Conversation talk;
        talk.device_says(connect(Version::v311));
        talk.node_connects();
        talk.node_says(connack(Version::v311, code));
        EXPECT_TRUE(talk.over()) << code;
        EXPECT_EQ(talk.device().got, connack(Version::v311, code));
    }
}

TEST(Candidates, AConnackInPiecesAndWhatFollowsReachTheDeviceAsTheyAre) {
    for (const Version version : all_versions) {
        const ByteBuffer words = connack(version) + publish(version, "retained") + publish(version, "more");
        for (std::size_t size = 1; size <= words.size(); ++size) {
            Conversation talk;
            talk.device_says(connect(version));
            talk.node_connects();
            talk.node_says_in_pieces(words, size);
            EXPECT_EQ(talk.device().got, words) << "pieces of " << size;
            EXPECT_EQ(talk.connection().packets_to_device(), 3U);
        }
    }
}

TEST(Candidates, AnAssignedClientIdWithoutASessionToComeBackToIsNotLearned) {
    mqtt::Connack packet;
    packet.properties.assigned_client_identifier = "auto-17";
    Conversation talk;
    talk.device_says(connect(Version::v5, ""));
    talk.node_connects();
    talk.node_says(encoded(packet, Version::v5));
    ASSERT_TRUE(talk.opened());
    EXPECT_EQ(talk.story().assigned_id, "");
}

TEST(Candidates, TheAssignedClientIdIsLearned) {
    mqtt::Connack packet;
    packet.properties.assigned_client_identifier = "auto-17";
    packet.properties.session_expiry_interval = 3600;
    Conversation talk;
    talk.device_says(connect(Version::v5, ""));
    talk.node_connects();
    talk.node_says(encoded(packet, Version::v5));
    ASSERT_TRUE(talk.opened());
    EXPECT_EQ(talk.story().device, "");
    EXPECT_EQ(talk.story().assigned_id, "auto-17");
}

TEST(Candidates, TheTraceTellsTheWholeStory) {
    Conversation talk;
    talk.device_says(connect(Version::v311));
    talk.node_refuses();
    talk.passes(talk.limits().node_connect_timeout);
    talk.node_connects();
    talk.node_says(connack(Version::v311));
    const auto& steps = talk.story().plan.trace.steps();
    std::vector<fleet::TraceKind> last;
    for (const fleet::TraceStep& step : steps.last(6))
        last.push_back(step.kind);
    using enum fleet::TraceKind;
    EXPECT_EQ(last, (std::vector{connecting, connect_refused, connecting, connect_timed_out, connecting, accepted}));
    EXPECT_EQ(talk.trace().size(), steps.size());
}

}  // namespace
}  // namespace holdfast::proxy::test
