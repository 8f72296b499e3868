#include "settings/values.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>

namespace holdfast::settings {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadWithTheirUnits) {
    EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
    EXPECT_EQ(*parse_duration("200ms"), 200ms);
    EXPECT_EQ(*parse_duration("2m"), 2min);
    EXPECT_EQ(*parse_duration("1h30m"), 90min);
    EXPECT_EQ(*parse_duration("1d"), 24h);
    EXPECT_EQ(*parse_duration("7us"), 7us);
    EXPECT_EQ(*parse_duration("0"), 0s);
}

TEST(Durations, AreRefusedWhenMalformed) {
    for (const char* text : {"", "10", "s", "1.s", ".5s", "-1s", "1 s", "1s ", "1S", "1e3s", "1sx", "ten seconds", "1s2"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
    EXPECT_TRUE(parse_duration("200d"));
    EXPECT_TRUE(parse_duration("300000d").error().is(SettingsErrc::out_of_bounds));
    EXPECT_FALSE(parse_duration("99999999999999999999999999999999999999999999d"));
}

TEST(Durations, AreWrittenAsTheyAreRead) {
    EXPECT_EQ(format_duration(1500ms), "1.5s");
    EXPECT_EQ(format_duration(90min), "90m");
    EXPECT_EQ(format_duration(250ms), "250ms");
    EXPECT_EQ(format_duration(1050ms), "1.05s");
    EXPECT_EQ(format_duration(0s), "0s");
    for (const Duration value : {Duration(1), Duration(1500), Duration(1'000'001), Duration(123'456'789'123), Duration(24h)}) {
        EXPECT_EQ(*parse_duration(format_duration(value)), value);
    }
}

TEST(Sizes, AreReadAndWritten) {
    EXPECT_EQ(parse_size("64KiB")->bytes, 65536U);
    EXPECT_EQ(parse_size("1.5MiB")->bytes, 1572864U);
    EXPECT_EQ(parse_size("10kB")->bytes, 10000U);
    EXPECT_EQ(parse_size("4096")->bytes, 4096U);
    for (const char* text : {"", "KiB", "64 KiB", "64kib", "-1", "1KiB2", "99999999999TiB"})
        EXPECT_FALSE(parse_size(text)) << text;
    EXPECT_EQ(format_size({65536}), "64KiB");
    EXPECT_EQ(format_size({1572864}), "1536KiB");
    EXPECT_EQ(format_size({1000}), "1000");
    EXPECT_EQ(format_size({0}), "0");
}

TEST(Addresses, AreReadAndWritten) {
    EXPECT_EQ(*parse_address("0.0.0.0:1883"), (Address{"0.0.0.0", 1883}));
    EXPECT_EQ(*parse_address("[::1]:1883"), (Address{"::1", 1883}));
    EXPECT_EQ(*parse_address("broker.example:1"), (Address{"broker.example", 1}));
    for (const char* text :
         {"", "1883", ":1883", "host", "host:", "host:x", "host:65536", "host:-1", "::1:1883", "[host]:1", "a b:1", "[]:1"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_EQ(format_address({"::1", 1883}), "[::1]:1883");
    EXPECT_EQ(format_address({"a", 0}), "a:0");
}

RC_GTEST_PROP(Durations, ReadBackWhatTheyWrite, ()) {
    const Duration value(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000'000'000));
    const auto unit = *rc::gen::element<std::int64_t>(1, 1'000, 1'000'000, 1'000'000'000, 60'000'000'000, 3'600'000'000'000);
    RC_ASSERT(*parse_duration(format_duration(value)) == value);
    const Duration rounded(value.count() / unit * unit);
    RC_ASSERT(*parse_duration(format_duration(rounded)) == rounded);
}

RC_GTEST_PROP(Sizes, ReadBackWhatTheyWrite, ()) {
    const auto bytes = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 50);
    const auto shift = *rc::gen::inRange(0, 45);
    const ByteSize size{bytes >> shift << shift};
    RC_ASSERT(*parse_size(format_size(size)) == size);
}

RC_GTEST_PROP(Values, SurviveAnyText, (const std::string& text)) {
    static_cast<void>(parse_duration(text));
    static_cast<void>(parse_size(text));
    if (const auto address = parse_address(text)) RC_ASSERT(*parse_address(format_address(*address)) == *address);
}

}  // namespace
}  // namespace holdfast::settings
