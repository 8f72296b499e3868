// The arithmetic of pauses and turns.

#include "command/retry.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "command/pace.h"

namespace holdfast::command {
namespace {

using namespace std::chrono_literals;

TEST(Retry, PausesGrowToTheirBound) {
    const Retry retry;
    EXPECT_EQ(longest_pause(retry, 1), 200ms);
    EXPECT_EQ(longest_pause(retry, 2), 400ms);
    EXPECT_EQ(longest_pause(retry, 8), 25'600ms);
    EXPECT_EQ(longest_pause(retry, 9), 30s);
    EXPECT_EQ(longest_pause(retry, 100'000), 30s);
    EXPECT_EQ(longest_pause({.backoff_first = 0s}, 50), 0s);
    EXPECT_EQ(longest_pause({.backoff_first = 1min, .backoff_longest = 30s}, 1), 30s);
    EXPECT_EQ(longest_pause({.backoff_first = 1ns, .backoff_longest = Duration::max()}, 500), Duration::max());
}

TEST(Retry, JitterFillsThePauseEvenly) {
    Jitter jitter(7);
    const Time now{1h};
    int halves[2] = {};
    for (int i = 0; i < 10'000; ++i) {
        const Time at = pause_until({}, 3, now, now + 1h, jitter);
        ASSERT_GE(at, now);
        ASSERT_LE(at, now + 800ms);
        ++halves[at > now + 400ms ? 1 : 0];
    }
    EXPECT_NEAR(halves[0], 5000, 250);
}

TEST(Retry, NoPauseEndsAfterTheDeadline) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed, std::uint16_t number, std::uint32_t left) {
        Jitter jitter(seed);
        const Time now{1h};
        const Time deadline = now + Duration(1 + left);
        const Time at = pause_until({}, number, now, deadline, jitter);
        RC_ASSERT(at >= now && at < deadline);
    }));
    Jitter jitter(1);
    EXPECT_EQ(pause_until({}, 5, Time(1h), Time(1min), jitter), Time(1h)) << "it has passed";
}

TEST(Retry, ASeedGivesTheSamePausesAgain) {
    Jitter one(42);
    Jitter two(42);
    for (int i = 0; i < 100; ++i)
        EXPECT_EQ(one.upto(1s), two.upto(1s));
}

TEST(Pace, HandsOutSoManyTurnsASecond) {
    Pace pace(100);
    Time now{1h};
    std::size_t at_once = 0;
    for (int i = 0; i < 1000; ++i) {
        const Time turn = pace.reserve(now);
        ASSERT_GE(turn, now);
        if (turn == now) ++at_once;
        ASSERT_LE(turn, now + 10ms * (i + 1));
    }
    EXPECT_LE(at_once, 11U);
    EXPECT_NEAR(std::chrono::duration<double>(pace.next(now) - now).count(), 9.9, 0.1);
    Pace none(0);
    for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(none.reserve(now), now);
}

TEST(Pace, TimeThatPassesUnusedIsNotSavedUp) {
    Pace pace(10);
    static_cast<void>(pace.reserve(Time(1h)));
    const Time later{2h};
    std::size_t at_once = 0;
    while (pace.reserve(later) == later)
        ++at_once;
    EXPECT_LE(at_once, 2U);
}

}  // namespace
}  // namespace holdfast::command
