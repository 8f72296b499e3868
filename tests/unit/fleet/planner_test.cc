// The planner: who a device is, which cluster, which nodes in which order, and the sentences that tell it.

#include "fleet/planner.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

class Planner : public ::testing::Test {
protected:
    Planner() {
        scene.cluster("east", 3);
        scene.cluster("west", 2);
    }

    /// "meter-7" at home in east, last on the node that is asked for.
    void known(const std::string& sticky) {
        ASSERT_TRUE(scene.fleet().create_device({.id = "meter-7", .home = "east"}, scene.moment()));
        for (int i = 0; i < 3 && scene.where("meter-7") != sticky; ++i) {
            if (const auto present = scene.fleet().presence().find("meter-7")) scene.close(present->connection);
            const Plan plan = scene.plan("meter-7");
            for (std::size_t c = 0; c < plan.candidates.size(); ++c)
                if (scene.name(plan.candidates[c].node) == sticky) scene.connect("meter-7", nullptr, c);
        }
        scene.close(scene.fleet().presence().find("meter-7")->connection);
    }

    [[nodiscard]] std::vector<std::string> order() {
        std::vector<std::string> names;
        for (const Candidate& candidate : scene.plan("meter-7").candidates)
            names.push_back(scene.name(candidate.node));
        return names;
    }
    [[nodiscard]] RouteKind kind() { return scene.plan("meter-7").candidates[0].kind; }
    [[nodiscard]] std::vector<std::string> explained() {
        const Plan plan = scene.plan("meter-7");
        return render(plan.trace, scene.fleet().topology());
    }

    FleetScene scene;
};

using Sentences = std::vector<std::string>;

TEST_F(Planner, StickyBeatsHashAndExplicitBeatsSticky) {
    known("east-2");
    EXPECT_EQ(order().front(), "east-2");
    EXPECT_EQ(kind(), RouteKind::sticky);
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "east-3", scene.moment()));
    EXPECT_EQ(order().front(), "east-3");
    EXPECT_EQ(order()[1], "east-2") << "where it was last is the next best";
    EXPECT_EQ(kind(), RouteKind::explicit_route);
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "west", scene.moment()));
    EXPECT_EQ(order().front().substr(0, 4), "west");
    EXPECT_EQ(order().size(), 2U) << "only nodes of its cluster";
    EXPECT_EQ(kind(), RouteKind::hash);
    ASSERT_TRUE(scene.fleet().release_device("meter-7", scene.moment()));
    EXPECT_EQ(order().front(), "east-2");
}

TEST_F(Planner, EachStateOfTheStickyNode) {
    known("east-2");
    const NodeIndex node = scene.node("east-2");
    scene.pass(std::chrono::seconds(1));
    scene.probe(node, false);
    EXPECT_EQ(order().size(), 3U);
    EXPECT_EQ(order().back(), "east-2") << "suspect: the last resort";
    scene.kill("east-2");
    EXPECT_EQ(order().size(), 2U) << "down: never";
    scene.revive("east-2");
    EXPECT_EQ(order().front(), "east-2");
    ASSERT_TRUE(scene.fleet().drain("east-2", 0, false, scene.moment()));
    EXPECT_EQ(order().size(), 2U) << "draining: never";
    ASSERT_TRUE(scene.fleet().undrain("east-2", scene.moment()));
    EXPECT_EQ(order().front(), "east-2");
    ASSERT_TRUE(scene.list("east", 3, 2));
    EXPECT_EQ(order().size(), 2U) << "left: never";
    ASSERT_TRUE(scene.list("east", 3));
    EXPECT_EQ(order().front(), "east-2") << "back, and not yet known: its session may be there";
}

