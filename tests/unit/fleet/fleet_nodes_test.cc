// Clusters and nodes of the fleet machine: what discovery, probes and operators do to them.

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

template <class Record>
std::vector<Record> all(const std::vector<Change>& changes) {
    std::vector<Record> records;
    for (const Change& change : changes)
        if (const auto* record = std::get_if<Record>(&change)) records.push_back(*record);
    return records;
}

std::size_t ends(const std::vector<EndOrder>& orders, EndCause cause) {
    return static_cast<std::size_t>(std::ranges::count(orders, cause, &EndOrder::cause));
}

TEST(FleetNodes, AreUnknownUntilProbedAndThenUp) {
    FleetScene scene;
    scene.cluster("east", 2, false);
    const Effects effects = scene.fleet().take_effects();
    EXPECT_TRUE(effects.snapshot_changed);
    EXPECT_EQ(effects.probe.size(), 2U) << "new nodes are probed at once";
    EXPECT_EQ(scene.fleet().topology().node(scene.node("east-1")).state(), NodeState::suspect);
    scene.probe(scene.node("east-1"), true);
    EXPECT_EQ(scene.fleet().topology().node(scene.node("east-1")).state(), NodeState::up);
    scene.obey();
    EXPECT_TRUE(scene.told("east-1 is up"));
}

TEST(FleetNodes, ListingIsAllOrNothingAndIdempotent) {
    FleetScene scene;
    scene.cluster("east", 2);
    scene.cluster("west", 1);
    scene.obey();
    scene.changes().clear();
    ASSERT_TRUE(scene.list("east", 2));
    EXPECT_TRUE(scene.fleet().take_effects().empty());
    const NodeSpec good{.name = "east-9", .host = "127.0.0.1"};
    const NodeSpec taken{.name = "west-1", .host = "127.0.0.1"};
    const auto listed = scene.fleet().list_nodes("east", "static", std::vector<NodeSpec>{good, taken}, scene.moment());
    ASSERT_FALSE(listed);
    EXPECT_TRUE(listed.error().is(FleetErrc::conflict));
    EXPECT_EQ(listed.error().message(),
              "a node named \"west-1\" is in the cluster \"west\" already; names of nodes are unique in the fleet");
    EXPECT_FALSE(scene.node("east-9").valid());
    const auto twice = scene.fleet().list_nodes("east", "static", std::vector<NodeSpec>{good, good}, scene.moment());
    EXPECT_EQ(twice.error().message(), "the node \"east-9\" is listed twice");
    const auto unknown = scene.fleet().list_nodes("wset", "static", {}, scene.moment());
    EXPECT_EQ(unknown.error().message(), "no cluster named \"wset\"; did you mean \"west\"?");
    EXPECT_TRUE(scene.fleet().take_effects().empty()) << "errors change nothing";
}

TEST(FleetNodes, OneOriginDoesNotUnlistWhatAnotherLists) {
    FleetScene scene;
    scene.cluster("east", 2);
    ASSERT_TRUE(scene.fleet().put_node("east", "api", {.name = "east-x", .host = "127.0.0.1"}, scene.moment()));
    ASSERT_TRUE(scene.list("east", 1));
    EXPECT_EQ(scene.fleet().topology().node(scene.node("east-2")).state(), NodeState::left);
    EXPECT_NE(scene.fleet().topology().node(scene.node("east-x")).state(), NodeState::left);
    EXPECT_FALSE(scene.fleet().put_node("east", "api", {.name = "east-1", .host = "127.0.0.1"}, scene.moment()));
}

TEST(FleetNodes, AFailedPollThatListsNothingIsTheDiscoverysMatterButAnEmptyListEmpties) {
    FleetScene scene;
    scene.cluster("east", 2);
    ASSERT_TRUE(scene.fleet().list_nodes("east", "static", {}, scene.moment()));
    EXPECT_EQ(scene.fleet().topology().node(scene.node("east-1")).state(), NodeState::left);
}

