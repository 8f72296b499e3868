// Many histories. One of them alone: HOLDFAST_SIM_SEED=<seed>, with HOLDFAST_SIM_TELL=1 to be told all that happens. More of
// them: HOLDFAST_SIM_SEEDS=<count>.

#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "simulation.h"

namespace holdfast::sim {
namespace {

constexpr std::uint64_t usual_seeds = 200;

std::optional<std::uint64_t> from_environment(const char* name) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return std::strtoull(text, nullptr, 10);
}

volatile std::sig_atomic_t present_seed = 0;

/// An assertion in a machine ends the process: its seed must not be lost with it.
void tell_seed(int) {
    std::fprintf(stderr, "in the simulation with HOLDFAST_SIM_SEED=%d\n", static_cast<int>(present_seed));
    std::signal(SIGABRT, SIG_DFL);
    std::abort();
}

std::optional<Summary> run(std::uint64_t seed, bool tells) {
    present_seed = static_cast<std::sig_atomic_t>(seed);
    try {
        return Simulation(seed, tells).run();
    } catch (const Broken& broken) {
        ADD_FAILURE() << broken.what() << "\nagain: HOLDFAST_SIM_SEED=" << seed
                      << " HOLDFAST_SIM_TELL=1 <build>/tests/sim/fleet_simulation_test";
    }
    return std::nullopt;
}

TEST(FleetSimulation, HoldsInEveryHistory) {
    std::signal(SIGABRT, tell_seed);
    if (const auto seed = from_environment("HOLDFAST_SIM_SEED")) {
        static_cast<void>(run(*seed, from_environment("HOLDFAST_SIM_TELL").value_or(0) != 0));
        return;
    }
    const std::uint64_t seeds = from_environment("HOLDFAST_SIM_SEEDS").value_or(usual_seeds);
    Summary all;
    std::size_t failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && failures < 5; ++seed) {
        if (const auto summary = run(seed, false)) {
            all += *summary;
        } else {
            ++failures;
        }
    }
    fmt::print("{} histories: {} steps, {} opened, {} refused, {} messages\n", seeds, all.steps, all.opened, all.refused,
               all.messages);
    for (const auto& [reason, count] : all.ends)
        fmt::print("  ended {:<20} {}\n", to_string(reason), count);
    for (const auto& [reason, count] : all.refusals)
        fmt::print("  refused {:<18} {}\n", to_string(reason), count);
    std::signal(SIGABRT, SIG_DFL);
    fmt::print("  waited for an active node and opened {}\n", all.waited);
    if (failures != 0 || seeds < usual_seeds) return;
    EXPECT_GT(all.waited, 100U) << "CONNECTs hardly ever wait: the histories are too tame";
    using enum proxy::EndReason;
    for (const proxy::EndReason reason :
         {device_disconnected, device_closed, device_broken, device_silent, node_disconnected, node_broken, moved, drained,
          node_down, node_left, superseded, device_disabled, device_removed, shutting_down})
        EXPECT_GT(all.ends[reason], 0U) << to_string(reason) << " never happened: the histories are too tame";
}

}  // namespace
}  // namespace holdfast::sim
