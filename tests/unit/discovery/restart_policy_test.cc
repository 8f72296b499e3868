#include "discovery/restart_policy.h"

#include <gtest/gtest.h>

namespace holdfast::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const RestartOptions options{milliseconds(200), seconds(10), seconds(10)};

TEST(RestartPolicy, WaitsGrowByDoublingUpToTheLongest) {
    RestartPolicy policy(options);
    Time now{};
    Duration expected = options.first;
    for (int i = 0; i < 100; ++i) {
        policy.started(now);
        now += milliseconds(10);
        EXPECT_EQ(policy.ended(now), std::min<Duration>(expected, options.longest));
        if (expected < options.longest) expected *= 2;
    }
}

TEST(RestartPolicy, BeginsAnewAfterASteadyRun) {
    RestartPolicy policy(options);
    Time now{};
    for (int i = 0; i < 5; ++i)
        static_cast<void>(policy.ended(now));
    policy.started(now);
    now += seconds(10);
    EXPECT_EQ(policy.ended(now), options.first);
    EXPECT_EQ(policy.failures(), 1U);
}

TEST(RestartPolicy, AStartThatFailedIsNoSteadyRun) {
    RestartPolicy policy(options);
    Time now{};
    policy.started(now);
    now += seconds(1);
    EXPECT_EQ(policy.ended(now), options.first);
    now += seconds(100);
    EXPECT_EQ(policy.ended(now), options.first * 2);
}

TEST(RestartPolicy, ALongestBelowTheFirstIsTheFirst) {
    RestartPolicy policy({seconds(1), milliseconds(1), seconds(10)});
    EXPECT_EQ(policy.ended(Time{}), seconds(1));
    EXPECT_EQ(policy.ended(Time{}), seconds(1));
}

}  // namespace
}  // namespace holdfast::discovery
