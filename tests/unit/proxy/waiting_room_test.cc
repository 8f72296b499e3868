#include "proxy/waiting_room.h"

#include <gtest/gtest.h>

namespace holdfast::proxy::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr fleet::ClusterIndex east(0);
constexpr fleet::ClusterIndex west(1);

TEST(WaitingRoom, HasRoomUpToItsBound) {
    WaitingRoom room({.max = 2});
    EXPECT_TRUE(room.has_room());
    room.enter(east);
    room.enter(west);
    EXPECT_FALSE(room.has_room());
    room.leave(east, &WaitingOutcomes::accepted);
    EXPECT_TRUE(room.has_room());
    room.set_limits({.max = 1});
    EXPECT_FALSE(room.has_room());
    EXPECT_EQ(room.waiting(), 1U);
    room.set_limits({.max = 0});
    room.leave(west, &WaitingOutcomes::refused);
    EXPECT_FALSE(room.has_room()) << "nobody may wait at all";
}

TEST(WaitingRoom, LeadsAsManyOnInASecondAsItsPaceSays) {
    WaitingRoom room({.max = 10'000, .pace = 2'000});
    EXPECT_EQ(room.spread(), Duration::zero());
    for (int i = 0; i < 500; ++i)
        room.enter(east);
    EXPECT_EQ(room.spread(), milliseconds(250));
    for (int i = 0; i < 3500; ++i)
        room.enter(west);
    EXPECT_EQ(room.spread(), seconds(2));
    room.set_limits({.pace = 0});
    EXPECT_EQ(room.spread(), Duration::zero()) << "all at once";
}

TEST(WaitingRoom, TellsOfTheFirstAndOfTheLastOfEachCluster) {
    WaitingRoom room({});
    EXPECT_TRUE(room.enter(east));
    EXPECT_TRUE(room.enter(west));
    EXPECT_FALSE(room.enter(east));
    EXPECT_FALSE(room.enter(east));
    EXPECT_FALSE(room.leave(east, &WaitingOutcomes::accepted));
    EXPECT_FALSE(room.leave(east, &WaitingOutcomes::refused));
    const auto of_west = room.leave(west, &WaitingOutcomes::gave_up);
    ASSERT_TRUE(of_west);
    EXPECT_EQ(of_west->gave_up, 1U);
    EXPECT_EQ(of_west->all(), 1U);
    const auto of_east = room.leave(east, &WaitingOutcomes::accepted);
    ASSERT_TRUE(of_east);
    EXPECT_EQ(of_east->accepted, 2U);
    EXPECT_EQ(of_east->refused, 1U);
    EXPECT_TRUE(room.enter(east)) << "another time";
    EXPECT_EQ(room.leave(east, &WaitingOutcomes::accepted)->all(), 1U);
    EXPECT_EQ(room.outcomes().accepted, 3U);
    EXPECT_EQ(room.outcomes().all(), 5U);
}

}  // namespace
}  // namespace holdfast::proxy::test
