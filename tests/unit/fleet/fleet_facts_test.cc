// Facts of data-plane threads that planned on an older snapshot, crossed each other, or fell back to another node.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

class FleetFacts : public ::testing::Test {
protected:
    FleetFacts() {
        scene.cluster("east", 3);
        scene.cluster("west", 2);
    }
    /// meter-7, at home in east, was on this node and is not connected.
    void known(const std::string& node) {
        ASSERT_TRUE(scene.fleet().create_device({.id = "meter-7", .home = "east"}, scene.moment()));
        const Plan plan = scene.plan("meter-7");
        for (std::size_t c = 0; c < plan.candidates.size(); ++c)
            if (scene.name(plan.candidates[c].node) == node) scene.close(*scene.connect("meter-7", nullptr, c));
        ASSERT_EQ(scene.first("meter-7"), node);
        scene.obey();
    }
    [[nodiscard]] std::vector<EndCause> causes() {
        std::vector<EndCause> causes;
        for (const EndOrder& order : scene.obey())
            causes.push_back(order.cause);
        return causes;
    }

    FleetScene scene;
};

using Causes = std::vector<EndCause>;

TEST_F(FleetFacts, ADeviceThatFellBackStaysWhereItIs) {
    known("east-2");
    const Plan plan = scene.plan("meter-7");
    ASSERT_TRUE(scene.connect("meter-7", nullptr, 1));
    EXPECT_EQ(causes(), Causes{});
    const std::string now = scene.name(plan.candidates[1].node);
    EXPECT_EQ(scene.fleet().device("meter-7")->record.sticky_node, now);
    EXPECT_TRUE(scene.told("meter-7 is on " + now + " now, was on east-2"));
    EXPECT_EQ(scene.fleet().counts().rerouted, 1U);
}

TEST_F(FleetFacts, MovedMeanwhile) {
    known("east-2");
    const SnapshotPtr old = scene.fleet().publish();
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "west", scene.moment()));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::moved});
    EXPECT_EQ(scene.fleet().counts().stale_plans, 1U);
    EXPECT_EQ(scene.fleet().device("meter-7")->record.sticky_node, "east-2") << "a stale plan writes no route";
    scene.connect("meter-7");
    EXPECT_EQ(causes(), Causes{});
    EXPECT_EQ(scene.where("meter-7").substr(0, 4), "west");
}

TEST_F(FleetFacts, TiedToAnotherNodeMeanwhile) {
    known("east-2");
    const SnapshotPtr old = scene.fleet().publish();
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "east-3", scene.moment()));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::moved});
    scene.connect("meter-7");
    EXPECT_EQ(causes(), Causes{});
    EXPECT_EQ(scene.where("meter-7"), "east-3");
}

TEST_F(FleetFacts, DrainedDownOrLeftMeanwhile) {
    known("east-2");
    const SnapshotPtr old = scene.fleet().publish();
    ASSERT_TRUE(scene.fleet().drain("east-2", 0, false, scene.moment()));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::drained});
    ASSERT_TRUE(scene.fleet().undrain("east-2", scene.moment()));
    scene.kill("east-2");
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::node_down});
    scene.revive("east-2");
    ASSERT_TRUE(scene.list("east", 3, 2));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::node_left});
}

TEST_F(FleetFacts, DisabledOrRemovedMeanwhile) {
    known("east-2");
    const SnapshotPtr old = scene.fleet().publish();
    ASSERT_TRUE(scene.fleet().patch_device("meter-7", {.disabled = true}, scene.moment()));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::device_disabled});
    ASSERT_TRUE(scene.fleet().remove_device("meter-7", scene.moment()));
    Policy closed;
    closed.enrolment = Enrolment::closed;
    ASSERT_TRUE(scene.fleet().set_policy(closed, scene.moment()));
    scene.connect("meter-7", old);
    EXPECT_EQ(causes(), Causes{EndCause::device_removed});
    EXPECT_EQ(scene.fleet().devices().size(), 0U);
}

TEST_F(FleetFacts, AnExplicitNodeThatRefusesIsNoReasonToLoop) {
    known("east-2");
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "east-3", scene.moment()));
    scene.obey();
    scene.connect("meter-7", nullptr, 1);
    EXPECT_EQ(causes(), Causes{}) << "the plan knew the explicit node, and it did not take the device";
    EXPECT_NE(scene.where("meter-7"), "east-3");
    EXPECT_TRUE(scene.run(seconds(10)).empty());
}

TEST_F(FleetFacts, DevicesComeHomeToTheirExplicitNodeWhenItIsBack) {
    known("east-2");
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "east-3", scene.moment()));
    scene.kill("east-3");
    scene.connect("meter-7");
    EXPECT_EQ(scene.where("meter-7"), "east-2");
    EXPECT_EQ(causes(), Causes{});
    scene.revive("east-3");
    const auto orders = scene.run(seconds(1));
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].cause, EndCause::moved);
    scene.connect("meter-7");
    EXPECT_EQ(scene.where("meter-7"), "east-3");
}

