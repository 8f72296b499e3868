#include "fleet/takeovers.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

Moment at(int s) {
    return {Time(seconds(s)), WallTime(seconds(1'800'000'000 + s))};
}

TEST(Takeovers, ManyInAShortTimeAreAFight) {
    Takeovers takeovers({.takeovers = 3, .window = seconds(10)});
    EXPECT_FALSE(takeovers.seen("a", "x", "y", at(1)));
    EXPECT_FALSE(takeovers.seen("a", "y", "x", at(3)));
    EXPECT_TRUE(takeovers.fights(at(3).now, 10).empty());
    EXPECT_TRUE(takeovers.seen("a", "x", "y", at(5)));
    EXPECT_FALSE(takeovers.seen("a", "y", "x", at(6))) << "it goes on, it does not begin again";
    const auto fights = takeovers.fights(at(6).now, 10);
    ASSERT_EQ(fights.size(), 1U);
    EXPECT_EQ(fights[0].device, "a");
    EXPECT_EQ(fights[0].takeovers, 4U);
    EXPECT_EQ(fights[0].source_a, "y");
    EXPECT_EQ(fights[0].source_b, "x");
    EXPECT_EQ(fights[0].since, at(1).wall);
    EXPECT_TRUE(takeovers.fights(at(30).now, 10).empty()) << "over";
    EXPECT_EQ(takeovers.takeovers_in_all(), 4U);
    EXPECT_EQ(takeovers.fights_in_all(), 1U);
}

TEST(Takeovers, SlowOnesAreNoFight) {
    Takeovers takeovers({.takeovers = 3, .window = seconds(10)});
    for (int i = 0; i < 50; ++i)
        EXPECT_FALSE(takeovers.seen("a", "x", "y", at(i * 6)));
}

TEST(Takeovers, AFightThatWasOverMayBeginAgain) {
    Takeovers takeovers({.takeovers = 2, .window = seconds(10)});
    takeovers.seen("a", "x", "y", at(1));
    EXPECT_TRUE(takeovers.seen("a", "x", "y", at(2)));
    EXPECT_FALSE(takeovers.seen("a", "x", "y", at(100)));
    EXPECT_TRUE(takeovers.seen("a", "x", "y", at(101)));
    EXPECT_EQ(takeovers.fights_in_all(), 2U);
}

TEST(Takeovers, AreBoundedAndKeepTheRecentOnes) {
    Takeovers takeovers({.takeovers = 2, .window = seconds(1000), .max_watched = 10});
    for (int i = 0; i < 100; ++i) {
        const std::string device = fmt::format("d{}", i);
        takeovers.seen(device, "x", "y", at(i));
        takeovers.seen(device, "x", "y", at(i));
    }
    const auto fights = takeovers.fights(at(99).now, 100);
    EXPECT_LE(fights.size(), 10U);
    EXPECT_EQ(fights.front().device, "d99");
    EXPECT_EQ(takeovers.fights(at(99).now, 3).size(), 3U);
}

}  // namespace
}  // namespace holdfast::fleet