TEST_F(Planner, EachStateOfTheExplicitNode) {
    known("east-2");
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "east-3", scene.moment()));
    scene.pass(std::chrono::seconds(1));
    scene.probe(scene.node("east-3"), false);
    EXPECT_EQ(order().front(), "east-3") << "suspect: the operator's word still leads";
    ASSERT_TRUE(scene.fleet().drain("east-3", 0, false, scene.moment()));
    EXPECT_EQ(order().front(), "east-3") << "draining: the operator's word still leads";
    ASSERT_TRUE(scene.fleet().undrain("east-3", scene.moment()));
    scene.kill("east-3");
    EXPECT_EQ(order().front(), "east-2") << "down: where it was last";
    scene.revive("east-3");
    EXPECT_EQ(order().front(), "east-3");
}

TEST_F(Planner, OnlySuspectNodesAreBetterThanNone) {
    known("east-2");
    for (const char* name : {"east-1", "east-2", "east-3"})
        scene.probe(scene.node(name), false);
    EXPECT_EQ(order().size(), 3U);
    EXPECT_EQ(order().front(), "east-2") << "among suspects, the one with the session";
    EXPECT_EQ(kind(), RouteKind::sticky);
    for (const char* name : {"east-1", "east-2", "east-3"})
        scene.kill(name);
    EXPECT_EQ(scene.plan("meter-7").reason, RefuseReason::no_live_node);
}

TEST_F(Planner, AllocationPrefersLiveClusters) {
    for (const char* name : {"east-1", "east-2", "east-3"})
        scene.kill(name);
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(scene.first(fmt::format("new-{}", i)).substr(0, 4), "west");
}

TEST_F(Planner, DisabledClustersTakeNoNewDevices) {
    ASSERT_TRUE(scene.fleet().declare_cluster({.name = "east", .source = ClusterSource::static_settings, .enabled = false},
                                              scene.moment()));
    for (int i = 0; i < 50; ++i)
        EXPECT_EQ(scene.first(fmt::format("new-{}", i)).substr(0, 4), "west");
    ASSERT_TRUE(scene.fleet().create_device({.id = "old", .home = "east"}, scene.moment()));
    EXPECT_EQ(scene.first("old").substr(0, 4), "east");
}

TEST_F(Planner, TheFirstRuleThatFitsAllocates) {
    Policy policy;
    policy.rules = {{.subject = AllocationRule::Subject::device_id, .pattern = "locker-*", .cluster = "nowhere"},
                    {.subject = AllocationRule::Subject::device_id, .pattern = "locker-*", .cluster = "west"},
                    {.subject = AllocationRule::Subject::username, .pattern = "fleet-?", .cluster = "east"}};
    ASSERT_TRUE(scene.fleet().set_policy(policy, scene.moment()));
    for (int i = 0; i < 20; ++i)
        EXPECT_EQ(scene.first(fmt::format("locker-{}", i)).substr(0, 4), "west");
    const SnapshotPtr snapshot = scene.fleet().publish();
    for (int i = 0; i < 20; ++i) {
        const std::string id = fmt::format("car-{}", i);
        const Plan plan = plan_route(*snapshot, {.client_id = id, .username = "fleet-b", .has_username = true}, 0);
        EXPECT_EQ(plan.cluster, scene.cluster_index("east"));
    }
    ASSERT_TRUE(scene.connect("locker-1"));
    scene.obey();
    const Plan first = scene.plan("locker-2");
    EXPECT_EQ(render(first.trace, scene.fleet().topology())[2], "cluster west: allocation rule 2 fits");
}

TEST_F(Planner, AnEmptyClientIdIsRoutedButNeverADevice) {
    const SnapshotPtr snapshot = scene.fleet().publish();
    const auto plan = [&](const Credentials& credentials, std::uint64_t entropy) {
        return plan_route(*snapshot, credentials, entropy);
    };
    const Plan by_name = plan({.username = "fleet", .has_username = true, .source_address = "127.0.0.1"}, 1);
    EXPECT_EQ(by_name.outcome, PlanOutcome::route);
    EXPECT_FALSE(by_name.persistent);
    EXPECT_FALSE(by_name.enrolled_now);
    EXPECT_TRUE(by_name.device_id().empty());
    EXPECT_EQ(by_name.candidates[0].node,
              plan({.username = "fleet", .has_username = true, .source_address = "127.0.0.2"}, 2).candidates[0].node);
    EXPECT_EQ(render(by_name.trace, *snapshot->topology)[0], "has no identity; routed by its username and not stored");
    const Plan by_source = plan({.source_address = "127.0.0.1"}, 1);
    EXPECT_EQ(by_source.candidates[0].node, plan({.source_address = "127.0.0.1"}, 7).candidates[0].node);
    std::set<NodeIndex> by_chance;
    for (std::uint64_t entropy = 0; entropy < 100; ++entropy)
        by_chance.insert(plan({}, entropy).candidates[0].node);
    EXPECT_EQ(by_chance.size(), 5U);
}

