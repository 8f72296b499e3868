#include "sentinel/liveness.h"

#include <gtest/gtest.h>

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

constexpr Time start{1h};
constexpr Patience patient{.down_after = 1s};
constexpr Patience suspicious{.down_after = 1s, .early = 100ms};

Liveness reached() {
    Liveness life(start);
    life.answered(start);
    return life;
}

TEST(Liveness, WhoNeverAnswersIsDownAfterTheTime) {
    const Liveness life(start);
    EXPECT_FALSE(life.is_down(patient, false, start + 999ms));
    EXPECT_TRUE(life.is_down(patient, false, start + 1s));
}

TEST(Liveness, WhoOwesNoAnswerIsUp) {
    const Liveness life = reached();
    EXPECT_FALSE(life.down_at(patient));
    EXPECT_FALSE(life.is_down(patient, false, start + 1h));
}

TEST(Liveness, TheOldestUnansweredProbeCounts) {
    Liveness life = reached();
    life.probed(start + 1s);
    life.probed(start + 1500ms);
    EXPECT_EQ(life.down_at(patient), start + 2s);
    life.answered(start + 1900ms);
    life.probed(start + 2s);
    EXPECT_EQ(life.down_at(patient), start + 3s);
}

TEST(Liveness, AConnectionThatEndsStartsTheClock) {
    Liveness life = reached();
    life.lost(start + 5s);
    EXPECT_EQ(life.down_at(patient), start + 6s);
    life.lost(start + 5500ms);
    EXPECT_EQ(life.down_at(patient), start + 6s);
}

TEST(Liveness, RefusalIsSuspectedEarlyOnlyIfAsked) {
    Liveness life = reached();
    life.lost(start);
    EXPECT_EQ(life.down_at(patient), start + 1s);
    EXPECT_EQ(life.down_at(suspicious), start + 100ms);
}

TEST(Liveness, AnAcceptedConnectionEndsTheSuspicionButNotTheClock) {
    Liveness life = reached();
    life.lost(start);
    life.accepted();
    EXPECT_EQ(life.down_at(suspicious), start + 1s);
}

TEST(Liveness, UnreachableIsNoSuspicion) {
    Liveness life = reached();
    life.unreachable(start);
    EXPECT_EQ(life.down_at(suspicious), start + 1s);
}

TEST(Liveness, WhoWasNeverReachedIsNotSuspectedEarly) {
    Liveness life(start);
    life.lost(start);
    EXPECT_EQ(life.down_at(suspicious), start + 1s);
}

TEST(Liveness, OnlyAnAnswerMakesTheDeadLive) {
    Liveness life = reached();
    life.lost(start);
    EXPECT_TRUE(life.is_down(suspicious, false, start + 200ms));
    life.accepted();
    EXPECT_TRUE(life.is_down(suspicious, true, start + 300ms));
    life.answered(start + 300ms);
    EXPECT_FALSE(life.is_down(suspicious, true, start + 300ms));
}

TEST(Liveness, OwnPausesAreTakenOff) {
    Liveness life = reached();
    life.probed(start);
    life.discount(10s);
    EXPECT_EQ(life.down_at(patient), start + 11s);
}

TEST(Liveness, GraceLastsUntilTheFirstAnswer) {
    Liveness life = reached();
    life.lost(start);
    life.renew(start + 5s, 2s);
    EXPECT_EQ(life.down_at(suspicious), start + 8s);
    EXPECT_FALSE(life.was_reached());
    life.answered(start + 6s);
    life.probed(start + 7s);
    EXPECT_EQ(life.down_at(patient), start + 8s);
}

}  // namespace
}  // namespace holdfast::sentinel
