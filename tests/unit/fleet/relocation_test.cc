#include "fleet/relocation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace holdfast::fleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Moment at(Duration time) {
    return {Time(time), WallTime(std::chrono::duration_cast<milliseconds>(time))};
}

std::vector<ConnectionId> connections(std::size_t count, std::uint16_t thread = 0) {
    std::vector<ConnectionId> made;
    for (std::size_t i = 1; i <= count; ++i)
        made.push_back(ConnectionId::make(thread, i));
    return made;
}

/// All orders until `end`, asking only when the machine says so.
std::vector<std::pair<Time, EndOrder>> run(Relocation& relocation, Duration from, Duration end) {
    std::vector<std::pair<Time, EndOrder>> all;
    Time now(from);
    for (;;) {
        const auto next = relocation.next(now);
        if (!next || *next > Time(end)) return all;
        now = std::max(now, *next);
        std::vector<EndOrder> due;
        relocation.due({now, WallTime{}}, due);
        for (const EndOrder& order : due)
            all.emplace_back(now, order);
    }
}

TEST(Relocation, KeepsItsPace) {
    Relocation relocation;
    const JobId job = relocation.start(EndCause::drained, "drain of east-1", 100, connections(500), at(seconds(1)));
    const auto orders = run(relocation, seconds(1), seconds(10));
    ASSERT_EQ(orders.size(), 500U);
    for (int second = 1; second < 5; ++second) {
        const auto in_second = std::ranges::count_if(
            orders, [&](const auto& o) { return o.first >= Time(seconds(second)) && o.first < Time(seconds(second + 1)); });
        EXPECT_NEAR(static_cast<double>(in_second), 100, 11) << second;
    }
    EXPECT_EQ(orders.front().second, (EndOrder{ConnectionId::make(0, 1), EndCause::drained}));
    EXPECT_EQ(relocation.find(job)->state, JobState::done);
    EXPECT_EQ(relocation.find(job)->done, 500U);
    EXPECT_FALSE(relocation.next(Time(seconds(10))));
}

TEST(Relocation, UnpacedComesAtOnceInBatches) {
    Relocation relocation;
    relocation.start(EndCause::node_down, "x", 0, connections(2000), at(seconds(1)));
    std::vector<EndOrder> due;
    relocation.due(at(seconds(1)), due);
    EXPECT_EQ(due.size(), Relocation::max_batch);
    EXPECT_EQ(relocation.next(Time(seconds(1))), Time(seconds(1)));
    EXPECT_EQ(run(relocation, seconds(1), seconds(1)).size(), 2000 - Relocation::max_batch);
}

TEST(Relocation, JobsTakeTurns) {
    Relocation relocation;
    relocation.start(EndCause::drained, "many", 0, connections(10'000, 1), at(seconds(1)));
    relocation.start(EndCause::moved, "few", 0, connections(100, 2), at(seconds(1)));
    std::vector<EndOrder> due;
    relocation.due(at(seconds(1)), due);
    EXPECT_EQ(std::ranges::count(due, EndCause::moved, &EndOrder::cause), 100) << "the small job is not behind the big one";
}

TEST(Relocation, ACancelledJobEndsNothingMore) {
    Relocation relocation;
    const JobId job = relocation.start(EndCause::drained, "drain", 10, connections(100), at(seconds(1)));
    EXPECT_LT(run(relocation, seconds(1), seconds(3)).size(), 30U);
    EXPECT_TRUE(relocation.cancel(job, WallTime{}));
    EXPECT_FALSE(relocation.cancel(job, WallTime{}));
    EXPECT_TRUE(run(relocation, seconds(3), seconds(100)).empty());
    EXPECT_EQ(relocation.find(job)->state, JobState::cancelled);
    EXPECT_GT(relocation.find(job)->left, 70U);
}

TEST(Relocation, ThePaceMayChange) {
    Relocation relocation;
    const JobId job = relocation.start(EndCause::drained, "drain", 1, connections(1000), at(seconds(1)));
    EXPECT_LE(run(relocation, seconds(1), seconds(3)).size(), 3U);
    EXPECT_TRUE(relocation.set_pace(job, 1000, Time(seconds(3))));
    EXPECT_GT(run(relocation, seconds(3), seconds(5)).size(), 990U);
}

TEST(Relocation, AnEmptyJobIsDoneAndAnOpenOneWaits) {
    Relocation relocation;
    const JobId empty = relocation.start(EndCause::drained, "empty", 10, {}, at(seconds(1)));
    EXPECT_EQ(relocation.find(empty)->state, JobState::done);
    const JobId open = relocation.start(EndCause::moved, "open", 10, {}, at(seconds(1)), true);
    EXPECT_EQ(relocation.find(open)->state, JobState::running);
    EXPECT_TRUE(relocation.add(open, ConnectionId::make(0, 1)));
    EXPECT_EQ(run(relocation, seconds(1), seconds(2)).size(), 1U);
    EXPECT_EQ(relocation.find(open)->state, JobState::running);
    relocation.keep_open(open, false, WallTime{});
    EXPECT_EQ(relocation.find(open)->state, JobState::done);
    EXPECT_FALSE(relocation.add(open, ConnectionId::make(0, 2)));
}

TEST(Relocation, IsBounded) {
    Relocation relocation;
    for (std::size_t i = 0; i < Relocation::max_jobs; ++i)
        EXPECT_TRUE(relocation.start(EndCause::moved, "x", 1, connections(2), at(seconds(1))).valid());
    EXPECT_FALSE(relocation.start(EndCause::moved, "x", 1, connections(2), at(seconds(1))).valid());
    run(relocation, seconds(1), seconds(10));
    EXPECT_LE(relocation.jobs().size(), Relocation::max_finished);
    EXPECT_TRUE(relocation.start(EndCause::moved, "x", 1, connections(2), at(seconds(1))).valid());
}

}  // namespace
}  // namespace holdfast::fleet
