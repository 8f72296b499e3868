// Ids: their text, their time and their order.

#include "command/command_id.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>
#include <string>

namespace holdfast::command {
namespace {

constexpr WallTime moment{std::chrono::milliseconds(1'790'000'000'123)};

TEST(CommandId, TextIsTwentySixCharactersThatFitAnywhere) {
    EXPECT_EQ(CommandId().text(), "00000000000000000000000000");
    EXPECT_EQ(CommandId(~0ULL, ~0ULL).text(), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
    EXPECT_EQ(CommandId(0, 31).text(), "0000000000000000000000000z");
    EXPECT_EQ(CommandId(0, 32).text(), "00000000000000000000000010");
}

TEST(CommandId, ReadsBackWhatItWrites) {
    EXPECT_TRUE(rc::check([](std::uint64_t high, std::uint64_t low, std::uint64_t other) {
        const CommandId id(high, low);
        std::string text = id.text();
        RC_ASSERT(CommandId::parse(text) == id);
        std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
        RC_ASSERT(CommandId::parse(text) == id);
        const CommandId second(other, low);
        RC_ASSERT((id < second) == (id.text() < second.text()));
    }));
}

TEST(CommandId, RefusesEverythingElse) {
    for (const char* text : {"", "0", "0000000000000000000000000", "000000000000000000000000000", "80000000000000000000000000",
                             "zzzzzzzzzzzzzzzzzzzzzzzzzz", "0000000000000000000000000i", "0000000000000000000000000l",
                             "0000000000000000000000000o", "0000000000000000000000000u", "0000000000000000000000000-",
                             "0000000000000000000000000\xC3", "00000000000000000000/00000"})
        EXPECT_FALSE(CommandId::parse(text)) << text;
}

TEST(CommandId, SortsByTimeAndTellsIt) {
    const CommandId id = CommandId::make(moment, ~0ULL, ~0ULL);
    EXPECT_EQ(id.time(), moment);
    EXPECT_LT(id, CommandId::first_at(moment + std::chrono::milliseconds(1)));
    EXPECT_GE(id, CommandId::first_at(moment));
    EXPECT_TRUE(id.valid());
    EXPECT_FALSE(CommandId().valid());
}

TEST(CommandId, AlwaysComesAfterTheLast) {
    const CommandId last = CommandId::make(moment, 5, ~0ULL);
    EXPECT_GT(CommandId::make_after(last, moment, 4, 0), last) << "the same millisecond";
    EXPECT_GT(CommandId::make_after(last, moment - std::chrono::hours(1), 9, 9), last) << "the clock stepped back";
    EXPECT_EQ(CommandId::make_after(last, moment - std::chrono::hours(1), 9, 9).time(), moment);
    const WallTime later = moment + std::chrono::milliseconds(1);
    EXPECT_EQ(CommandId::make_after(last, later, 1, 2), CommandId::make(later, 1, 2));
}

}  // namespace
}  // namespace holdfast::command
