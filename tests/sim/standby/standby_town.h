#pragma once
// Sentinels, the members that they probe, and a network between them, in simulated time.

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sentinel/standby.h"
#include "sim/dice.h"
#include "sim/scheduler.h"
#include "sim/standby/standby_checker.h"

namespace holdfast::sim {

struct StandbyTownPlan {
    std::size_t sentinels = 3;
    std::size_t members = 2;
    sentinel::StandbyOptions options = {};
    Duration probe_period = std::chrono::milliseconds(250);
    Duration probe_timeout = std::chrono::milliseconds(400);
    Duration least_latency = std::chrono::milliseconds(1);
    Duration most_latency = std::chrono::milliseconds(1);
    Duration least_disk = std::chrono::milliseconds(2);
    Duration most_disk = std::chrono::milliseconds(2);
};

enum class MemberState : std::uint8_t { up, frozen, dead };

class StandbyTown {
public:
    StandbyTown(std::uint64_t seed, StandbyTownPlan plan);
    ~StandbyTown();

    void run_for(Duration span) { scheduler.run_until(scheduler.now() + span); }
    /// True as soon as `reached`.
    bool run_until(const std::function<bool()>& reached, Duration patience, Duration step = std::chrono::milliseconds(10));

    void set_member(std::size_t member, MemberState state);
    [[nodiscard]] MemberState member_state(std::size_t member) const { return members_[member]; }
    void crash(std::size_t sentinel);
    void restart(std::size_t sentinel);
    [[nodiscard]] bool is_running(std::size_t sentinel) const { return sentinels_[sentinel]->mind != nullptr; }
    /// It stands still for so long; what comes meanwhile is handled then.
    void freeze(std::size_t sentinel, Duration span);
    /// No word between two sentinels, or between a sentinel and a member.
    void cut(std::size_t sentinel, std::size_t other) { cut_.insert(std::minmax(sentinel, other)); }
    void cut_member(std::size_t sentinel, std::size_t member) { cut_members_.insert({sentinel, member}); }
    void heal();
    Result<> order(std::size_t sentinel, const std::string& to);

    [[nodiscard]] sentinel::StandbyView view(std::size_t sentinel) const;
    /// Of all sentinels that run; empty: they do not agree.
    [[nodiscard]] std::string agreed_active() const;
    [[nodiscard]] bool is_up(const std::string& member) const;
    [[nodiscard]] const StandbyTownPlan& plan() const noexcept { return plan_; }
    [[nodiscard]] std::string picture() const;
    static std::string member_name(std::size_t member) { return "east-" + std::to_string(member + 1); }

    Scheduler scheduler;
    Dice dice;
    StandbyChecker checker;
    double loss = 0;
    std::function<void(const std::string& line)> listener;

private:
    struct Process {
        std::string id;
        std::string address;
        std::unique_ptr<sentinel::Standby> mind = {};
        std::uint64_t life = 0;
        std::uint64_t kept_epoch = 0;  ///< on the disk
        std::vector<sentinel::StandbyGroup> kept = {};
        sentinel::SaveNumber over = 0;
        std::vector<std::pair<sentinel::SaveNumber, std::function<void()>>> waiting = {};
        Time disk_free{};
        Time frozen_until{};
        Time armed = Time::max();
    };

    void tell(const std::string& line) {
        if (listener) listener(line);
    }
    [[nodiscard]] Moment moment() const { return {.now = scheduler.now(), .wall = {}}; }
    [[nodiscard]] Duration latency() { return dice.duration(plan_.least_latency, plan_.most_latency); }
    [[nodiscard]] sentinel::StandbyGroup fresh_group() const;
    /// Runs `task` in the sentinel's present life, later when it is frozen, and what follows from it.
    void in(std::size_t sentinel, std::uint64_t life, Duration wait, std::function<void()> task);
    void act(std::size_t sentinel);
    void save(std::size_t sentinel, sentinel::SaveNumber number);
    void when_saved(std::size_t sentinel, sentinel::SaveNumber number, std::function<void()> task);
    void deliver(std::size_t from, const sentinel::Say& say);
    void answer_lost(std::size_t from, std::uint64_t life, const sentinel::Say& say, Duration wait);
    void probe(std::size_t sentinel, std::uint64_t life, std::size_t member);
    [[nodiscard]] bool passes(std::size_t from, std::size_t to);

    StandbyTownPlan plan_;
    std::vector<std::unique_ptr<Process>> sentinels_;
    std::vector<MemberState> members_;
    std::set<std::pair<std::size_t, std::size_t>> cut_;
    std::set<std::pair<std::size_t, std::size_t>> cut_members_;
};

}  // namespace holdfast::sim