TEST(FleetNodes, WhenANodeGoesDownItsConnectionsEnd) {
    FleetScene scene;
    scene.cluster("east", 2);
    for (int i = 0; i < 40; ++i)
        scene.connect(fmt::format("d{}", i));
    const std::size_t there = scene.fleet().presence().count_on(scene.node("east-1"));
    ASSERT_GT(there, 5U);
    scene.run(seconds(1));
    scene.kill("east-1");
    EXPECT_EQ(ends(scene.run(seconds(1)), EndCause::node_down), there);
    EXPECT_TRUE(scene.told("east-1 is down: no answer to PINGREQ"));
    EXPECT_EQ(scene.fleet().presence().count_on(scene.node("east-1")), 0U);
    for (int i = 0; i < 40; ++i)
        if (scene.where(fmt::format("d{}", i)).empty()) scene.connect(fmt::format("d{}", i));
    EXPECT_EQ(scene.fleet().presence().count_on(scene.node("east-2")), 40U);
    scene.revive("east-1");
    EXPECT_TRUE(scene.run(seconds(5)).empty()) << "it comes back; nothing else notices";
}

TEST(FleetNodes, APacedLossStopsWhenTheNodeAnswersAgain) {
    FleetScene scene({}, {.node_lost_pace = 10});
    scene.cluster("east", 2);
    for (int i = 0; i < 200; ++i)
        scene.connect(fmt::format("d{}", i));
    const std::size_t there = scene.fleet().presence().count_on(scene.node("east-1"));
    scene.kill("east-1");
    const std::size_t ended = ends(scene.run(seconds(2)), EndCause::node_down);
    EXPECT_GE(ended, 10U);
    EXPECT_LE(ended, 30U);
    scene.revive("east-1");
    EXPECT_TRUE(scene.run(seconds(20)).empty());
    EXPECT_EQ(scene.fleet().presence().count_on(scene.node("east-1")), there - ended);
}

TEST(FleetNodes, ANodeThatLeavesLosesItsConnections) {
    FleetScene scene;
    scene.cluster("east", 3);
    for (int i = 0; i < 60; ++i)
        scene.connect(fmt::format("d{}", i));
    const std::size_t there = scene.fleet().presence().count_on(scene.node("east-2"));
    ASSERT_TRUE(scene.list("east", 3, 2));
    EXPECT_EQ(ends(scene.run(seconds(1)), EndCause::node_left), there);
    EXPECT_TRUE(scene.told("node east-2 left: cluster east no longer lists it"));
    const std::vector<NodeRecord> records = all<NodeRecord>(scene.changes());
    EXPECT_EQ(records.back().name, "east-2");
    EXPECT_FALSE(records.back().listed);
}

TEST(FleetNodes, DrainEndsAtItsPaceAndUndrainStopsIt) {
    FleetScene scene;
    scene.cluster("east", 2);
    for (int i = 0; i < 200; ++i)
        scene.connect(fmt::format("d{}", i));
    const NodeIndex node = scene.node("east-1");
    const std::size_t there = scene.fleet().presence().count_on(node);
    ASSERT_GT(there, 60U);
    scene.run(seconds(1));
    const auto job = scene.fleet().drain("east-1", 20, false, scene.moment());
    ASSERT_TRUE(job);
    const std::size_t ended = ends(scene.run(seconds(2)), EndCause::drained);
    EXPECT_NEAR(static_cast<double>(ended), 40, 5);
    EXPECT_EQ(scene.fleet().topology().node(node).state(), NodeState::draining);
    EXPECT_EQ(scene.fleet().jobs().front().done, ended);
    EXPECT_EQ(scene.fleet().drain("east-1", 40, false, scene.moment()).value(), *job) << "the same job, at another pace";
    EXPECT_NEAR(static_cast<double>(ends(scene.run(seconds(1)), EndCause::drained)), 40, 5);
    ASSERT_TRUE(scene.fleet().undrain("east-1", scene.moment()));
    EXPECT_TRUE(scene.run(seconds(10)).empty());
    EXPECT_EQ(scene.fleet().topology().node(node).state(), NodeState::up);
    EXPECT_TRUE(scene.told("east-1 takes devices again"));
}

TEST(FleetNodes, DrainLeavesDevicesThatAnOperatorTiedThere) {
    FleetScene scene;
    scene.cluster("east", 2);
    scene.connect("tied");
    ASSERT_TRUE(scene.fleet().move_device("tied", "east-1", scene.moment()));
    scene.run(seconds(1));
    if (scene.where("tied").empty()) scene.connect("tied");
    ASSERT_TRUE(scene.fleet().drain("east-1", 0, false, scene.moment()));
    EXPECT_TRUE(scene.run(seconds(1)).empty());
    EXPECT_EQ(scene.where("tied"), "east-1");
    ASSERT_TRUE(scene.fleet().release_device("tied", scene.moment()));
    EXPECT_EQ(scene.run(seconds(1)).size(), 1U) << "no longer tied, it has no place there";
}

