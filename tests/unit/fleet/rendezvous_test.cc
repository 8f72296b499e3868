// Placement: proportional to weights, the same everywhere, and moving only what must move.

#include "fleet/rendezvous.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "fleet/planner.h"
#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

struct Member {
    std::string name;
    std::uint32_t weight = default_weight;
};

/// A snapshot with one cluster of these members, all up, with indexes in their order.
Snapshot snapshot_of(const std::vector<Member>& members) {
    auto topology = std::make_shared<Topology>();
    TopologyCluster cluster;
    cluster.name = "east";
    cluster.key = cluster_key("east");
    for (std::size_t i = 0; i < members.size(); ++i) {
        TopologyNode node;
        node.name = members[i].name;
        node.cluster = ClusterIndex(0);
        node.weight = members[i].weight;
        node.health = NodeHealth::up;
        node.probed = node.listed = true;
        node.key = node_key("east", members[i].name);
        topology->nodes.push_back(node);
        cluster.nodes.push_back(NodeIndex(static_cast<std::uint32_t>(i)));
    }
    topology->clusters.push_back(cluster);
    Snapshot snapshot;
    snapshot.topology = topology;
    snapshot.policy = std::make_shared<const Policy>();
    return snapshot;
}

std::string chosen(const Snapshot& snapshot, const std::string& id) {
    const Plan plan = plan_route(snapshot, {.client_id = id}, 0);
    return plan.candidates.empty() ? std::string{} : std::string(snapshot.topology->node_name(plan.candidates[0].node));
}

std::vector<Member> arbitrary_members(std::mt19937_64& random, std::size_t count, bool weighted) {
    std::vector<Member> members;
    const std::uint64_t salt = random() % 100'000;
    for (std::size_t i = 0; i < count; ++i)
        members.push_back(
            {fmt::format("node-{}-{}", salt, i), weighted ? static_cast<std::uint32_t>(50 + random() % 200) : default_weight});
    return members;
}

constexpr std::size_t devices = 3000;

/// Within five standard deviations of a share p of n devices.
bool near(std::size_t count, double p, std::size_t n) {
    const double expected = p * static_cast<double>(n);
    const double deviation = std::sqrt(expected * (1 - p));
    return std::abs(static_cast<double>(count) - expected) <= 5 * deviation + 1;
}

TEST(Rendezvous, ALostNodeMovesOnlyItsOwnDevices) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const std::vector<Member> members = arbitrary_members(random, 2 + random() % 7, random() % 2 == 0);
        const std::size_t lost = random() % members.size();
        std::vector<Member> rest = members;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
        const Snapshot before = snapshot_of(members);
        const Snapshot after = snapshot_of(rest);
        double total = 0;
        for (const Member& member : members)
            total += member.weight;
        std::size_t moved = 0;
        for (std::size_t i = 0; i < devices; ++i) {
            const std::string id = fmt::format("d-{}-{}", seed, i);
            const std::string was = chosen(before, id);
            if (was == chosen(after, id)) continue;
            RC_ASSERT(was == members[lost].name);
            ++moved;
        }
        RC_ASSERT(near(moved, members[lost].weight / total, devices));
    }));
}

TEST(Rendezvous, ANewNodeTakesOnlyItsShare) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const std::vector<Member> after_members = arbitrary_members(random, 2 + random() % 7, true);
        const std::vector<Member> before_members(after_members.begin(), after_members.end() - 1);
        const Snapshot before = snapshot_of(before_members);
        const Snapshot after = snapshot_of(after_members);
        double total = 0;
        for (const Member& member : after_members)
            total += member.weight;
        std::size_t moved = 0;
        for (std::size_t i = 0; i < devices; ++i) {
            const std::string id = fmt::format("d-{}-{}", seed, i);
            const std::string is = chosen(after, id);
            if (chosen(before, id) == is) continue;
            RC_ASSERT(is == after_members.back().name);
            ++moved;
        }
        RC_ASSERT(near(moved, after_members.back().weight / total, devices));
    }));
}

TEST(Rendezvous, SharesFollowWeights) {
    const std::vector<Member> members = {{"a", 100}, {"b", 200}, {"c", 700}, {"never", 0}};
    const Snapshot snapshot = snapshot_of(members);
    std::map<std::string, std::size_t> counts;
    constexpr std::size_t many = 30'000;
    for (std::size_t i = 0; i < many; ++i)
        ++counts[chosen(snapshot, fmt::format("d{}", i))];
    EXPECT_TRUE(near(counts["a"], 0.1, many)) << counts["a"];
    EXPECT_TRUE(near(counts["b"], 0.2, many)) << counts["b"];
    EXPECT_TRUE(near(counts["c"], 0.7, many)) << counts["c"];
    EXPECT_EQ(counts["never"], 0U);
}

TEST(Rendezvous, EveryGatewayDecidesAlikeWhateverItsIndexes) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        std::vector<Member> members = arbitrary_members(random, 1 + random() % 8, true);
        const Snapshot one = snapshot_of(members);
        std::shuffle(members.begin(), members.end(), random);
        const Snapshot other = snapshot_of(members);
        for (std::size_t i = 0; i < 300; ++i) {
            const std::string id = fmt::format("d-{}-{}", seed, i);
            const Plan a = plan_route(one, {.client_id = id}, random());
            const Plan b = plan_route(other, {.client_id = id}, random());
            RC_ASSERT(a.candidates.size() == b.candidates.size());
            for (std::size_t c = 0; c < a.candidates.size(); ++c)
                RC_ASSERT(one.topology->node_name(a.candidates[c].node) == other.topology->node_name(b.candidates[c].node));
        }
    }));
}

TEST(Rendezvous, GatewaysThatLearntClustersInAnotherOrderAllocateAlike) {
    FleetScene one;
    FleetScene other;
    one.cluster("east", 3);
    one.cluster("west", 3);
    one.cluster("south", 2);
    other.cluster("south", 2);
    other.cluster("west", 3);
    other.cluster("east", 3);
    std::map<std::string, int> homes;
    for (int i = 0; i < 600; ++i) {
        const std::string id = fmt::format("meter-{}", i);
        ASSERT_EQ(one.first(id), other.first(id));
        ++homes[std::string(one.fleet().topology().cluster_name(one.plan(id).home))];
    }
    for (const char* cluster : {"east", "west", "south"})
        EXPECT_TRUE(near(static_cast<std::size_t>(homes[cluster]), 1.0 / 3, 600)) << cluster;
}

// The placement is a promise to fleets that run: a change of it would move every device.
TEST(Rendezvous, PlacementIsForGood) {
    EXPECT_EQ(placement_key('d', "meter-7"), placement_key('d', "meter-7"));
    EXPECT_NE(placement_key('d', "meter-7"), placement_key('u', "meter-7"));
    const Snapshot snapshot = snapshot_of({{"east-1"}, {"east-2"}, {"east-3"}, {"east-4"}});
    std::string places;
    for (int i = 0; i < 16; ++i)
        places += chosen(snapshot, fmt::format("meter-{}", i)).back();
    EXPECT_EQ(places, "3424122324243332");
}

}  // namespace
}  // namespace holdfast::fleet
