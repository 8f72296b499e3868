#include "simulate/close_times.h"

#include <gtest/gtest.h>

namespace holdfast::simulate {
namespace {

using std::chrono::milliseconds;

TEST(CloseTimes, TellsAloneFromTogether) {
    CloseTimes times;
    const Time alone{milliseconds(1000)};
    times.lost(alone);
    EXPECT_TRUE(times.was_alone(alone, milliseconds(300)));
    const Time first{milliseconds(5000)};
    times.lost(first);
    times.lost(Time{milliseconds(5200)});
    EXPECT_FALSE(times.was_alone(first, milliseconds(300)));
    EXPECT_FALSE(times.was_alone(Time{milliseconds(5200)}, milliseconds(300)));
    EXPECT_TRUE(times.was_alone(alone, milliseconds(300)));
}

TEST(CloseTimes, IsBounded) {
    CloseTimes times;
    for (int i = 0; i < 100'000; ++i)
        times.lost(Time{milliseconds(i)});
    EXPECT_FALSE(times.was_alone(Time{milliseconds(99'999)}, milliseconds(300)));
}

}  // namespace
}  // namespace holdfast::simulate