TEST(FleetNodes, TheLastNodeIsDrainedOnlyByForce) {
    FleetScene scene;
    scene.cluster("east", 2);
    scene.connect("a");
    scene.kill("east-2");
    const auto refused = scene.fleet().drain("east-1", 0, false, scene.moment());
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(FleetErrc::conflict));
    EXPECT_TRUE(refused.error().message().starts_with("east-1 is the only node of cluster east that can take devices"));
    EXPECT_TRUE(scene.fleet().drain("east-1", 0, true, scene.moment()));
    EXPECT_EQ(scene.fleet().drain("east-3", 0, false, scene.moment()).error().message(),
              "no node named \"east-3\"; did you mean \"east-1\"?");
}

TEST(FleetNodes, TroubleAsksForAProbeOnce) {
    FleetScene scene;
    scene.cluster("east", 2);
    scene.obey();
    scene.probes().clear();
    for (int i = 0; i < 100; ++i)
        scene.fleet().trouble({scene.node("east-1"), scene.moment().now});
    scene.obey();
    EXPECT_EQ(scene.probes(), std::vector<NodeIndex>{scene.node("east-1")});
    EXPECT_EQ(scene.fleet().topology().node(scene.node("east-1")).health, NodeHealth::up);
}

TEST(FleetNodes, ARemovedNodeIsGoneAndItsNameMayComeBack) {
    FleetScene scene;
    scene.cluster("east", 2);
    for (int i = 0; i < 20; ++i)
        scene.connect(fmt::format("d{}", i));
    const NodeIndex node = scene.node("east-1");
    const std::size_t there = scene.fleet().presence().count_on(node);
    ASSERT_TRUE(scene.fleet().remove_node("east-1", scene.moment()));
    EXPECT_EQ(ends(scene.run(seconds(1)), EndCause::node_left), there);
    EXPECT_FALSE(scene.node("east-1").valid());
    EXPECT_EQ(scene.name(node), "east-1") << "old traces still have its name";
    EXPECT_EQ(all<NodeErased>(scene.changes()).size(), 1U);
    ASSERT_TRUE(scene.list("east", 2));
    EXPECT_EQ(scene.node("east-1"), node);
    EXPECT_EQ(scene.fleet().topology().node(node).state(), NodeState::suspect);
}

TEST(FleetClusters, AreRemovedOnlyWhenNobodyIsAtHome) {
    FleetScene scene;
    scene.cluster("east", 2);
    scene.connect("a");
    EXPECT_EQ(scene.fleet().devices_of(scene.cluster_index("east")), 1U);
    const auto refused = scene.fleet().remove_cluster("east", false, scene.moment());
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(FleetErrc::conflict));
    EXPECT_TRUE(refused.error().message().starts_with("1 device is at home in the cluster \"east\""));
    scene.cluster("west", 1);
    ASSERT_TRUE(scene.fleet().remove_cluster("east", true, scene.moment()));
    EXPECT_EQ(scene.run(seconds(1)).size(), 1U);
    EXPECT_EQ(scene.first("a"), "west-1") << "allocated anew";
    scene.connect("a");
    EXPECT_EQ(scene.fleet().device("a")->record.home, "west");
    EXPECT_EQ(scene.fleet().devices_of(scene.cluster_index("west")), 1U);
    scene.obey();
    EXPECT_EQ(all<ClusterErased>(scene.changes()).size(), 1U);
}

TEST(FleetClusters, BelongToTheirSource) {
    FleetScene scene;
    scene.cluster("east", 1);
    EXPECT_FALSE(scene.fleet().declare_cluster({.name = "east", .source = ClusterSource::api}, scene.moment()));
    EXPECT_FALSE(scene.fleet().declare_cluster({.name = "a b"}, scene.moment()));
    EXPECT_FALSE(scene.fleet().declare_cluster({.name = "ok", .weight = max_weight + 1}, scene.moment()));
    EXPECT_FALSE(scene.cluster_index("ok").valid());
}

TEST(FleetClusters, AreBounded) {
    FleetScene scene({}, {.max_clusters = 2, .max_nodes = 3});
    scene.cluster("a", 2);
    scene.cluster("b", 0);
    EXPECT_TRUE(scene.fleet().declare_cluster({.name = "c"}, scene.moment()).error().is(FleetErrc::full));
    EXPECT_TRUE(scene.list("b", 2).error().is(FleetErrc::full));
}

}  // namespace
}  // namespace holdfast::fleet
