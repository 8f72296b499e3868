#include "base/ring.h"

#include <gtest/gtest.h>

namespace holdfast {
namespace {

TEST(Ring, KeepsTheNewestInOrder) {
    Ring<int> ring(3);
    EXPECT_TRUE(ring.empty());
    for (int i = 0; i < 7; ++i)
        ring.push(i);
    ASSERT_EQ(ring.size(), 3U);
    EXPECT_EQ(ring[0], 4);
    EXPECT_EQ(ring[1], 5);
    EXPECT_EQ(ring[2], 6);
}

}  // namespace
}  // namespace holdfast
