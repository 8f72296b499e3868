#include "proxy/admission.h"

#include <gtest/gtest.h>

namespace holdfast::proxy::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time start{std::chrono::hours(1)};

SourceAddress address(std::uint8_t last) {
    SourceAddress source{};
    source[15] = last;
    return source;
}

TEST(AdmissionDesk, WithoutLimitsAllMayEnter) {
    AdmissionDesk desk({}, start);
    for (int i = 0; i < 10'000; ++i)
        EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    EXPECT_EQ(desk.admitted(), 10'000U);
    EXPECT_EQ(desk.sources(), 1U);
    EXPECT_TRUE(desk.take_connect(start));
}

TEST(AdmissionDesk, CountsConnectionsInAll) {
    AdmissionDesk desk({.max_connections = 2}, start);
    EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    EXPECT_EQ(desk.enter(address(2)), Admission::admitted);
    EXPECT_EQ(desk.enter(address(3)), Admission::too_many_connections);
    desk.leave(address(1), Admission::admitted);
    EXPECT_EQ(desk.enter(address(3)), Admission::admitted);
    EXPECT_EQ(desk.admitted(), 2U);
}

TEST(AdmissionDesk, CountsConnectionsOfASource) {
    AdmissionDesk desk({.max_connections_per_source = 2}, start);
    EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    EXPECT_EQ(desk.enter(address(1)), Admission::too_many_from_source);
    EXPECT_EQ(desk.enter(address(2)), Admission::admitted);
    desk.leave(address(1), Admission::too_many_from_source);
    EXPECT_EQ(desk.enter(address(1)), Admission::too_many_from_source) << "the doomed one never counted";
    desk.leave(address(1), Admission::admitted);
    EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
}

TEST(AdmissionDesk, KeepsFewDoomedOnesAndTurnsTheRestAway) {
    AdmissionDesk desk({.max_connections = 1, .max_doomed = 2}, start);
    EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    EXPECT_EQ(desk.enter(address(1)), Admission::too_many_connections);
    EXPECT_EQ(desk.enter(address(1)), Admission::too_many_connections);
    EXPECT_EQ(desk.enter(address(1)), Admission::turned_away);
    desk.leave(address(1), Admission::turned_away);
    desk.leave(address(1), Admission::too_many_connections);
    EXPECT_EQ(desk.enter(address(1)), Admission::too_many_connections);
    EXPECT_EQ(desk.enter(address(1)), Admission::turned_away);
}

TEST(AdmissionDesk, ForgetsSourcesThatLeft) {
    AdmissionDesk desk({.max_connections_per_source = 1}, start);
    for (int i = 0; i < 256; ++i)
        EXPECT_EQ(desk.enter(address(static_cast<std::uint8_t>(i))), Admission::admitted);
    EXPECT_EQ(desk.sources(), 256U);
    for (int i = 0; i < 256; ++i)
        desk.leave(address(static_cast<std::uint8_t>(i)), Admission::admitted);
    EXPECT_EQ(desk.sources(), 0U);
    EXPECT_EQ(desk.admitted(), 0U);
}

TEST(AdmissionDesk, LetsConnectsThroughAtTheirRate) {
    AdmissionDesk desk({.connects_per_second = 10, .connect_burst = 3}, start);
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(desk.take_connect(start));
    EXPECT_FALSE(desk.take_connect(start));
    EXPECT_FALSE(desk.take_connect(start + milliseconds(99)));
    EXPECT_TRUE(desk.take_connect(start + milliseconds(100)));
    EXPECT_FALSE(desk.take_connect(start + milliseconds(100)));
    int taken = 0;
    for (int i = 0; i < 1000; ++i)
        taken += desk.take_connect(start + milliseconds(100 + i)) ? 1 : 0;
    EXPECT_NEAR(taken, 10, 1);
}

TEST(AdmissionDesk, NewLimitsHoldForTheNextOnes) {
    AdmissionDesk desk({.max_connections = 10}, start);
    for (int i = 0; i < 5; ++i)
        EXPECT_EQ(desk.enter(address(1)), Admission::admitted);
    desk.set_limits({.max_connections = 3}, start);
    EXPECT_EQ(desk.enter(address(2)), Admission::too_many_connections);
    EXPECT_EQ(desk.admitted(), 5U) << "nobody is thrown out";
    for (int i = 0; i < 3; ++i)
        desk.leave(address(1), Admission::admitted);
    EXPECT_EQ(desk.enter(address(2)), Admission::admitted);
}

}  // namespace
}  // namespace holdfast::proxy::test
