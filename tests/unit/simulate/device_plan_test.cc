// Devices' lives in simulated time.

#include "simulate/device_plan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace holdfast::simulate {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Step = DevicePlan::Step;
using State = DevicePlan::State;

// A world in which every connection comes about after 10 ms, and ends as the device wants.
struct World {
    explicit World(const PlanOptions& options, std::uint64_t seed = 1) : plan(options, seed, Time{}) {}

    void live(Duration span) {
        const Time end = now + span;
        while (plan.deadline() <= end) {
            now = std::max(now, plan.deadline());
            const Step step = plan.on_time(now);
            if (step == Step::none) break;
            history.emplace_back(now, step);
            if (step == Step::connect) {
                ++connects;
                now += milliseconds(10);
                plan.on_ready(now);
            }
            if (step == Step::disconnect) plan.on_ended(now, false);
            if (step == Step::publish) ++published;
            if (step == Step::break_off) ++breaks;
        }
        now = std::max(now, end);
    }

    DevicePlan plan;
    Time now{};
    std::vector<std::pair<Time, Step>> history;
    int connects = 0;
    int published = 0;
    int breaks = 0;
};

class EachProfile : public ::testing::TestWithParam<Profile> {};

TEST_P(EachProfile, KeepsItsRateOnAverage) {
    PlanOptions options;
    options.profile = GetParam();
    options.rate = 2;
    double published = 0;
    constexpr int devices = 50;
    for (int i = 0; i < devices; ++i) {
        World world(options, static_cast<std::uint64_t>(i));
        world.live(minutes(12));
        published += world.published;
    }
    const double expected = devices * 12 * 60 * options.rate;
    // The flaky ones are away now and then.
    EXPECT_NEAR(published / expected, 1.0, 0.12);
}

TEST_P(EachProfile, TheSameSeedLivesTheSameLife) {
    PlanOptions options;
    options.profile = GetParam();
    World a(options, 7), b(options, 7), c(options, 8);
    for (World* world : {&a, &b, &c})
        world->live(minutes(5));
    EXPECT_EQ(a.history, b.history);
    EXPECT_NE(a.history, c.history);
}

TEST_P(EachProfile, WithoutARateNothingIsPublished) {
    PlanOptions options;
    options.profile = GetParam();
    options.rate = 0;
    World world(options);
    world.live(minutes(10));
    EXPECT_EQ(world.published, 0);
    EXPECT_GE(world.connects, 1);
}

INSTANTIATE_TEST_SUITE_P(All, EachProfile,
                         ::testing::Values(Profile::steady, Profile::bursty, Profile::sleepy, Profile::flaky,
                                           Profile::commuter),
                         [](const auto& test) { return std::string(name(test.param)); });

TEST(DevicePlan, BurstyDevicesSendTenAtOnce) {
    PlanOptions options;
    options.profile = Profile::bursty;
    options.rate = 0.5;
    World world(options);
    world.live(minutes(5));
    int in_a_row = 0;
    Time last{};
    std::vector<int> bursts;
    for (const auto& [when, step] : world.history) {
        if (step != Step::publish) continue;
        if (when - last > seconds(1)) {
            if (in_a_row > 0) bursts.push_back(in_a_row);
            in_a_row = 0;
        }
        ++in_a_row;
        last = when;
    }
    ASSERT_GT(bursts.size(), 5U);
    for (const int burst : bursts)
        EXPECT_EQ(burst, 10);
}

TEST(DevicePlan, SleepyDevicesSayGoodbyeAndComeBack) {
    PlanOptions options;
    options.profile = Profile::sleepy;
    World world(options);
    world.live(minutes(10));
    EXPECT_NEAR(world.connects, 20, 3);
    EXPECT_EQ(world.breaks, 0);
}

TEST(DevicePlan, FlakyDevicesBreakOff) {
    PlanOptions options;
    options.profile = Profile::flaky;
    World world(options);
    world.live(minutes(30));
    EXPECT_NEAR(world.breaks, 60, 25);
    EXPECT_GE(world.connects, world.breaks);
}

