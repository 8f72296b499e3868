// Many histories of sentinels and a group of standbys. One of them alone: HOLDFAST_SIM_SEED=<seed>, with HOLDFAST_SIM_TELL=1 to
// be told all that happens. More of them: HOLDFAST_SIM_SEEDS=<count>.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "sim/standby/standby_town.h"

namespace holdfast::sim {
namespace {

using sentinel::SwitchBack;
using std::chrono::milliseconds;
using std::chrono::seconds;

#ifdef __SANITIZE_ADDRESS__
// Each history takes ten times as long.
constexpr std::uint64_t usual_seeds = 80;
#else
constexpr std::uint64_t usual_seeds = 200;
#endif
constexpr std::size_t troubles = 40;
constexpr std::size_t member_troubles = 8;

std::optional<std::uint64_t> from_environment(const char* name) {
    const char* text = std::getenv(name);
    if (text == nullptr || *text == '\0') return std::nullopt;
    return std::strtoull(text, nullptr, 10);
}

StandbyTownPlan plan_of(Dice& dice) {
    constexpr std::array kinds{SwitchBack::by_hand, SwitchBack::automatic, SwitchBack::never};
    StandbyTownPlan plan;
    plan.sentinels = dice.between(1, 5);
    plan.members = dice.between(2, 4);
    plan.options.quorum = static_cast<unsigned>(dice.between(1, plan.sentinels));
    plan.options.down_after = milliseconds(dice.between(2, 10) * 250);
    plan.options.settle = seconds(dice.between(1, 5));
    plan.options.switch_back = dice.pick(kinds);
    plan.options.switch_back_after = seconds(dice.between(2, 6));
    if (dice.chance(0.3)) plan.options.early_suspicion = milliseconds(100);
    plan.most_latency = milliseconds(dice.between(1, 60));
    plan.most_disk = milliseconds(dice.between(2, 40));
    return plan;
}

void trouble_members(StandbyTown& town) {
    constexpr std::array states{MemberState::up, MemberState::up, MemberState::frozen, MemberState::dead};
    town.set_member(town.dice.below(town.plan().members), town.dice.pick(states));
}

void trouble(StandbyTown& town) {
    Dice& dice = town.dice;
    const std::size_t one = dice.below(town.plan().sentinels);
    const std::size_t other = dice.below(town.plan().sentinels);
    switch (dice.below(10)) {
        case 0:
            return town.is_running(one) ? town.crash(one) : town.restart(one);
        case 1:
            return town.restart(one);
        case 2:
            return town.freeze(one, dice.duration(milliseconds(50), seconds(6)));
        case 3:
        case 4:
            if (one != other) town.cut(one, other);
            return;
        case 5:
            return town.cut_member(one, dice.below(town.plan().members));
        case 6:
            town.loss = dice.chance(0.5) ? 0.3 : 0;
            return;
        case 7:
            return town.heal();
        case 8:
            // Refused when there is no reason or no way.
            if (town.is_running(one))
                static_cast<void>(town.order(one, StandbyTown::member_name(dice.below(town.plan().members))));
            return;
        default:
            return trouble_members(town);
    }
}

/// With all sentinels there and a member that may be active and is up, it becomes or stays active.
void requires_an_active_member(StandbyTown& town) {
    const auto& options = town.plan().options;
    const Duration patience = options.down_after + options.settle + options.switch_back_after + seconds(12);
    const auto is_well = [&town] {
        const std::string active = town.agreed_active();
        if (!active.empty() && town.is_up(active)) return true;
        // Nobody to take the place: all others are down, or passed over.
        for (const auto& member : town.view(0).members) {
            if (member.member.name != active && !member.passed_over && town.is_up(member.member.name)) return false;
        }
        return true;
    };
    if (!town.run_until(is_well, patience)) throw Broken("nobody up is active: " + town.picture());
}

/// Returns how often another member was made active.
std::size_t play(std::uint64_t seed) {
    Dice dice(seed);
    StandbyTown town(seed, plan_of(dice));
    if (std::getenv("HOLDFAST_SIM_TELL") != nullptr)
        town.listener = [&town](const std::string& line) {
            const auto passed =
                std::chrono::duration_cast<milliseconds>(town.scheduler.now().time_since_epoch()) - std::chrono::hours(1);
            fmt::print("{:>7} {}\n", passed.count(), line);
        };
    if (!town.run_until([&town] { return town.agreed_active() == "east-1"; }, seconds(3))) throw Broken("no first choice");
    for (std::size_t turn = 0; turn < troubles; ++turn) {
        trouble(town);
        town.run_for(town.dice.duration(milliseconds(10), seconds(3)));
    }
    town.heal();
    for (std::size_t number = 0; number < town.plan().sentinels; ++number)
        town.restart(number);
    town.run_for(seconds(7));
    requires_an_active_member(town);
    town.run_for(town.plan().options.settle + town.plan().options.switch_back_after + seconds(2));
    town.checker.only_members_fail(town.scheduler.now());
    for (std::size_t turn = 0; turn < member_troubles; ++turn) {
        trouble_members(town);
        town.run_for(town.dice.duration(milliseconds(10), seconds(4)));
    }
    requires_an_active_member(town);
    for (std::size_t member = 0; member < town.plan().members; ++member)
        town.set_member(member, MemberState::up);
    town.run_for(seconds(30));
    requires_an_active_member(town);
    const std::size_t decisions = town.checker.decisions();
    town.run_for(seconds(30));
    if (town.checker.decisions() != decisions) throw Broken("switches while all is well: " + town.picture());
    return decisions;
}

TEST(StandbySimulation, keeps_its_promises_in_every_history) {
    if (const auto seed = from_environment("HOLDFAST_SIM_SEED")) {
        try {
            fmt::print("{} decisions\n", play(*seed));
        } catch (const Broken& broken) {
            ADD_FAILURE() << broken.what();
        }
        return;
    }
    std::size_t decisions = 0;
    const std::uint64_t seeds = from_environment("HOLDFAST_SIM_SEEDS").value_or(usual_seeds);
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        try {
            decisions += play(seed);
        } catch (const Broken& broken) {
            ADD_FAILURE() << "seed " << seed << ": " << broken.what();
            if (::testing::Test::HasFailure() && seed > 50) return;
        }
    }
    fmt::print("{} histories, {} decisions\n", seeds, decisions);
    EXPECT_GT(decisions, seeds);
}

}  // namespace
}  // namespace holdfast::sim
