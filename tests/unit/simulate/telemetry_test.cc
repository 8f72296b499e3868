#include "simulate/telemetry.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::simulate {
namespace {

const WallTime moment{std::chrono::milliseconds(1'795'299'288'123)};

TEST(Telemetry, IsJsonWithNumberAndTime) {
    Dice dice(1);
    std::string text;
    write_telemetry(text, "meter-7", 42, moment, 0, dice);
    EXPECT_TRUE(text.starts_with(R"({"device":"meter-7","seq":42,"time":"2026-11-21T22:14:48.123Z","power_w":)")) << text;
    EXPECT_TRUE(text.ends_with("}"));
    EXPECT_EQ(read_seq(text), 42U);
}

TEST(Telemetry, IsFilledUpToItsSize) {
    for (const std::size_t size : {0U, 100U, 150U, 160U, 170U, 180U, 200U, 4096U}) {
        Dice dice(1);
        std::string text;
        write_telemetry(text, "meter-7", 1, moment, size, dice);
        EXPECT_GE(text.size(), std::min<std::size_t>(size, 130));
        if (size >= 200) {
            EXPECT_EQ(text.size(), size);
        }
        EXPECT_EQ(text.front(), '{');
        EXPECT_EQ(text.back(), '}');
    }
}

TEST(Telemetry, TheSameDiceSayTheSame) {
    Dice a(5), b(5);
    std::string first, second;
    write_telemetry(first, "x", 1, moment, 0, a);
    write_telemetry(second, "x", 1, moment, 0, b);
    EXPECT_EQ(first, second);
}

TEST(Telemetry, ReadsNoNumberWhereThereIsNone) {
    EXPECT_EQ(read_seq(""), std::nullopt);
    EXPECT_EQ(read_seq("{\"seq\":}"), std::nullopt);
    EXPECT_EQ(read_seq("{\"seq\":\"1\"}"), std::nullopt);
    EXPECT_EQ(read_seq("{\"seq\":99999999999999999999}"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::simulate
