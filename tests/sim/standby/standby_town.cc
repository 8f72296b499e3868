#include "sim/standby/standby_town.h"

#include <fmt/format.h>

#include <algorithm>

namespace holdfast::sim {

using sentinel::Standby;
using std::chrono::milliseconds;

namespace {
constexpr std::string_view group_name = "east";
}

StandbyTown::StandbyTown(std::uint64_t seed, StandbyTownPlan plan)
    : dice(seed), checker(plan.sentinels, plan.options), plan_(std::move(plan)), members_(plan_.members, MemberState::up) {
    for (std::size_t number = 1; number <= plan_.sentinels; ++number) {
        sentinels_.push_back(std::make_unique<Process>());
        sentinels_.back()->id = fmt::format("watch-{}", number);
        sentinels_.back()->address = fmt::format("10.0.0.{}:26379", number);
        sentinels_.back()->kept = {fresh_group()};
    }
    for (std::size_t number = 0; number < plan_.sentinels; ++number)
        restart(number);
}

StandbyTown::~StandbyTown() = default;

sentinel::StandbyGroup StandbyTown::fresh_group() const {
    sentinel::StandbyGroup group{.name = std::string(group_name), .options = plan_.options};
    for (std::size_t member = 0; member < plan_.members; ++member)
        group.members.push_back({.name = member_name(member), .priority = static_cast<unsigned>(10 * (member + 1))});
    return group;
}

bool StandbyTown::run_until(const std::function<bool()>& reached, Duration patience, Duration step) {
    const Time end = scheduler.now() + patience;
    while (!reached()) {
        if (scheduler.now() >= end) return false;
        run_for(step);
    }
    return true;
}

void StandbyTown::set_member(std::size_t member, MemberState state) {
    if (members_[member] == state) return;
    checker.member_changed(member_name(member), state == MemberState::up, scheduler.now());
    members_[member] = state;
    tell(fmt::format("-- {} is {}", member_name(member),
                     state == MemberState::up     ? "up"
                     : state == MemberState::dead ? "killed"
                                                  : "frozen"));
}

void StandbyTown::crash(std::size_t sentinel) {
    Process& process = *sentinels_[sentinel];
    if (!process.mind) return;
    tell(fmt::format("-- {} crashes", process.id));
    ++process.life;
    process.mind.reset();
    process.waiting.clear();
    checker.restarted(process.id);
}

void StandbyTown::restart(std::size_t sentinel) {
    Process& process = *sentinels_[sentinel];
    if (process.mind) return;
    std::vector<std::string> peers;
    for (const auto& other : sentinels_) {
        if (other.get() != &process) peers.push_back(other->address);
    }
    const std::uint64_t life = ++process.life;
    process.over = 0;
    process.disk_free = process.frozen_until = scheduler.now();
    process.armed = Time::max();
    process.mind = std::make_unique<Standby>(process.id, peers, process.kept_epoch, dice.any(), moment());
    for (const sentinel::StandbyGroup& group : process.kept) {
        if (auto put = process.mind->put_group(group, moment()); !put) throw Broken(put.error().message());
    }
    for (std::size_t member = 0; member < plan_.members; ++member)
        scheduler.after(dice.duration(Duration{}, plan_.probe_period), [=, this] { probe(sentinel, life, member); });
    act(sentinel);
}

void StandbyTown::freeze(std::size_t sentinel, Duration span) {
    tell(fmt::format("-- {} stands still for {} ms", sentinels_[sentinel]->id,
                     std::chrono::duration_cast<milliseconds>(span).count()));
    Process& process = *sentinels_[sentinel];
    process.frozen_until = std::max(process.frozen_until, scheduler.now() + span);
}

void StandbyTown::heal() {
    cut_.clear();
    cut_members_.clear();
    loss = 0;
}

Result<> StandbyTown::order(std::size_t sentinel, const std::string& to) {
    if (!is_running(sentinel)) return fail(sentinel::SentinelErrc::bad_argument, "it does not run");
    auto ordered = sentinels_[sentinel]->mind->failover(group_name, to, moment());
    act(sentinel);
    return ordered;
}

void StandbyTown::in(std::size_t sentinel, std::uint64_t life, Duration wait, std::function<void()> task) {
    scheduler.after(wait, [=, this] {
        Process& process = *sentinels_[sentinel];
        if (process.life != life || !process.mind) return;
        if (process.frozen_until > scheduler.now()) return in(sentinel, life, process.frozen_until - scheduler.now(), task);
        task();
        act(sentinel);
    });
}

void StandbyTown::act(std::size_t sentinel) {
    Process& process = *sentinels_[sentinel];
    const auto actions = process.mind->take_actions();
    checker.sees(process.id, view(sentinel), process.mind->current_epoch(), scheduler.now());
    for (const sentinel::StandbyAction& action : actions) {
        if (const auto* order = std::get_if<sentinel::Save>(&action)) save(sentinel, order->number);
    }
    for (const sentinel::StandbyAction& action : actions) {
        if (const auto* told = std::get_if<sentinel::Tell>(&action)) {
            tell(fmt::format("{} {} {}", process.id, told->event.name, told->event.text));
        } else if (const auto* to = std::get_if<sentinel::SwitchTo>(&action)) {
            tell(fmt::format("{} switches {} from {} to {} in epoch {}: {}", process.id, to->group,
                             to->from.empty() ? "-" : to->from, to->member, to->epoch, to->reason));
            checker.switched(process.id, *to, scheduler.now());
        } else if (const auto* say = std::get_if<sentinel::Say>(&action)) {
            when_saved(sentinel, say->after_save, [this, sentinel, words = *say] { deliver(sentinel, words); });
        }
    }
    const auto next = process.mind->next_timer();
    if (!next || *next >= process.armed) return;
    process.armed = *next;
    const Time when = *next;
    in(sentinel, process.life, std::max(when - scheduler.now(), Duration{}), [=, this] {
        if (sentinels_[sentinel]->armed == when) sentinels_[sentinel]->armed = Time::max();
        sentinels_[sentinel]->mind->tick(moment());
    });
}

void StandbyTown::save(std::size_t sentinel, sentinel::SaveNumber number) {
    Process& process = *sentinels_[sentinel];
    process.disk_free = std::max(process.disk_free, scheduler.now()) + dice.duration(plan_.least_disk, plan_.most_disk);
    // A disk writes on while its process stands still.
    scheduler.at(process.disk_free,
                 [=, this, groups = process.mind->groups(), epoch = process.mind->current_epoch(), life = process.life] {
                     Process& saved = *sentinels_[sentinel];
                     if (saved.life != life) return;
                     saved.kept = groups;
                     saved.kept_epoch = epoch;
                     in(sentinel, life, Duration{}, [=, this] {
                         Process& told = *sentinels_[sentinel];
                         told.over = std::max(told.over, number);
                         for (auto& [after, task] : std::exchange(told.waiting, {}))
                             when_saved(sentinel, after, std::move(task));
                         told.mind->saved(number, true, moment());
                     });
                 });
}

void StandbyTown::when_saved(std::size_t sentinel, sentinel::SaveNumber number, std::function<void()> task) {
    Process& process = *sentinels_[sentinel];
    if (number <= process.over) return task();
    process.waiting.emplace_back(number, std::move(task));
}

bool StandbyTown::passes(std::size_t from, std::size_t to) {
    return !cut_.contains(std::minmax(from, to)) && !dice.chance(loss);
}

void StandbyTown::answer_lost(std::size_t from, std::uint64_t life, const sentinel::Say& say, Duration wait) {
    in(from, life, wait, [=, this] { sentinels_[from]->mind->answered(say.peer, say.words, {}, moment()); });
}

void StandbyTown::deliver(std::size_t from, const sentinel::Say& say) {
    constexpr Duration answer_timeout = milliseconds(500);
    checker.leaves(sentinels_[from]->id, say.words, sentinels_[from]->kept_epoch);
    const std::uint64_t life = sentinels_[from]->life;
    const auto peer =
        std::ranges::find(sentinels_, say.peer, [](const auto& process) -> const std::string& { return process->address; });
    const auto to = static_cast<std::size_t>(peer - sentinels_.begin());
    if (peer == sentinels_.end() || !(*peer)->mind) return answer_lost(from, life, say, latency());
    if (say.words.at(1) == "VOTE")
        tell(fmt::format("{} -> {} asks for its vote in epoch {}", sentinels_[from]->id, (*peer)->id, say.words.at(4)));
    if (!passes(from, to)) return answer_lost(from, life, say, answer_timeout);
    const std::uint64_t their_life = (*peer)->life;
    // Whichever comes first: the answer, or the end of patience.
    const auto over = std::make_shared<bool>(false);
    in(from, life, answer_timeout, [=, this] {
        if (!std::exchange(*over, true)) sentinels_[from]->mind->answered(say.peer, say.words, {}, moment());
    });
    in(to, their_life, latency(), [=, this] {
        auto answer = sentinels_[to]->mind->said(say.words, moment());
        if (!answer) throw Broken(answer.error().message());
        const auto words = answer->words;
        // What the sentinel wants saved is written first.
        act(to);
        when_saved(to, answer->after_save, [=, this] {
            checker.leaves(sentinels_[to]->id, words, sentinels_[to]->kept_epoch);
            if (words.front() == "VOTE")
                tell(fmt::format("{} answers {}: epoch {} is {}'s", sentinels_[to]->id, sentinels_[from]->id, words.back(),
                                 words.at(words.size() - 2)));
            if (!passes(to, from)) return;
            in(from, life, latency(), [=, this] {
                if (!std::exchange(*over, true)) sentinels_[from]->mind->answered(say.peer, say.words, words, moment());
            });
        });
    });
}

void StandbyTown::probe(std::size_t sentinel, std::uint64_t life, std::size_t member) {
    if (sentinels_[sentinel]->life != life) return;
    in(sentinel, life, Duration{}, [=, this] {
        const std::string name = member_name(member);
        sentinels_[sentinel]->mind->probing(group_name, name, moment());
        const bool cut = cut_members_.contains({sentinel, member});
        const MemberState state = cut ? MemberState::frozen : members_[member];
        const Duration wait = state == MemberState::frozen ? plan_.probe_timeout : latency();
        in(sentinel, life, wait, [=, this] {
            const std::string_view detail = state == MemberState::up     ? ""
                                            : state == MemberState::dead ? "connection refused"
                                                                         : "no PINGRESP in time";
            sentinels_[sentinel]->mind->probed(group_name, name, state == MemberState::up, state == MemberState::dead, detail,
                                               moment());
        });
    });
    scheduler.after(plan_.probe_period, [=, this] { probe(sentinel, life, member); });
}

sentinel::StandbyView StandbyTown::view(std::size_t sentinel) const {
    return sentinels_[sentinel]->mind->view().front();
}

std::string StandbyTown::agreed_active() const {
    std::optional<sentinel::StandbyView> first;
    for (std::size_t number = 0; number < sentinels_.size(); ++number) {
        if (!is_running(number)) continue;
        const auto seen = view(number);
        if (!first) first = seen;
        if (seen.active != first->active || seen.config_epoch != first->config_epoch) return {};
    }
    return first ? first->active : std::string();
}

bool StandbyTown::is_up(const std::string& member) const {
    for (std::size_t number = 0; number < members_.size(); ++number) {
        if (member_name(number) == member) return members_[number] == MemberState::up;
    }
    return false;
}

std::string StandbyTown::picture() const {
    std::string text;
    for (std::size_t number = 0; number < members_.size(); ++number)
        text += fmt::format("{} {}; ", member_name(number), members_[number] == MemberState::up ? "up" : "not up");
    for (std::size_t number = 0; number < sentinels_.size(); ++number) {
        if (!is_running(number)) {
            text += fmt::format("{} is dead; ", sentinels_[number]->id);
            continue;
        }
        const auto seen = view(number);
        text += fmt::format("{}: {} since epoch {} ({}); ", sentinels_[number]->id, seen.active, seen.config_epoch, seen.doing);
    }
    return text;
}

}  // namespace holdfast::sim
