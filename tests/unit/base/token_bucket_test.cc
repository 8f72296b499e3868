#include "base/token_bucket.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

using namespace std::chrono_literals;

TEST(TokenBucket, GivesItsBurstAtOnceAndThenItsRate) {
    Time now{};
    TokenBucket bucket(10, 3, now);
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now + 99ms));
    EXPECT_TRUE(bucket.take(now + 101ms));
    EXPECT_FALSE(bucket.take(now + 102ms));
}

TEST(TokenBucket, TellsWhenTheNextTokenComes) {
    Time now{};
    TokenBucket bucket(4, 1, now);
    EXPECT_EQ(bucket.next(now), now);
    ASSERT_TRUE(bucket.take(now));
    const Time next = bucket.next(now);
    EXPECT_FALSE(bucket.take(next - 1ms));
    EXPECT_TRUE(bucket.take(next));
}

TEST(TokenBucket, NeverKeepsMoreThanItsBurst) {
    Time now{};
    TokenBucket bucket(1000, 2, now);
    now += 1h;
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));
}

TEST(TokenBucket, RateOfZeroIsNoLimit) {
    TokenBucket bucket(0, 1, Time{});
    for (int i = 0; i < 1000; ++i)
        EXPECT_TRUE(bucket.take(Time{}));
}

}  // namespace
}  // namespace holdfast