TEST(DevicePlan, CommutersHaveRushHours) {
    PlanOptions options;
    options.profile = Profile::commuter;
    options.rate = 10;
    World world(options);
    std::vector<int> eighths;
    for (int i = 0; i < 8; ++i) {
        const int before = world.published;
        world.live(seconds(30));
        eighths.push_back(world.published - before);
    }
    EXPECT_GT(eighths[1] + eighths[2], 3 * (eighths[0] + eighths[7]));
    EXPECT_GT(eighths[5] + eighths[6], 3 * (eighths[3] + eighths[4]));
}

TEST(DevicePlan, BackOffIsFullJitterThatGrows) {
    PlanOptions options;
    double sums[8] = {};
    constexpr int devices = 500;
    for (int i = 0; i < devices; ++i) {
        DevicePlan plan(options, static_cast<std::uint64_t>(i), Time{});
        Time now{};
        for (double& sum : sums) {
            now = plan.deadline();
            ASSERT_EQ(plan.on_time(now), Step::connect);
            plan.on_failed(now);
            const double wait = std::chrono::duration<double>(plan.deadline() - now).count();
            ASSERT_LE(wait, 30.0);
            sum += wait;
        }
    }
    for (int n = 0; n < 8; ++n) {
        const double expected = std::min(30.0, std::ldexp(1.0, n)) / 2;
        EXPECT_NEAR(sums[n] / devices, expected, expected * 0.2) << n;
    }
}

TEST(DevicePlan, ASteadyConnectionBeginsTheBackOffAnew) {
    PlanOptions options;
    DevicePlan plan(options, 1, Time{});
    Time now{};
    for (int i = 0; i < 10; ++i) {
        now = plan.deadline();
        ASSERT_EQ(plan.on_time(now), Step::connect);
        plan.on_failed(now);
    }
    now = plan.deadline();
    ASSERT_EQ(plan.on_time(now), Step::connect);
    plan.on_ready(now);
    now += seconds(6);
    plan.on_ended(now, true);
    EXPECT_LE(plan.deadline() - now, options.backoff_first);
}

TEST(DevicePlan, ALoginLoopKeepsBackingOff) {
    PlanOptions options;
    double last_waits = 0;
    constexpr int devices = 100;
    for (int i = 0; i < devices; ++i) {
        DevicePlan plan(options, static_cast<std::uint64_t>(i), Time{});
        Time now{};
        for (int n = 0; n < 10; ++n) {
            now = plan.deadline();
            ASSERT_EQ(plan.on_time(now), Step::connect);
            plan.on_ready(now);
            plan.on_ended(now, true);
        }
        last_waits += std::chrono::duration<double>(plan.deadline() - now).count();
    }
    EXPECT_GT(last_waits / devices, 10.0) << "thrown out right after each connect";
}

TEST(DevicePlan, WondersBeforeItComesBackFromASilentLoss) {
    PlanOptions options;
    options.wonder = milliseconds(500);
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        DevicePlan plan(options, seed, Time{});
        ASSERT_EQ(plan.on_time(Time{}), Step::connect);
        plan.on_ready(Time{});
        plan.on_ended(Time{}, true);
        EXPECT_GE(plan.deadline(), Time{milliseconds(500)});
    }
}

TEST(DevicePlan, StepsAsideForGoodOrForATime) {
    for (const Duration aside : {Duration::max(), Duration(minutes(5))}) {
        PlanOptions options;
        options.step_aside = aside;
        DevicePlan plan(options, 1, Time{});
        ASSERT_EQ(plan.on_time(Time{}), Step::connect);
        plan.on_ready(Time{});
        plan.on_taken_over(Time{seconds(1)});
        EXPECT_EQ(plan.state(), State::aside);
        plan.on_ended(Time{seconds(1)}, true);
        EXPECT_EQ(plan.state(), State::aside) << "the end of its connection changes nothing";
        EXPECT_EQ(plan.deadline(), aside == Duration::max() ? Time::max() : Time{seconds(1)} + aside);
    }
}

TEST(DevicePlan, StopsForGood) {
    PlanOptions options;
    DevicePlan plan(options, 1, Time{});
    ASSERT_EQ(plan.on_time(Time{}), Step::connect);
    plan.on_ready(Time{});
    plan.stop();
    plan.on_ended(Time{}, true);
    plan.on_failed(Time{});
    plan.on_taken_over(Time{});
    EXPECT_EQ(plan.deadline(), Time::max());
    EXPECT_EQ(plan.on_time(Time::max()), Step::none);
}

}  // namespace
}  // namespace holdfast::simulate
