// Moves of many devices: by cluster, tag and percentage, at a pace, cancelled, taken back.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

class FleetMoves : public ::testing::Test {
protected:
    static constexpr std::size_t count = 1200;

    FleetMoves() {
        scene.cluster("east", 2);
        scene.cluster("west", 2);
        scene.cluster("south", 2);
        for (std::size_t i = 0; i < count; ++i) {
            const bool added =
                scene.fleet()
                    .create_device({.id = id(i),
                                    .home = "east",
                                    .tags = i % 3 == 0 ? std::vector<std::string>{"blue"} : std::vector<std::string>{}},
                                   scene.moment())
                    .has_value();
            EXPECT_TRUE(added);
            if (i % 2 == 0) scene.connect(id(i));
        }
        scene.run(seconds(1));
    }
    static std::string id(std::size_t i) { return fmt::format("d{}", i); }

    [[nodiscard]] std::set<std::string> served_by(std::string_view cluster) {
        std::set<std::string> ids;
        const ClusterIndex index = scene.cluster_index(cluster);
        DeviceCursor cursor;
        scene.fleet().publish()->devices.walk(cursor, 1'000'000, [&](const DeviceView& d) {
            if (d.cluster() == index) ids.emplace(d.id);
        });
        return ids;
    }

    FleetScene scene;
};

TEST_F(FleetMoves, AWholeClusterAtAPace) {
    const auto job = scene.fleet().move_devices({.cluster = "east"}, "west", 100, scene.moment());
    ASSERT_TRUE(job);
    const auto first = scene.run(seconds(2));
    EXPECT_NEAR(static_cast<double>(first.size()), 200, 15);
    EXPECT_LT(served_by("west").size(), 900U) << "routes are not far ahead of the ends";
    const auto rest = scene.run(seconds(10));
    EXPECT_EQ(first.size() + rest.size(), count / 2);
    EXPECT_EQ(served_by("west").size(), count);
    EXPECT_EQ(scene.fleet().devices_of(scene.cluster_index("west")), count);
    const auto jobs = scene.fleet().jobs();
    ASSERT_EQ(jobs.front().id, *job);
    EXPECT_EQ(jobs.front().state, JobState::done);
    EXPECT_EQ(jobs.front().routed, count);
    EXPECT_EQ(jobs.front().done, count / 2);
    EXPECT_TRUE(scene.told("job 1 is done: move of the devices of cluster east to west, 600 connections"));
}

TEST_F(FleetMoves, ByTag) {
    ASSERT_TRUE(scene.fleet().move_devices({.tag = "blue"}, "south", 0, scene.moment()));
    scene.run(seconds(1));
    EXPECT_EQ(served_by("south").size(), count / 3);
    for (const std::string& device : served_by("south"))
        EXPECT_TRUE(scene.fleet().devices().find(device)->has_tag("blue"));
}

TEST_F(FleetMoves, APercentageIsAlwaysTheSameDevicesAndCanBeTakenBack) {
    ASSERT_TRUE(scene.fleet().move_devices({.percent = 10}, "west", 0, scene.moment()));
    scene.run(seconds(1));
    const auto ten = served_by("west");
    EXPECT_NEAR(static_cast<double>(ten.size()), count / 10.0, 50);
    ASSERT_TRUE(scene.fleet().move_devices({.percent = 30}, "west", 0, scene.moment()));
    scene.run(seconds(1));
    const auto thirty = served_by("west");
    EXPECT_TRUE(std::ranges::includes(thirty, ten));
    EXPECT_NEAR(static_cast<double>(thirty.size()), count * 0.3, 80);
    ASSERT_TRUE(scene.fleet().move_devices({}, "", 0, scene.moment()));
    scene.run(seconds(1));
    EXPECT_EQ(served_by("east").size(), count);
}

TEST_F(FleetMoves, ACancelledMoveLeavesNobodyInBetween) {
    const auto job = scene.fleet().move_devices({}, "west", 50, scene.moment());
    ASSERT_TRUE(job);
    scene.run(seconds(2));
    ASSERT_TRUE(scene.fleet().cancel_job(*job, scene.moment()));
    scene.run(seconds(1));
    const std::size_t moved = served_by("west").size();
    EXPECT_LT(moved, 500U);
    EXPECT_TRUE(scene.run(seconds(20)).empty());
    EXPECT_EQ(served_by("west").size(), moved);
    for (std::size_t i = 0; i < count; i += 2) {
        const auto present = scene.fleet().presence().find(id(i));
        if (!present) continue;
        EXPECT_EQ(present->cluster, scene.fleet().devices().find(id(i))->cluster());
    }
    EXPECT_TRUE(scene.fleet().cancel_job(*job, scene.moment()).error().is(FleetErrc::conflict));
    EXPECT_TRUE(scene.fleet().cancel_job(JobId(999), scene.moment()).error().is(FleetErrc::unknown_job));
}

TEST_F(FleetMoves, ThePaceMayBeChanged) {
    const auto job = scene.fleet().move_devices({}, "west", 1, scene.moment());
    ASSERT_TRUE(job);
    scene.run(seconds(2));
    ASSERT_TRUE(scene.fleet().set_job_pace(*job, 0, scene.moment()));
    scene.run(seconds(1));
    EXPECT_EQ(served_by("west").size(), count);
    EXPECT_FALSE(scene.fleet().set_job_pace(*job, 5, scene.moment())) << "done";
}

TEST_F(FleetMoves, ToANode) {
    ASSERT_TRUE(scene.fleet().move_devices({.percent = 5}, "south-2", 0, scene.moment()));
    scene.run(seconds(1));
    for (const std::string& device : served_by("south"))
        EXPECT_EQ(scene.first(device), "south-2");
    EXPECT_GT(served_by("south").size(), 20U);
}

TEST_F(FleetMoves, WrongOnesAreRefused) {
    EXPECT_FALSE(scene.fleet().move_devices({.cluster = "x"}, "west", 0, scene.moment()));
    EXPECT_FALSE(scene.fleet().move_devices({}, "x", 0, scene.moment()));
    EXPECT_FALSE(scene.fleet().move_devices({}, "west", -1, scene.moment()));
    EXPECT_FALSE(scene.fleet().move_devices({.percent = 0}, "west", 0, scene.moment()));
    EXPECT_FALSE(scene.fleet().move_devices({.percent = 101}, "west", 0, scene.moment()));
    EXPECT_TRUE(scene.fleet().take_effects().changes.empty());
}

}  // namespace
}  // namespace holdfast::fleet