TEST_F(Planner, ClosedEnrolmentRefusesStrangers) {
    ASSERT_TRUE(scene.fleet().create_device({.id = "meter-7"}, scene.moment()));
    Policy policy;
    policy.enrolment = Enrolment::closed;
    ASSERT_TRUE(scene.fleet().set_policy(policy, scene.moment()));
    EXPECT_EQ(scene.plan("meter-8").reason, RefuseReason::unknown_device);
    EXPECT_EQ(scene.plan("").reason, RefuseReason::no_identity);
    EXPECT_EQ(scene.plan("meter-7").outcome, PlanOutcome::route) << "made by an operator without a home, it is allocated now";
    EXPECT_FALSE(scene.connect("meter-8"));
    EXPECT_TRUE(scene.connect("meter-7"));
    EXPECT_EQ(scene.fleet().devices().size(), 1U);
    EXPECT_TRUE(scene.fleet().device("meter-7")->record.home == "east" ||
                scene.fleet().device("meter-7")->record.home == "west");
}

TEST_F(Planner, AFullFleetRefusesStrangersOnly) {
    Policy policy;
    policy.max_devices = 2;
    ASSERT_TRUE(scene.fleet().set_policy(policy, scene.moment()));
    EXPECT_TRUE(scene.connect("a"));
    EXPECT_TRUE(scene.connect("b"));
    EXPECT_EQ(scene.plan("c").reason, RefuseReason::fleet_full);
    EXPECT_EQ(scene.plan("a").outcome, PlanOutcome::route);
}

TEST_F(Planner, NothingToRouteTo) {
    FleetScene empty;
    EXPECT_EQ(empty.plan("a").reason, RefuseReason::no_cluster);
    empty.cluster("east", 0);
    EXPECT_EQ(empty.plan("a").reason, RefuseReason::no_live_node);
}

TEST_F(Planner, TracesAreSentences) {
    known("east-2");
    EXPECT_EQ(explained(),
              (Sentences{"identified by its client id", "the device is known", "cluster east: the device is at home there",
                         "3 nodes can take it", "chose east-2: the device was there last"}));
    scene.kill("east-2");
    Sentences down = explained();
    ASSERT_EQ(down.size(), 6U);
    EXPECT_EQ(down[3], "node east-2, where it was last, was passed over: it is down");
    EXPECT_EQ(down[4], "2 nodes can take it");
    EXPECT_EQ(down[5].substr(0, 11), "chose east-");
    EXPECT_EQ(down[5].substr(12), ": the hash of the device ranks it first");
    ASSERT_TRUE(scene.fleet().move_device("meter-7", "west-1", scene.moment()));
    EXPECT_EQ(explained(), (Sentences{"identified by its client id", "the device is known",
                                      "cluster west: an operator moved the device there", "2 nodes can take it",
                                      "chose west-1: an operator chose it"}));
    scene.kill("west-1");
    scene.kill("west-2");
    EXPECT_EQ(explained(),
              (Sentences{
                  "identified by its client id", "the device is known", "cluster west: an operator moved the device there",
                  "node west-1, the operator's choice, was passed over: it is down", "refused: its cluster has no live node"}));
    ASSERT_TRUE(scene.fleet().patch_device("meter-7", {.disabled = true}, scene.moment()));
    EXPECT_EQ(explained(), (Sentences{"identified by its client id", "the device is known", "the device is disabled",
                                      "refused: the device is disabled"}));
}