TEST_F(FleetFacts, ANewerConnectionElsewhereEndsTheOlderOne) {
    known("east-2");
    const auto older = scene.connect("meter-7");
    scene.pass(std::chrono::milliseconds(5));
    scene.connect("meter-7", nullptr, 1, 1);
    const auto orders = scene.obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0], (EndOrder{*older, EndCause::superseded}));
    EXPECT_EQ(scene.fleet().presence().size(), 1U);
    EXPECT_EQ(scene.fleet().counts().takeovers, 1U);
}

TEST_F(FleetFacts, OnTheSameNodeTheNodeTakesOver) {
    known("east-2");
    scene.connect("meter-7");
    scene.pass(std::chrono::milliseconds(5));
    scene.connect("meter-7", nullptr, 0, 1);
    EXPECT_EQ(causes(), Causes{});
}

TEST_F(FleetFacts, AFactThatComesLateEndsItsOwnConnection) {
    known("east-2");
    const SnapshotPtr snapshot = scene.fleet().publish();
    const Plan plan = plan_route(*snapshot, {.client_id = "meter-7"}, 0);
    Opened late = scene.opened(plan, ConnectionId::make(3, 77), 1);
    scene.pass(seconds(1));
    scene.connect("meter-7");
    scene.fleet().opened(std::move(late));
    const auto orders = scene.fleet().take_effects().ends;
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0], (EndOrder{ConnectionId::make(3, 77), EndCause::superseded}));
    EXPECT_EQ(scene.fleet().device("meter-7")->record.sticky_node, "east-2");
    EXPECT_EQ(scene.where("meter-7"), "east-2");
}

TEST_F(FleetFacts, TwoDevicesThatFightAreSeen) {
    known("east-2");
    for (std::uint16_t i = 0; i < 12; ++i) {
        const auto before = scene.fleet().presence().find("meter-7");
        const auto older = before ? std::optional(before->connection) : std::nullopt;
        scene.connect("meter-7", nullptr, 0, i % 2);
        if (older) scene.close(*older);
        scene.pass(seconds(2));
        scene.obey();
    }
    const auto fights = scene.fleet().fights(scene.moment().now, 10);
    ASSERT_EQ(fights.size(), 1U);
    EXPECT_EQ(fights[0].device, "meter-7");
    EXPECT_EQ(scene.fleet().counts().fights, 1U);
    EXPECT_TRUE(scene.told("two devices fight over the id meter-7: one at 127.0.0.9:"));
}

TEST_F(FleetFacts, EnrollingTwiceIsTheSameAsOnce) {
    const SnapshotPtr old = scene.fleet().publish();
    scene.connect("new", old);
    const std::string home = scene.fleet().device("new")->record.home;
    scene.pass(std::chrono::milliseconds(5));
    scene.connect("new", old, 0, 1);
    EXPECT_EQ(scene.fleet().devices().size(), 1U);
    EXPECT_EQ(scene.fleet().counts().enrolled, 1U);
    EXPECT_EQ(scene.fleet().device("new")->record.home, home);
    EXPECT_EQ(causes(), Causes{});
}

TEST_F(FleetFacts, WithoutStickyNothingIsRemembered) {
    Policy policy;
    policy.sticky = false;
    ASSERT_TRUE(scene.fleet().set_policy(policy, scene.moment()));
    scene.connect("a", nullptr, 1);
    EXPECT_EQ(scene.fleet().device("a")->record.sticky_node, "");
    EXPECT_EQ(scene.plan("a").candidates[0].kind, RouteKind::hash);
}

TEST_F(FleetFacts, FactsOfNothingKnownAreIgnored) {
    scene.obey();
    scene.fleet().closed({.connection = ConnectionId::make(9, 9)});
    scene.fleet().trouble({NodeIndex(999), {}});
    scene.fleet().probe_result(NodeIndex(999), true, "", scene.moment());
    Opened foreign;
    foreign.connection = ConnectionId::make(9, 9);
    foreign.node = NodeIndex(999);
    scene.fleet().opened(std::move(foreign));
    EXPECT_EQ(scene.fleet().presence().size(), 0U);
    EXPECT_TRUE(scene.fleet().take_effects().empty());
}

TEST_F(FleetFacts, RefusalsAreCountedAndKept) {
    for (const char* node : {"east-1", "east-2", "east-3", "west-1", "west-2"})
        scene.kill(node);
    EXPECT_FALSE(scene.connect("a"));
    EXPECT_EQ(scene.fleet().refused_for(RefuseReason::no_live_node), 1U);
    EXPECT_EQ(scene.fleet().devices().size(), 0U) << "a device is enrolled when a node has accepted it";
    scene.obey();
    EXPECT_TRUE(scene.told("a from 127.0.0.9:40000 was refused: its cluster has no live node"));
    EXPECT_EQ(scene.fleet().history().of_device("a").size(), 1U);
    EXPECT_EQ(scene.fleet().history().refusals(10).size(), 1U);
}

}  // namespace
}  // namespace holdfast::fleet
