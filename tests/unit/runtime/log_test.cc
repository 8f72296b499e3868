#include "runtime/log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "runtime/system_clock.h"

namespace holdfast::log {
namespace {

using namespace std::chrono_literals;

class Log : public ::testing::Test {
protected:
    Log() {
        set_sink([this](std::string_view line) { lines_.emplace_back(line); });
    }
    ~Log() override {
        configure(Level::info, Format::text);
        set_sink({});
    }

    /// A line without its time.
    std::string line(std::size_t i) const { return i < lines_.size() ? lines_[i].substr(24) : "no such line"; }

    std::vector<std::string> lines_;
};

TEST_F(Log, WritesTextForPeople) {
    info("gateway", "device {} connected to {}", "meter-7", "east-1");
    ASSERT_EQ(lines_.size(), 1U);
    const std::regex form(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} INFO  gateway   device meter-7 connected to east-1)");
    EXPECT_TRUE(std::regex_match(lines_[0], form)) << lines_[0];
}

TEST_F(Log, WritesJsonForPrograms) {
    configure(Level::info, Format::json);
    warning("storage", "cannot write \"{}\"\\", "a\nb");
    ASSERT_EQ(lines_.size(), 1U);
    const std::regex form(R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",)"
                          R"("level":"warning","part":"storage","message":"cannot write \\"a\\u000ab\\"\\\\"\})");
    EXPECT_TRUE(std::regex_match(lines_[0], form)) << lines_[0];
}

TEST_F(Log, ChangesItsLevelAtRunTime) {
    debug("a", "not yet");
    configure(Level::debug, Format::text);
    debug("a", "now");
    configure(Level::error, Format::text);
    warning("a", "no more");
    error("a", "but this");
    ASSERT_EQ(lines_.size(), 2U);
    EXPECT_EQ(line(0), "DEBUG a         now");
    EXPECT_EQ(line(1), "ERROR a         but this");
}

TEST_F(Log, DoesNotLetADeviceForgeALine) {
    info("gateway", "device {}", "x\n2026-01-01 ERROR gateway  all is lost\x1b[2J\xff \xc3\xa9");
    EXPECT_EQ(line(0), "INFO  gateway   device x\\x0A2026-01-01 ERROR gateway  all is lost\\x1B[2J\\xFF \xc3\xa9");
}

TEST_F(Log, CountsRepeatedLinesInsteadOfWritingThem) {
    RepeatLimit limit(2, 10s);
    const Time start(100s);
    for (int i = 0; i < 216; ++i)
        limit.write(start + i * 1ms, Level::warning, "gateway", fmt::format("refused number {}", i));
    ASSERT_EQ(lines_.size(), 2U);
    limit.flush(start + 9s);
    ASSERT_EQ(lines_.size(), 2U);
    limit.flush(start + 10s);
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(line(2), "WARN  gateway   ... and 214 more in 10 s, the last: refused number 215");
    limit.flush(start + 30s);
    EXPECT_EQ(lines_.size(), 3U);
    limit.write(start + 31s, Level::warning, "gateway", "refused again");
    EXPECT_EQ(line(3), "WARN  gateway   refused again");
}

TEST_F(Log, TellsTheCountBeforeTheNextLine) {
    RepeatLimit limit(1, 10s);
    const Time start(100s);
    limit.write(start, Level::info, "a", "one");
    limit.write(start, Level::info, "a", "two");
    limit.write(start + 12s, Level::info, "a", "three");
    ASSERT_EQ(lines_.size(), 3U);
    EXPECT_EQ(line(1), "INFO  a         ... and 1 more in 12 s, the last: two");
    EXPECT_EQ(line(2), "INFO  a         three");
}

TEST_F(Log, KeepsLinesWholeAcrossThreads) {
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t) {
            threads.emplace_back([t] {
                for (int i = 0; i < 250; ++i)
                    info("thread", "{} says {}", t, i);
            });
        }
    }
    std::set<std::string> different;
    for (std::size_t i = 0; i < lines_.size(); ++i)
        different.insert(line(i));
    EXPECT_EQ(different.size(), 1000U);
}

TEST(SystemClock, RunsForward) {
    const runtime::SystemClock clock;
    const Time before = clock.now();
    EXPECT_LE(before, clock.now());
    EXPECT_GT(clock.wall(), WallTime(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
}

}  // namespace
}  // namespace holdfast::log
