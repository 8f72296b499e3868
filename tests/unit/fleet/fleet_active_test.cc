// Clusters of which one node is active while the others stand by.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <variant>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

class FleetActive : public testing::Test {
protected:
    FleetActive() {
        scene.cluster("east", 3);
        static_cast<void>(scene.fleet().declare_cluster(
            {.name = "east", .source = ClusterSource::static_settings, .policy = ClusterPolicy::active_standby},
            scene.moment()));
    }

    Result<> activate(std::string_view node, std::uint64_t epoch, Pace pace = 0) {
        auto done = scene.fleet().set_active("east", node, epoch, pace, "a reason", scene.moment());
        scene.obey();
        return done;
    }

    FleetScene scene;
};

TEST_F(FleetActive, LeadsEveryDeviceToTheActiveNode) {
    EXPECT_EQ(scene.first("meter-7"), "") << "none was chosen yet";
    ASSERT_TRUE(activate("east-2", 1));
    for (int i = 0; i < 50; ++i) {
        const Plan plan = scene.plan("meter-" + std::to_string(i));
        ASSERT_EQ(plan.candidates.size(), 1U) << "a node that stands by takes nobody";
        EXPECT_EQ(scene.name(plan.candidates[0].node), "east-2");
        EXPECT_EQ(plan.candidates[0].kind, RouteKind::active);
    }
}

TEST_F(FleetActive, RefusesWhileTheActiveNodeIsDownAndNoOtherIsActive) {
    ASSERT_TRUE(activate("east-2", 1));
    scene.kill("east-2");
    const Plan plan = scene.plan("meter-7");
    EXPECT_EQ(plan.outcome, PlanOutcome::refuse);
    EXPECT_EQ(plan.reason, RefuseReason::no_live_node);
    const auto why = render(plan.trace, scene.fleet().topology());
    EXPECT_NE(std::ranges::find(why, "node east-2, the cluster's active node, was passed over: it is down"), why.end());
}

TEST_F(FleetActive, TellsWhetherAnotherNodeMayTakeThePlace) {
    EXPECT_TRUE(scene.plan("meter-7").may_switch) << "none was chosen yet";
    ASSERT_TRUE(activate("east-2", 1));
    EXPECT_TRUE(scene.plan("meter-7").may_switch);
    scene.kill("east-2");
    EXPECT_TRUE(scene.plan("meter-7").may_switch);
    for (const char* node : {"east-1", "east-2", "east-3"})
        ASSERT_TRUE(scene.fleet().drain(node, 0, true, scene.moment()));
    scene.obey();
    EXPECT_FALSE(scene.plan("meter-7").may_switch) << "an operator wants none of them to be";
}

TEST_F(FleetActive, SendsWhoIsNotTiedAnyMoreToTheActiveNode) {
    ASSERT_TRUE(activate("east-1", 1));
    for (const char* device : {"meter-3", "meter-4"}) {
        scene.connect(device);
        ASSERT_TRUE(scene.fleet().move_device(device, "east-3", scene.moment()));
        scene.obey();
        scene.connect(device);
    }
    ASSERT_TRUE(scene.fleet().release_device("meter-3", scene.moment()));
    EXPECT_EQ(scene.obey().size(), 1U);
    ASSERT_TRUE(scene.fleet().move_devices({.cluster = "east"}, "east", 0, scene.moment()));
    scene.fleet().tick(scene.moment());
    EXPECT_EQ(scene.obey().size(), 1U);
}

TEST_F(FleetActive, SendsDevicesToTheNewActiveNodeButNotThoseThatAreTied) {
    ASSERT_TRUE(activate("east-1", 1));
    for (int i = 0; i < 10; ++i)
        scene.connect("meter-" + std::to_string(i));
    ASSERT_TRUE(scene.fleet().move_device("meter-3", "east-1", scene.moment()));
    scene.obey();
    ASSERT_TRUE(scene.fleet().set_active("east", "east-2", 2, 0, "east-1 does not answer", scene.moment()));
    scene.fleet().tick(scene.moment());
    const Effects effects = scene.fleet().take_effects();
    EXPECT_EQ(effects.ends.size(), 9U);
    EXPECT_EQ(std::ranges::count(effects.events, EventKind::active_changed, &Event::kind), 1);
    EXPECT_EQ(scene.first("meter-4"), "east-2");
    EXPECT_EQ(scene.first("meter-3"), "east-1") << "an operator tied it";
}

TEST_F(FleetActive, EndsWhoComesByAnOldPlan) {
    ASSERT_TRUE(activate("east-1", 1));
    const SnapshotPtr old = scene.fleet().publish();
    ASSERT_TRUE(activate("east-2", 2));
    const auto late = scene.connect("meter-7", old);
    ASSERT_TRUE(late);
    const Effects effects = scene.fleet().take_effects();
    ASSERT_EQ(effects.ends.size(), 1U);
    EXPECT_EQ(effects.ends[0].connection, *late);
    EXPECT_EQ(effects.ends[0].cause, EndCause::moved);
}

TEST_F(FleetActive, TakesNoOlderWord) {
    ASSERT_TRUE(activate("east-2", 5));
    for (const std::uint64_t epoch : {5U, 4U}) {
        const auto older = activate("east-1", epoch);
        ASSERT_FALSE(older);
        EXPECT_TRUE(older.error().is(FleetErrc::conflict));
    }
    EXPECT_EQ(scene.first("meter-7"), "east-2");
    scene.cluster("west", 1);
    EXPECT_TRUE(activate("west-1", 6).error().is(FleetErrc::invalid)) << "a node of another cluster";
    EXPECT_TRUE(scene.fleet().set_active("west", "west-1", 1, 0, "", scene.moment()).error().is(FleetErrc::conflict))
        << "its nodes share the devices";
}

TEST_F(FleetActive, IsRememberedOverARestart) {
    ASSERT_TRUE(activate("east-2", 7));
    FleetImage image;
    for (const TopologyCluster& cluster : scene.fleet().topology().clusters)
        image.clusters.push_back(scene.fleet().topology().record_of(cluster));
    for (std::size_t i = 1; i <= 3; ++i)
        image.nodes.push_back(
            {.cluster = "east", .name = "east-" + std::to_string(i), .host = "127.0.0.1", .origin = "static"});
    FleetScene again({}, {}, image);
    again.probe(again.node("east-2"), true);
    EXPECT_EQ(again.first("meter-7"), "east-2");
    EXPECT_FALSE(again.fleet().set_active("east", "east-1", 7, 0, "", again.moment()));
    EXPECT_TRUE(again.fleet().set_active("east", "east-1", 8, 0, "", again.moment()));
}

TEST_F(FleetActive, IsForgottenWithTheNode) {
    ASSERT_TRUE(activate("east-2", 1));
    ASSERT_TRUE(scene.fleet().remove_node("east-2", scene.moment()));
    EXPECT_EQ(scene.first("meter-7"), "");
    ASSERT_TRUE(activate("east-3", 2));
    EXPECT_EQ(scene.first("meter-7"), "east-3");
}

TEST_F(FleetActive, GivesTheDevicesBackToTheHashWithThePolicy) {
    ASSERT_TRUE(activate("east-2", 1));
    static_cast<void>(
        scene.fleet().declare_cluster({.name = "east", .source = ClusterSource::static_settings}, scene.moment()));
    const Plan plan = scene.plan("meter-7");
    EXPECT_EQ(plan.candidates.size(), 3U);
    EXPECT_EQ(plan.candidates[0].kind, RouteKind::hash);
}

}  // namespace
}  // namespace holdfast::fleet
