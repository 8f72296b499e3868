// CONNECTs whose cluster has lost its active node: they wait for another one, and are refused only when none comes.

#include <gtest/gtest.h>

#include <algorithm>

#include "conversation.h"
#include "packets.h"

namespace holdfast::proxy::test {
namespace {

using fleet::NodeIndex;
using fleet::RefuseReason;

constexpr milliseconds retried(500);

Circumstances standby() {
    Circumstances circumstances;
    circumstances.standby = true;
    return circumstances;
}

bool has_step(const Conversation& talk, fleet::TraceKind kind) {
    const auto steps = talk.story().plan.trace.steps();
    return std::ranges::find(steps, kind, &fleet::TraceStep::kind) != steps.end();
}

std::uint8_t unavailable(Version version) {
    return version == Version::v5 ? 0x88 : 0x03;
}

/// The ways in which an active node is not there.
struct Loss {
    const char* name;
    /// What happens before the device comes.
    void (*before)(Conversation&);
    /// What becomes of an attempt.
    void (*attempt)(Conversation&);
};

const std::vector<Loss>& losses() {
    static const std::vector<Loss> all = {
        {"is down", [](Conversation& talk) { talk.node_is_down(0); }, [](Conversation&) {}},
        {"was not chosen yet", [](Conversation& talk) { talk.no_node_is_active(); }, [](Conversation&) {}},
        {"refuses the connection", [](Conversation&) {}, [](Conversation& talk) { talk.node_refuses(); }},
        {"is unreachable", [](Conversation&) {}, [](Conversation& talk) { talk.node_is_unreachable(); }},
        {"hangs up", [](Conversation&) {},
         [](Conversation& talk) {
             talk.node_connects();
             talk.node_closes();
         }},
        {"breaks", [](Conversation&) {},
         [](Conversation& talk) {
             talk.node_connects();
             talk.node_breaks();
         }},
        {"never answers", [](Conversation&) {},
         [](Conversation& talk) {
             talk.node_connects();
             talk.passes(talk.limits().connack_timeout);
         }},
    };
    return all;
}

TEST(Waiting, IsServedByTheNextActiveNodeAndSeesNothingOfIt) {
    for (const Version version : all_versions) {
        for (const Loss& loss : losses()) {
            SCOPED_TRACE(loss.name);
            Conversation talk(standby());
            loss.before(talk);
            const ByteBuffer early = publish(version, "early");
            talk.device_says(connect(version) + early);
            loss.attempt(talk);
            ASSERT_TRUE(talk.waits());
            EXPECT_EQ(talk.connection().waits_for(), fleet::ClusterIndex(0));
            const ByteBuffer more = publish(version, "more");
            talk.device_says_in_pieces(more, 3);
            EXPECT_TRUE(talk.device().got.empty());

            talk.node_is_active(1);
            talk.passes(milliseconds(0));
            ASSERT_FALSE(talk.nodes().empty());
            EXPECT_EQ(talk.node().node, NodeIndex(1)) << "at once";
            const ByteBuffer late = publish(version, "late");
            talk.device_says(late);
            talk.node_connects();
            EXPECT_EQ(talk.node().got, connect(version));
            talk.node_says(connack(version));
            ASSERT_TRUE(talk.opened());
            EXPECT_EQ(talk.device().got, connack(version));
            EXPECT_EQ(talk.node().got, connect(version) + early + more + late) << "in the order in which it came";
            EXPECT_TRUE(has_step(talk, fleet::TraceKind::waited));
            EXPECT_FALSE(has_step(talk, fleet::TraceKind::refused));
        }
    }
}

TEST(Waiting, ANodeThatComesBackByItselfIsFoundToo) {
    Conversation talk(standby());
    talk.device_says(connect(Version::v311));
    talk.node_refuses();
    ASSERT_TRUE(talk.waits());
    for (int attempt = 0; attempt < 3; ++attempt) {
        talk.passes(retried);
        EXPECT_EQ(talk.node().node, NodeIndex(0));
        ASSERT_EQ(talk.connection().phase(), Phase::connecting);
        talk.node_refuses();
    }
    talk.passes(retried);
    talk.node_connects();
    talk.node_says(connack(Version::v311));
    EXPECT_TRUE(talk.opened());
    EXPECT_EQ(talk.nodes().size(), 5U);
    EXPECT_EQ(talk.troubles(), std::vector{NodeIndex(0)}) << "it is told of once";
}

TEST(Waiting, IsRefusedInTheWordsOfItsVersionWhenNoNodeComes) {
    for (const Version version : all_versions) {
        Circumstances circumstances = standby();
        circumstances.limits.refusal_delay = {};
        Conversation talk(circumstances);
        talk.node_is_down(0);
        talk.device_says(connect(version) + publish(version, "early"));
        talk.passes(talk.limits().hold_connects - milliseconds(1));
        EXPECT_TRUE(talk.waits());
        EXPECT_TRUE(talk.device().got.empty());
        talk.passes(milliseconds(1));
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::no_live_node);
        ASSERT_GE(talk.device().got.size(), 4U);
        EXPECT_EQ(talk.device().got[3], unavailable(version));
        EXPECT_TRUE(talk.nodes().empty());
        const auto words = talk.trace();
        EXPECT_EQ(words.back(), "refused: its cluster has no live node");
        EXPECT_NE(std::ranges::find(words, "waited 10000 ms for an active node of east"), words.end());
        EXPECT_EQ(std::ranges::count(words, words.back()), 1);
    }
}

TEST(Waiting, ANodeThatOnlyEverRefusesIsNotWaitedForForEver) {
    Circumstances circumstances = standby();
    circumstances.limits.refusal_delay = milliseconds(500);
    circumstances.entropy = 100'000'000;
    Conversation talk(circumstances);
    talk.device_says(connect(Version::v5));
    while (!talk.over() && talk.nodes().size() < 100) {
        talk.node_refuses();
        talk.passes(milliseconds(10));
    }
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::nodes_unreachable);
    EXPECT_GT(talk.nodes().size(), 20U);
    EXPECT_LE(talk.nodes().size(), 42U);
}

