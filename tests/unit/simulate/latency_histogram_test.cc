#include "simulate/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "simulate/dice.h"

namespace holdfast::simulate {
namespace {

using std::chrono::microseconds;

TEST(LatencyHistogram, QuantilesAreWithinSevenPercent) {
    Dice dice(3);
    LatencyHistogram histogram;
    std::vector<std::int64_t> exact;
    for (int i = 0; i < 100'000; ++i) {
        const auto us = static_cast<std::int64_t>(dice.exponential(5000)) + 1;
        exact.push_back(us);
        histogram.add(microseconds(us));
    }
    std::ranges::sort(exact);
    for (const double fraction : {0.1, 0.5, 0.9, 0.99, 0.999}) {
        const auto truth = static_cast<double>(exact[static_cast<std::size_t>(fraction * 100'000) - 1]);
        const auto told = std::chrono::duration<double, std::micro>(histogram.quantile(fraction)).count();
        EXPECT_GE(told, truth);
        EXPECT_LE(told, truth * 1.07 + 1) << fraction;
    }
    EXPECT_EQ(histogram.max(), microseconds(exact.back()));
    EXPECT_EQ(histogram.quantile(1.0), histogram.max());
    EXPECT_EQ(histogram.count(), 100'000U);
}

TEST(LatencyHistogram, TakesAnything) {
    LatencyHistogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), Duration::zero());
    histogram.add(Duration(-5));
    EXPECT_EQ(histogram.quantile(0.5), Duration::zero());
    histogram.add(Duration::max());
    EXPECT_EQ(histogram.max(), Duration::max());
    EXPECT_GT(histogram.quantile(1.0), std::chrono::hours(1));
}

TEST(LatencyHistogram, AddsUp) {
    LatencyHistogram a, b;
    a.add(microseconds(10));
    b.add(microseconds(1000));
    a.add(b);
    EXPECT_EQ(a.count(), 2U);
    EXPECT_EQ(a.max(), microseconds(1000));
    EXPECT_EQ(a.quantile(0.5), microseconds(10));
}

}  // namespace
}  // namespace holdfast::simulate
