// A million random steps through everything a command can meet (model_world.h).

#include <gtest/gtest.h>

#include "model_world.h"

namespace holdfast::command {
namespace {

std::map<std::string, std::uint64_t> run(WorldOptions options, std::uint64_t first_seed, std::uint64_t seeds,
                                         std::uint64_t steps) {
    std::map<std::string, std::uint64_t> tally;
    for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
        World world(options, seed);
        while (world.steps() < steps && !world.fault)
            world.step();
        if (!world.fault) world.calm_down();
        EXPECT_FALSE(world.fault.has_value()) << *world.fault;
        for (const auto& [what, times] : world.tally)
            tally[what] += times;
        if (world.fault) break;
    }
    return tally;
}

std::string show(const std::map<std::string, std::uint64_t>& tally) {
    std::string text;
    for (const auto& [what, times] : tally)
        text += what + ": " + std::to_string(times) + "\n";
    return text;
}

TEST(CommandModel, HoldsItsPromisesInAnyHistory) {
    const auto tally = run({}, 1, 130, 4'000);
    // What is to be survived must have happened.
    for (const char* what : {"submitted",
                             "succeeded",
                             "failed",
                             "expired",
                             "timed_out",
                             "cancelled",
                             "rejected",
                             "resent",
                             "executed again",
                             "executed no",
                             "executed unknown",
                             "executed yes",
                             "moves",
                             "centre crashes",
                             "channel crashes",
                             "queue losses",
                             "reason attempts_exhausted",
                             "reason channel_lost",
                             "reason device_offline",
                             "reason device_disabled",
                             "reason device_unknown",
                             "reason no_answer"})
        EXPECT_GT(tally.contains(what) ? tally.at(what) : 0, 0U) << what << "\n" << show(tally);
}

TEST(CommandModel, HoldsItsPromisesWithAWiderWindow) {
    run({.devices = 3, .clusters = 2, .window = 3, .trouble = 1}, 1000, 60, 4'000);
}

TEST(CommandModel, HoldsItsPromisesInGreatTrouble) {
    run({.devices = 4, .clusters = 3, .window = 1, .trouble = 3}, 2000, 60, 4'000);
}

TEST(CommandModel, SendsEachCommandOnceWhereNothingGoesWrong) {
    auto tally = run({.devices = 8, .clusters = 2, .window = 1, .trouble = 0}, 3000, 10, 3'000);
    EXPECT_EQ(tally["executed again"], 0U);
    EXPECT_EQ(tally["reason channel_lost"], 0U);
    EXPECT_GT(tally["succeeded"], tally["submitted"] / 2) << show(tally);
}

}  // namespace
}  // namespace holdfast::command