TEST(Waiting, TellsItsStoryInTheOrderInWhichItHappened) {
    Conversation talk(standby());
    talk.device_says(connect(Version::v311));
    talk.node_refuses();
    talk.node_is_down(0);
    talk.passes(milliseconds(700));
    talk.node_is_active(2);
    talk.passes(milliseconds(0));
    talk.node_connects();
    talk.passes(milliseconds(5));
    talk.node_says(connack(Version::v311));
    EXPECT_EQ(talk.trace(),
              (std::vector<std::string>{"identified by its client id", "the device is new and is enrolled",
                                        "cluster east: allocated by hash among 1 cluster", "1 node can take it",
                                        "chose east-1: it is the cluster's active node", "connecting to east-1",
                                        "east-1 refused the connection", "waited 700 ms for an active node of east",
                                        "chose east-3: it is the cluster's active node", "connecting to east-3",
                                        "east-3 accepted after 705 ms"}));
}

TEST(Waiting, AChangeThatDoesNotHelpKeepsItWaiting) {
    Conversation talk(standby());
    talk.node_is_down(0);
    talk.device_says(connect(Version::v311));
    const Time until = talk.now() + talk.limits().hold_connects;
    talk.node_is_down(2);
    talk.passes(milliseconds(0));
    EXPECT_TRUE(talk.waits());
    talk.no_node_is_active();
    talk.passes(milliseconds(0));
    EXPECT_TRUE(talk.waits());
    talk.passes(until - talk.now() - milliseconds(1));
    EXPECT_TRUE(talk.waits());
    talk.passes(milliseconds(1));
    EXPECT_FALSE(talk.waits()) << "no change makes it wait for longer";
    talk.all_time_passes();
    EXPECT_TRUE(talk.over());
}

