#include "simulate/echo_ledger.h"

#include <gtest/gtest.h>

namespace holdfast::simulate {
namespace {

using std::chrono::milliseconds;

TEST(EchoLedger, KnowsHowLongEachTook) {
    EchoLedger ledger;
    EXPECT_TRUE(ledger.sent(1, Time{}));
    EXPECT_TRUE(ledger.sent(2, Time{milliseconds(5)}));
    EXPECT_EQ(ledger.back(2, Time{milliseconds(7)}), milliseconds(2));
    EXPECT_EQ(ledger.back(1, Time{milliseconds(7)}), milliseconds(7));
    EXPECT_EQ(ledger.back(1, Time{milliseconds(8)}), std::nullopt) << "a duplicate";
    EXPECT_EQ(ledger.size(), 0U);
}

TEST(EchoLedger, GivesUpTheOldestWhenFull) {
    EchoLedger ledger;
    for (std::uint64_t i = 0; i < EchoLedger::capacity; ++i)
        ASSERT_TRUE(ledger.sent(i, Time{}));
    EXPECT_FALSE(ledger.sent(EchoLedger::capacity, Time{}));
    EXPECT_EQ(ledger.size(), EchoLedger::capacity);
    EXPECT_EQ(ledger.back(0, Time{}), std::nullopt);
    EXPECT_TRUE(ledger.back(1, Time{}));
}

}  // namespace
}  // namespace holdfast::simulate