TEST_F(Planner, TheConnectionsStepsFollow) {
    known("east-2");
    Trace trace = scene.plan("meter-7").trace;
    const std::size_t planned = trace.steps().size();
    const NodeIndex one = scene.node("east-2");
    const NodeIndex two = scene.node("east-3");
    trace.add(TraceKind::connecting, one);
    trace.add(TraceKind::connect_refused, one);
    trace.add(TraceKind::connecting, two);
    trace.add(TraceKind::connect_timed_out, two, 0, 3000);
    trace.add(TraceKind::connack_timed_out, two, 0, 5000);
    trace.add(TraceKind::hung_up, two);
    trace.add(TraceKind::answered, two, 0x05, 4);
    trace.add(TraceKind::accepted, two, 0, 12);
    const Sentences all = render(trace, scene.fleet().topology());
    EXPECT_EQ(
        Sentences(all.begin() + static_cast<std::ptrdiff_t>(planned), all.end()),
        (Sentences{"connecting to east-2", "east-2 refused the connection", "connecting to east-3",
                   "east-3 did not accept the connection within 3000 ms", "east-3 did not answer the CONNECT within 5000 ms",
                   "east-3 hung up before it answered", "east-3 answered 0x05: refused", "east-3 accepted after 12 ms"}));
}

TEST(Trace, IsBounded) {
    Trace trace;
    for (int i = 0; i < 1000; ++i)
        trace.add(TraceKind::device_known, 0, 1'000'000);
    EXPECT_EQ(trace.steps().size(), 30U);
    EXPECT_EQ(trace.steps()[0].number, 65535U);
}

TEST(Identity, IsMadeOfTheConfiguredParts) {
    Policy policy;
    const Credentials credentials{.client_id = "a/b",
                                  .username = "u%",
                                  .password = "secret",
                                  .has_username = true,
                                  .has_password = true,
                                  .common_name = "cn"};
    EXPECT_EQ(identify(policy, credentials), "a/b") << "one part: as it is";
    policy.identify = {IdentityPart::username, IdentityPart::client_id};
    EXPECT_EQ(identify(policy, credentials), "u%25/a%2Fb");
    policy.identify = {IdentityPart::common_name};
    EXPECT_EQ(identify(policy, credentials), "cn");
    policy.identify = {IdentityPart::username, IdentityPart::client_id};
    EXPECT_EQ(identify(policy, {.client_id = "a"}), "") << "a part is missing";
    EXPECT_EQ(identify(policy, {.client_id = "", .username = "u", .has_username = true}), "");
}

TEST(Identity, DifferentTriplesMakeDifferentIds) {
    Policy policy;
    policy.identify = {IdentityPart::username, IdentityPart::client_id};
    const std::vector<std::string> parts = {"a", "b", "a/b", "/", "%2F", "%", "a/", "/b", "%25", "a%2Fb"};
    std::set<std::string> ids;
    for (const std::string& username : parts)
        for (const std::string& client_id : parts)
            ids.insert(identify(policy, {.client_id = client_id, .username = username, .has_username = true}));
    EXPECT_EQ(ids.size(), parts.size() * parts.size());
}

TEST(Identity, APasswordIsOnlyEverAKeyedHash) {
    Policy policy;
    policy.identify = {IdentityPart::password};
    policy.password_key.fill(0x0B);
    const Credentials credentials{.client_id = "a", .password = "Hi There", .has_password = true};
    const std::string id = identify(policy, credentials);
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find("Hi"), std::string::npos);
    Policy other = policy;
    other.password_key.fill(0x0C);
    EXPECT_NE(identify(other, credentials), id);
    policy.identify = {IdentityPart::client_id, IdentityPart::password};
    EXPECT_EQ(identify(policy, credentials), "a/" + id);
}

}  // namespace
}  // namespace holdfast::fleet