TEST(Waiting, LeavesANodeThatHasNotAnsweredWhenAnotherBecomesActive) {
    for (const bool connected : {false, true}) {
        Conversation talk(standby());
        talk.device_says(connect(Version::v5) + publish(Version::v5, "early"));
        if (connected) talk.node_connects();
        talk.passes(milliseconds(900));
        talk.node_is_active(1);
        EXPECT_TRUE(talk.nodes()[0].ended());
        talk.passes(milliseconds(0));
        ASSERT_EQ(talk.nodes().size(), 2U);
        talk.node_connects();
        talk.node_says(connack(Version::v5));
        EXPECT_TRUE(talk.opened());
        EXPECT_EQ(talk.node().got, connect(Version::v5) + publish(Version::v5, "early"));
        EXPECT_TRUE(has_step(talk, fleet::TraceKind::no_longer_active));
        EXPECT_TRUE(talk.troubles().empty());
    }
}

TEST(Waiting, AnExchangeThatHasBegunStaysWithItsNode) {
    Conversation talk(standby());
    talk.device_says(connect_with_auth());
    talk.node_connects();
    talk.node_says(auth(mqtt::ReasonCode::continue_authentication, "challenge"));
    talk.node_is_active(1);
    EXPECT_EQ(talk.connection().phase(), Phase::greeting);
    talk.node_closes();
    EXPECT_FALSE(talk.waits());
    talk.all_time_passes();
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::nodes_unreachable);
}

TEST(Waiting, TheNewActiveNodeIsNotMetByAllAtOnce) {
    std::vector<Time> met;
    for (const std::uint64_t part : {0U, 1U, 2U, 3U}) {
        Circumstances circumstances = standby();
        circumstances.limits.hold_spread = milliseconds(200);
        circumstances.entropy = part * 50'000'000;
        Conversation talk(circumstances);
        talk.node_is_down(0);
        talk.device_says(connect(Version::v311));
        talk.node_is_active(1);
        const Time then = talk.now();
        while (talk.nodes().empty())
            talk.passes(milliseconds(1));
        met.push_back(Time(talk.now() - then));
    }
    EXPECT_EQ(met,
              (std::vector{Time(milliseconds(1)), Time(milliseconds(50)), Time(milliseconds(100)), Time(milliseconds(150))}));
}

TEST(Waiting, MayBeTurnedOff) {
    for (const Loss& loss : losses()) {
        SCOPED_TRACE(loss.name);
        Circumstances circumstances = standby();
        circumstances.limits.hold_connects = {};
        circumstances.limits.refusal_delay = {};
        Conversation talk(circumstances);
        loss.before(talk);
        talk.device_says(connect(Version::v311));
        loss.attempt(talk);
        EXPECT_TRUE(talk.over());
        EXPECT_TRUE(talk.refused());
    }
    Circumstances circumstances = standby();
    circumstances.limits.hold_connects = {};
    Conversation talk(circumstances);
    talk.device_says(connect(Version::v311));
    talk.node_is_active(1);
    EXPECT_EQ(talk.connection().phase(), Phase::connecting) << "the first one may still answer";
}

TEST(Waiting, NeedsRoom) {
    Circumstances circumstances = standby();
    circumstances.limits.hold_room = false;
    circumstances.limits.refusal_delay = {};
    Conversation talk(circumstances);
    talk.node_is_down(0);
    talk.device_says(connect(Version::v311));
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::no_live_node);

    Conversation inside(standby());
    inside.node_is_down(0);
    inside.device_says(connect(Version::v311));
    inside.limits().hold_room = false;
    inside.passes(seconds(1));
    EXPECT_TRUE(inside.waits()) << "who is in stays in";
}

