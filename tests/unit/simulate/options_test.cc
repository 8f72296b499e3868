#include "simulate/options.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace holdfast::simulate {
namespace {

TEST(Options, TheDefaultsAreSound) {
    EXPECT_EQ(problem_with(Options{}), "");
}

TEST(Options, EachMistakeHasItsSentence) {
    const std::vector<std::function<void(Options&)>> mistakes{
        [](Options& o) { o.devices = 0; },
        [](Options& o) { o.devices = 2'000'000; },
        [](Options& o) { o.rate = -1; },
        [](Options& o) { o.rate = std::numeric_limits<double>::quiet_NaN(); },
        [](Options& o) { o.connect_rate = 0; },
        [](Options& o) { o.payload = 1U << 30; },
        [](Options& o) { o.prefix = "a/b"; },
        [](Options& o) { o.prefix = "\"quoted\""; },
        [](Options& o) { o.prefix = std::string(101, 'a'); },
        [](Options& o) { o.duration = Duration(-1); },
        [](Options& o) { o.report_interval = Duration(0); },
        [](Options& o) { o.to.port = 0; },
        [](Options& o) { o.answers.errors = 1.5; },
        [](Options& o) { o.answers.forgets = std::numeric_limits<double>::quiet_NaN(); },
        [](Options& o) { o.answers.latency = Duration(-1); },
        [](Options& o) { o.answers.memory = 1'000'000; },
    };
    for (const auto& mistake : mistakes) {
        Options options;
        mistake(options);
        EXPECT_NE(problem_with(options), "");
    }
}

TEST(Profiles, HaveNamesThatReadBack) {
    for (const auto& row : profiles) {
        EXPECT_EQ(name(row.profile), row.name);
        EXPECT_EQ(profile_from(row.name), row.profile);
    }
    EXPECT_EQ(profile_from("no such"), std::nullopt);
}

}  // namespace
}  // namespace holdfast::simulate
