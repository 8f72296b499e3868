// The fleet machine through long random lives: gateways that plan on old snapshots, nodes that die, return, drain and leave,
// operators who move devices. When the dust has settled, every connected device is where its route says, and no device was
// refused while an up node of its cluster was there.

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <random>
#include <string>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

constexpr std::size_t devices = 60;
const std::vector<std::string> cluster_names = {"east", "west"};

std::string id(std::uint64_t i) {
    return fmt::format("d{}", i);
}

class Life {
public:
    explicit Life(std::uint64_t seed) : random_(seed), scene_({}, {.return_retry = std::chrono::seconds(1)}) {
        for (const std::string& cluster : cluster_names)
            scene_.cluster(cluster, 3);
    }

    void live() {
        for (int step = 0; step < 400; ++step) {
            snapshots_.push_back(scene_.fleet().publish());
            if (snapshots_.size() > 5) snapshots_.pop_front();
            event();
            scene_.run(std::chrono::milliseconds(random_() % 3 * 10));
        }
        settle();
    }

    void check() {
        Fleet& fleet = scene_.fleet();
        for (std::uint64_t i = 0; i < devices; ++i) {
            const auto present = fleet.presence().find(id(i));
            const auto device = fleet.devices().find(id(i));
            if (!present) continue;
            RC_ASSERT(device.has_value());
            RC_ASSERT(!device->disabled);
            RC_ASSERT(present->cluster == device->cluster());
            const TopologyNode& node = fleet.topology().node(present->node);
            RC_ASSERT(node.cluster == present->cluster);
            RC_ASSERT(node.state() == NodeState::up ||
                      (node.state() == NodeState::draining && device->explicit_node == present->node));
            RC_ASSERT(device->sticky_node == present->node);
            if (device->explicit_node.valid()) RC_ASSERT(device->explicit_node == present->node);
            const Plan plan = scene_.plan(id(i));
            RC_ASSERT(plan.candidates[0].node == present->node);
        }
        std::uint64_t served = 0;
        for (const std::string& cluster : cluster_names)
            served += fleet.devices_of(scene_.cluster_index(cluster));
        RC_ASSERT(served == fleet.devices().size());
        RC_ASSERT(!fleet.devices().find("").has_value());
    }

private:
    std::string any_node() { return fmt::format("{}-{}", cluster_names[random_() % 2], 1 + random_() % 3); }

    void connect(const std::string& device, SnapshotPtr snapshot) {
        const Plan plan = plan_route(*snapshot, {.client_id = device}, 0);
        if (plan.outcome == PlanOutcome::refuse) {
            for (const TopologyNode& node : snapshot->topology->nodes)
                RC_ASSERT(node.cluster != plan.cluster || node.state() != NodeState::up);
        }
        // Now and then a node does not take the connection, though it is up.
        const std::size_t accepts = plan.candidates.size() > 1 && random_() % 10 == 0 ? 1 : 0;
        scene_.connect(device, snapshot, accepts, static_cast<std::uint16_t>(random_() % 2));
    }

    void event() {
        const std::string device = id(random_() % devices);
        const std::uint64_t what = random_() % 100;
        Fleet& fleet = scene_.fleet();
        if (what < 55) {
            connect(device, snapshots_[random_() % snapshots_.size()]);
        } else if (what < 65) {
            if (const auto present = fleet.presence().find(device)) scene_.close(present->connection);
        } else if (what < 71) {
            static_cast<void>(
                fleet.move_device(device, random_() % 2 == 0 ? any_node() : cluster_names[random_() % 2], scene_.moment()));
        } else if (what < 75) {
            static_cast<void>(fleet.release_device(device, scene_.moment()));
        } else if (what < 77) {
            static_cast<void>(fleet.remove_device(device, scene_.moment()));
        } else if (what < 79) {
            static_cast<void>(fleet.patch_device(device, {.disabled = random_() % 2 == 0}, scene_.moment()));
        } else if (what < 84) {
            scene_.kill(any_node());
        } else if (what < 89) {
            scene_.revive(any_node());
        } else if (what < 92) {
            static_cast<void>(fleet.drain(any_node(), random_() % 2 == 0 ? 0 : 50, false, scene_.moment()));
        } else if (what < 95) {
            static_cast<void>(fleet.undrain(any_node(), scene_.moment()));
        } else if (what < 97) {
            static_cast<void>(scene_.list(cluster_names[random_() % 2], 3, random_() % 4));
        } else {
            static_cast<void>(fleet.move_devices({.percent = 20}, random_() % 2 == 0 ? "" : cluster_names[random_() % 2], 100,
                                                 scene_.moment()));
        }
    }

    /// All nodes listed and answering, devices coming back until nobody is sent away any more.
    void settle() {
        for (const std::string& cluster : cluster_names) {
            RC_ASSERT(scene_.list(cluster, 3).has_value());
            for (int i = 1; i <= 3; ++i)
                scene_.revive(fmt::format("{}-{}", cluster, i));
        }
        for (int round = 0; round < 5; ++round) {
            scene_.run(std::chrono::seconds(2));
            for (std::uint64_t i = 0; i < devices; ++i)
                if (!scene_.fleet().presence().find(id(i))) scene_.connect(id(i));
        }
        RC_ASSERT(scene_.run(std::chrono::seconds(5)).empty());
    }

    std::mt19937_64 random_;
    FleetScene scene_;
    std::deque<SnapshotPtr> snapshots_;
};

TEST(FleetLife, EveryDeviceEndsUpWhereItsRouteSays) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        Life life(seed);
        life.live();
        life.check();
    }));
}

}  // namespace
}  // namespace holdfast::fleet