TEST(Waiting, IsForClustersOnlyWhoseNodesStandBy) {
    Circumstances circumstances;
    circumstances.limits.refusal_delay = {};
    Conversation sharing(circumstances);
    sharing.device_says(connect(Version::v311));
    for (int i = 0; i < 3; ++i)
        sharing.node_refuses();
    EXPECT_TRUE(sharing.over());

    circumstances.standby = true;
    Conversation drained(circumstances);
    drained.the_topology_is([](fleet::Topology& topology) {
        for (fleet::TopologyNode& node : topology.nodes)
            node.draining = true;
        topology.nodes[0].health = fleet::NodeHealth::down;
    });
    drained.device_says(connect(Version::v311));
    EXPECT_TRUE(drained.over()) << "an operator has drained them all";

    Conversation limited([&] {
        circumstances.rate_ok = false;
        return circumstances;
    }());
    limited.node_is_down(0);
    limited.device_says(connect(Version::v311));
    EXPECT_TRUE(limited.over());
    EXPECT_EQ(limited.refuse_reason(), RefuseReason::rate_limited);
}

TEST(Waiting, IsOverWhenItsReasonIs) {
    Circumstances circumstances = standby();
    circumstances.limits.refusal_delay = {};
    Conversation talk(circumstances);
    talk.node_is_down(0);
    talk.device_says(connect(Version::v311));
    ASSERT_TRUE(talk.waits());
    talk.enrolment_is_closed();
    talk.passes(retried);
    EXPECT_EQ(talk.refuse_reason(), RefuseReason::unknown_device);
    EXPECT_EQ(talk.device().got[3], 0x05);
}

TEST(Waiting, ADeviceThatLeavesIsForgotten) {
    for (const bool broken : {false, true}) {
        Conversation talk(standby());
        talk.node_is_down(0);
        talk.device_says(connect(Version::v311));
        talk.passes(milliseconds(1200));
        broken ? talk.device_breaks() : talk.device_closes();
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::gave_up);
        EXPECT_TRUE(talk.device().got.empty());
        const auto words = talk.trace();
        EXPECT_EQ(words[words.size() - 2], "waited 1200 ms for an active node of east");
        talk.node_is_active(1);
        EXPECT_TRUE(talk.nodes().empty());
    }
}

TEST(Waiting, TheLastWordsOfADeviceThatDidNotWaitAreDelivered) {
    Conversation talk(standby());
    talk.node_is_down(0);
    const ByteBuffer words = publish(Version::v311, "reading") + disconnect(Version::v311);
    talk.device_says(connect(Version::v311) + words);
    talk.device_closes();
    EXPECT_TRUE(talk.waits());
    talk.node_is_active(1);
    talk.passes(milliseconds(0));
    talk.node_connects();
    talk.node_says(connack(Version::v311));
    EXPECT_EQ(talk.node().got, connect(Version::v311) + words);
    EXPECT_TRUE(talk.over());
    EXPECT_EQ(talk.connection().end_reason(), EndReason::device_disconnected);
}

TEST(Waiting, HoldsNoMoreThanItMay) {
    Circumstances circumstances = standby();
    circumstances.limits.held_max = 100;
    Conversation talk(circumstances);
    talk.node_is_down(0);
    talk.device_says(connect(Version::v311));
    EXPECT_TRUE(talk.connection().wants_device_bytes(talk.limits()));
    talk.device_says(publish(Version::v311, std::string(100, 'x')));
    EXPECT_FALSE(talk.connection().wants_device_bytes(talk.limits()));
}

TEST(Waiting, EndsWithTheGateway) {
    for (const Version version : all_versions) {
        Conversation talk(standby());
        talk.node_is_down(0);
        talk.device_says(connect(version));
        talk.passes(milliseconds(300));
        talk.end(EndReason::shutting_down);
        EXPECT_TRUE(talk.over());
        EXPECT_EQ(talk.refuse_reason(), RefuseReason::going_away);
        ASSERT_GE(talk.device().got.size(), 4U);
        EXPECT_EQ(talk.device().got[3], unavailable(version));
        const auto words = talk.trace();
        EXPECT_EQ(words[words.size() - 2], "waited 300 ms for an active node of east");
    }
}

}  // namespace
}  // namespace holdfast::proxy::test
