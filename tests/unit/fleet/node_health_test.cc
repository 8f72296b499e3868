#include "fleet/node_health.h"

#include <gtest/gtest.h>

namespace holdfast::fleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr HealthOptions options{.failures_to_suspect = 2,
                                .failures_to_down = 4,
                                .time_to_down = seconds(3),
                                .successes_to_up = 3,
                                .hint_interval = milliseconds(500)};

TEST(NodeHealth, IsUnknownUntilTheFirstProbe) {
    NodeHealthDetector detector(options);
    EXPECT_EQ(detector.health(), NodeHealth::suspect);
    EXPECT_FALSE(detector.known());
    EXPECT_EQ(detector.probed(true, Time{}), NodeHealth::up) << "one success is enough for a node that was never known";
    EXPECT_TRUE(detector.known());
}

TEST(NodeHealth, GoesDownByCountAndTime) {
    NodeHealthDetector detector(options);
    Time now{};
    detector.probed(true, now);
    EXPECT_EQ(detector.probed(false, now += milliseconds(500)), NodeHealth::up);
    EXPECT_EQ(detector.probed(false, now += milliseconds(500)), NodeHealth::suspect);
    for (int i = 0; i < 4; ++i)
        EXPECT_EQ(detector.probed(false, now += milliseconds(500)), NodeHealth::suspect) << "many enough, not long enough";
    EXPECT_EQ(detector.probed(false, now += milliseconds(500)), NodeHealth::down);
}

TEST(NodeHealth, TimeAloneIsNotEnough) {
    NodeHealthDetector detector(options);
    Time now{};
    detector.probed(true, now);
    for (int i = 0; i < 3; ++i)
        EXPECT_NE(detector.probed(false, now += seconds(10)), NodeHealth::down);
    EXPECT_EQ(detector.probed(false, now += seconds(10)), NodeHealth::down);
}

TEST(NodeHealth, OneSuccessEndsSuspicionButNotDown) {
    NodeHealthDetector detector(options);
    Time now{};
    detector.probed(true, now);
    for (int i = 0; i < 3; ++i)
        detector.probed(false, now += seconds(1));
    EXPECT_EQ(detector.health(), NodeHealth::suspect);
    EXPECT_EQ(detector.probed(true, now += seconds(1)), NodeHealth::up);
    for (int i = 0; i < 5; ++i)
        detector.probed(false, now += seconds(1));
    EXPECT_EQ(detector.health(), NodeHealth::down);
    EXPECT_EQ(detector.probed(true, now += seconds(1)), NodeHealth::down);
    EXPECT_EQ(detector.probed(false, now += seconds(1)), NodeHealth::down) << "the count of successes begins anew";
    EXPECT_EQ(detector.probed(true, now += seconds(1)), NodeHealth::down);
    EXPECT_EQ(detector.probed(true, now += seconds(1)), NodeHealth::down);
    EXPECT_EQ(detector.probed(true, now += seconds(1)), NodeHealth::up);
}

TEST(NodeHealth, ANodeThatNeverAnsweredGoesDown) {
    NodeHealthDetector detector(options);
    Time now{};
    for (int i = 0; i < 4; ++i)
        detector.probed(false, now += seconds(1));
    EXPECT_EQ(detector.health(), NodeHealth::down);
}

TEST(NodeHealth, HintsAskForAProbeAndNothingElse) {
    NodeHealthDetector detector(options);
    Time now{};
    detector.probed(true, now);
    EXPECT_TRUE(detector.hint(now));
    for (int i = 0; i < 100; ++i)
        EXPECT_FALSE(detector.hint(now += milliseconds(4)));
    EXPECT_TRUE(detector.hint(now += milliseconds(100)));
    EXPECT_EQ(detector.health(), NodeHealth::up);
}

}  // namespace
}  // namespace holdfast::fleet
