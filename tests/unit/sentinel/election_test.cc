#include "sentinel/election.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

TEST(Majority, IsMoreThanHalf) {
    EXPECT_EQ(majority(1), 1U);
    EXPECT_EQ(majority(2), 2U);
    EXPECT_EQ(majority(3), 2U);
    EXPECT_EQ(majority(4), 3U);
    EXPECT_EQ(majority(5), 3U);
}

TEST(Ballot, GoesToWhoAsksFirst) {
    Ballot ballot;
    EXPECT_TRUE(ballot.ask("a", 1, 0));
    EXPECT_FALSE(ballot.ask("b", 1, 1));
    EXPECT_EQ(ballot.last(), (Vote{.leader = "a", .epoch = 1}));
    EXPECT_TRUE(ballot.ask("b", 2, 2));
    EXPECT_EQ(ballot.last(), (Vote{.leader = "b", .epoch = 2}));
}

TEST(Ballot, IsNotGivenForAnOldEpoch) {
    Ballot ballot;
    EXPECT_FALSE(ballot.ask("a", 4, 5));
    EXPECT_TRUE(ballot.ask("a", 5, 5));
    EXPECT_FALSE(ballot.ask("b", 4, 5));
}

TEST(Ballot, IsRememberedWithoutItsTarget) {
    Ballot ballot({.leader = {}, .epoch = 7});
    EXPECT_FALSE(ballot.ask("a", 7, 7));
    EXPECT_EQ(ballot.last().leader, "");
    EXPECT_TRUE(ballot.ask("a", 8, 7));
}

TEST(Ballot, HasOneVoteInEachEpochWhateverIsAsked) {
    EXPECT_TRUE(rc::check([](const std::vector<std::pair<unsigned char, unsigned char>>& asked) {
        Ballot ballot;
        std::map<std::uint64_t, std::string> votes;
        std::uint64_t current = 0;
        for (const auto& [who, epoch] : asked) {
            current = std::max<std::uint64_t>(current, epoch);
            const std::string candidate(1, static_cast<char>('a' + who % 5));
            if (!ballot.ask(candidate, epoch, current)) continue;
            RC_ASSERT(votes.try_emplace(ballot.last().epoch, candidate).second);
        }
    }));
}

TEST(Tally, IsWonWithEnoughVotes) {
    Tally tally(3, "me", 5, 3);
    tally.count("me", {.leader = "me", .epoch = 3});
    tally.count("x", {.leader = "me", .epoch = 3});
    EXPECT_FALSE(tally.won());
    tally.count("y", {.leader = "me", .epoch = 3});
    EXPECT_TRUE(tally.won());
}

TEST(Tally, CountsEachVoterOnceAndOnlyItsEpoch) {
    Tally tally(3, "me", 3, 2);
    tally.count("x", {.leader = "me", .epoch = 2});
    EXPECT_FALSE(tally.has_answered("x"));
    tally.count("x", {.leader = "me", .epoch = 3});
    tally.count("x", {.leader = "me", .epoch = 3});
    EXPECT_FALSE(tally.won());
}

TEST(Tally, IsLostWhenThoseWhoAreLeftCannotHelp) {
    Tally tally(3, "me", 3, 2);
    tally.count("me", {.leader = "me", .epoch = 3});
    EXPECT_FALSE(tally.lost(1));
    tally.count("x", {.leader = "other", .epoch = 3});
    EXPECT_FALSE(tally.lost(1));
    EXPECT_TRUE(tally.lost(0));
    EXPECT_EQ(tally.other_winner(), std::nullopt);
    tally.count("y", {.leader = "other", .epoch = 3});
    EXPECT_EQ(tally.other_winner(), "other");
}

TEST(Tally, LosesAVoterThatMovedOn) {
    Tally tally(3, "me", 3, 2);
    tally.count("x", {.leader = "me", .epoch = 4});
    EXPECT_TRUE(tally.has_answered("x"));
    tally.count("x", {.leader = "me", .epoch = 3});
    EXPECT_FALSE(tally.won());
}

TEST(Tally, NeedsMoreWhenMoreVotersBecomeKnown) {
    Tally tally(3, "me", 3, 2);
    tally.count("me", {.leader = "me", .epoch = 3});
    tally.count("x", {.leader = "me", .epoch = 3});
    tally.require(3);
    EXPECT_FALSE(tally.won());
    tally.require(2);
    EXPECT_FALSE(tally.won());
}

TEST(RetryPause, GrowsSlowlyAndHasABound) {
    Chance chance(1);
    for (unsigned lost = 1; lost < 100; ++lost) {
        const Duration pause = retry_pause(lost, 50ms, 300ms, chance);
        EXPECT_GE(pause, 50ms);
        EXPECT_LE(pause, lost == 1 ? Duration(300ms) : Duration(300ms * 16));
    }
}

TEST(Rank, IsAnOrderThatAllAgreeOn) {
    const std::vector<std::string> names{"a", "b", "c", "d"};
    for (const std::string_view subject : {"x", "y", "z"}) {
        std::set<unsigned> places;
        for (const std::string& me : names) {
            Rank rank(me, subject);
            for (const std::string& other : names) {
                if (other != me) rank.meet(other);
            }
            places.insert(rank.place());
        }
        EXPECT_EQ(places, (std::set<unsigned>{0, 1, 2, 3}));
    }
}

TEST(Rank, IsSpreadOverSubjects) {
    std::map<std::string, int> firsts;
    for (int group = 0; group < 300; ++group) {
        for (const std::string_view me : {"a", "b", "c"}) {
            Rank rank(me, "group-" + std::to_string(group));
            for (const std::string_view other : {"a", "b", "c"}) {
                if (other != me) rank.meet(other);
            }
            if (rank.place() == 0) ++firsts[std::string(me)];
        }
    }
    for (const auto& [name, count] : firsts)
        EXPECT_GT(count, 60) << name;
}

}  // namespace
}  // namespace holdfast::sentinel
