// Many histories of sentinels. One of them alone: HOLDFAST_SIM_SEED=<seed>, with HOLDFAST_SIM_TELL=1 to be told all that
// happens. More of them: HOLDFAST_SIM_SEEDS=<count>.

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "town.h"

namespace holdfast::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

#ifdef __SANITIZE_ADDRESS__
// Each history takes ten times as long.
constexpr std::uint64_t usual_seeds = 80;
#else
constexpr std::uint64_t usual_seeds = 200;
#endif

std::optional<std::uint64_t> from_environment(const char* name) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return std::strtoull(text, nullptr, 10);
}

struct Summary {
    std::size_t elections = 0;
    std::size_t switches = 0;
    std::size_t final_switches = 0;
    Duration longest{};
};

TownPlan plan_of(Dice& dice, std::uint64_t seed) {
    TownPlan plan;
    const std::size_t all = 3 + dice.below(5);
    plan.stock = seed % 2 == 0 ? 0 : dice.between(1, all - 1);
    plan.own = all - plan.stock;
    plan.servers = dice.between(2, 4);
    plan.down_after = plan.stock > 0 ? milliseconds(2000) : milliseconds(dice.between(2, 10) * 200);
    plan.failover_timeout = seconds(10);
    if (dice.chance(0.3)) plan.early_suspicion = milliseconds(100);
    if (dice.chance(0.1)) plan.quorum = 1;
    return plan;
}

/// Whether, once the troubles are over, all is well again; and then, what a dead master comes to.
void settle_and_kill(City& city, Town& town, const TownPlan& plan, Summary& summary) {
    town.repair();
    const Duration patience = plan.stock > 0 ? 2 * plan.failover_timeout + seconds(90) : seconds(60);
    if (!town.run_until([&] { return town.is_whole(); }, patience)) throw Broken("is not whole again, " + town.picture());
    // INFO of everybody is read again within its period.
    town.run_for(plan.stock > 0 ? 2 * plan.failover_timeout + seconds(15) : seconds(15));
    if (!town.is_whole()) throw Broken("does not stay whole, " + town.picture());
    RedisModel* old_master = town.agreed_master();
    const std::size_t switches = town.switches();
    const Time killed = city.now();
    city.tell("-- {} is killed", old_master->name());
    old_master->crash();
    const auto replaced = [&] {
        RedisModel* master = town.agreed_master();
        return master != nullptr && master != old_master && master->is_master();
    };
    const Duration slack = plan.stock > 0 ? seconds(25) : milliseconds(2500);
    if (!town.run_until(replaced, plan.down_after + slack)) throw Broken("the dead master is not replaced, " + town.picture());
    summary.longest = std::max(summary.longest, city.now() - killed - plan.down_after);
    town.run_for(seconds(12));
    const std::size_t once = town.own.size() + town.stock.size();
    if (town.switches() - switches != once)
        throw Broken(
            fmt::format("{} switches at {} sentinels for one death, {}", town.switches() - switches, once, town.picture()));
    summary.final_switches += once;
}

Summary history(std::uint64_t seed, bool tells) {
    City city(seed);
    if (tells) city.listener = [](double ms, const std::string& line) { fmt::print(stderr, "{:>9.1f} {}\n", ms, line); };
    const TownPlan plan = plan_of(city.dice, seed);
    city.tell("{} own, {} stock, {} servers, down after {} ms", plan.own, plan.stock, plan.servers,
              plan.down_after.count() / 1'000'000);
    Town town(city, plan);
    Summary summary;
    town.run_for(seconds(12));
    for (std::size_t strikes = city.dice.between(3, 14); strikes > 0; --strikes) {
        town.strike();
        town.run_for(city.dice.chance(0.5) ? city.dice.duration({}, milliseconds(500)) : city.dice.duration({}, seconds(8)));
    }
    settle_and_kill(city, town, plan, summary);
    summary.elections = city.elections;
    summary.switches = town.switches();
    return summary;
}

std::optional<Summary> run(std::uint64_t seed, bool tells) {
    try {
        return history(seed, tells);
    } catch (const Broken& broken) {
        ADD_FAILURE() << broken.what() << "\nagain: HOLDFAST_SIM_SEED=" << seed
                      << " HOLDFAST_SIM_TELL=1 <build>/tests/sim/sentinel/sentinel_simulation_test";
    }
    return std::nullopt;
}

TEST(SentinelSimulation, HoldsInEveryHistory) {
    if (const auto seed = from_environment("HOLDFAST_SIM_SEED")) {
        static_cast<void>(run(*seed, from_environment("HOLDFAST_SIM_TELL").value_or(0) != 0));
        return;
    }
    const std::uint64_t seeds = from_environment("HOLDFAST_SIM_SEEDS").value_or(usual_seeds);
    Summary all;
    std::size_t failures = 0;
    for (std::uint64_t seed = 1; seed <= seeds && failures < 5; ++seed) {
        if (const auto summary = run(seed, false)) {
            all.elections += summary->elections;
            all.switches += summary->switches;
            if (seed % 2 == 0) all.longest = std::max(all.longest, summary->longest);
        } else {
            ++failures;
        }
    }
    fmt::print("{} histories: {} elections, {} switches; own alone, down-after + {} ms at most\n", seeds, all.elections,
               all.switches, all.longest.count() / 1'000'000);
}

}  // namespace
}  // namespace holdfast::sim
