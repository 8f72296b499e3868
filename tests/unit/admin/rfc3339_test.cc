#include "admin/rfc3339.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace holdfast::admin {
namespace {

TEST(Rfc3339, IsReadAsItIsWritten) {
    EXPECT_EQ(rfc3339(WallTime(std::chrono::milliseconds(1'763'763'248'123))), "2025-11-21T22:14:08.123Z");
    EXPECT_TRUE(rc::check([] {
        const WallTime wall{std::chrono::milliseconds(*rc::gen::inRange<std::int64_t>(0, 253'402'300'799'999))};
        RC_ASSERT(parse_rfc3339(rfc3339(wall)) == wall);
    }));
}

TEST(Rfc3339, KnowsZonesAndFractions) {
    const WallTime eight = *parse_rfc3339("2026-12-01T08:00:00Z");
    EXPECT_EQ(parse_rfc3339("2026-12-01T09:00:00+01:00"), eight);
    EXPECT_EQ(parse_rfc3339("2026-11-30T22:30:00-09:30"), eight);
    EXPECT_EQ(parse_rfc3339("2026-12-01t08:00:00.5z"), eight + std::chrono::milliseconds(500));
    EXPECT_EQ(parse_rfc3339("2026-12-01T08:00:00.123456789Z"), eight + std::chrono::milliseconds(123));
    for (const std::string_view bad :
         {"", "2026-12-01", "2026-12-01T08:00Z", "2026-12-01T08:00:00", "2026-13-01T08:00:00Z", "2026-02-30T08:00:00Z",
          "2026-12-01T24:00:00Z", "2026-12-01T08:00:00.Z", "2026-12-01T08:00:00+1:00", "2026-12-01T08:00:00Zx"}) {
        EXPECT_EQ(parse_rfc3339(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace holdfast::admin
