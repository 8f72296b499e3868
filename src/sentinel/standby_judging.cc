// Who is down: in the own view, and by agreement; and what is to be done about it.

#include <fmt/format.h>

#include <algorithm>

#include "sentinel/standby_state.h"

namespace holdfast::sentinel {

namespace {

/// Peers are asked again so soon, and the more rarely, the longer there is no agreement.
constexpr Duration ask_soonest = std::chrono::milliseconds(30);
constexpr Duration ask_slowest = std::chrono::seconds(1);
/// What a peer has said counts so long; a question is given up after it.
constexpr Duration word_lasts = std::chrono::seconds(5);

}  // namespace

Time Standby::State::step(StandbyWatch& watch) {
    Time next = Time::max();
    for (auto& [name, seat] : watch.seats)
        judge(watch, seat, next);
    judge_agreement(watch, next);
    if (watch.election) await_votes(watch, next);
    if (!watch.election) maybe_begin(watch, next);
    return next;
}

void Standby::State::judge(StandbyWatch& watch, StandbySeat& seat, Time& next) {
    const Patience patience{.down_after = watch.options.down_after, .early = watch.options.early_suspicion};
    const bool was_down = seat.down;
    seat.down = seat.life.is_down(patience, was_down, now);
    if (!seat.down) {
        if (const auto at = seat.life.down_at(patience)) next = std::min(next, *at);
    }
    if (!is_well(seat)) {
        seat.up_since.reset();
    } else if (!seat.up_since) {
        seat.up_since = now;
    }
    if (seat.down == was_down) return;
    if (seat.down) {
        const std::string_view detail = seat.detail.empty() ? std::string_view("no answer") : std::string_view(seat.detail);
        tell(EventLevel::warning, "+sdown", watch, fmt::format("member {} {}", seat.member.name, detail));
    } else {
        tell(EventLevel::warning, "-sdown", watch, fmt::format("member {}", seat.member.name));
    }
}

void Standby::State::judge_agreement(StandbyWatch& watch, Time& next) {
    const StandbySeat* active = watch.active();
    if (active == nullptr || !active->down) {
        if (watch.agreed) tell(EventLevel::warning, "-odown", watch, fmt::format("member {}", watch.configuration.active));
        watch.agreed = false;
        watch.told_hopeless = false;
        watch.down_since.reset();
        return;
    }
    if (!watch.down_since) {
        watch.down_since = now;
        // What was said before was not about this time.
        for (auto& [address, word] : watch.words)
            word.says_down = false;
    }
    ask_peers(watch, next);
    const std::size_t saying = who_say_down(watch);
    const bool agreed = saying >= watch.options.quorum;
    if (agreed == watch.agreed) return;
    watch.agreed = agreed;
    std::string text = fmt::format("member {}", active->member.name);
    if (agreed) text += fmt::format(" #quorum {}/{}", saying, watch.options.quorum);
    tell(EventLevel::warning, agreed ? "+odown" : "-odown", watch, text);
}

void Standby::State::ask_peers(StandbyWatch& watch, Time& next) {
    const Duration period = std::clamp<Duration>((now - *watch.down_since) / 4, ask_soonest, ask_slowest);
    for (const auto& [address, peer] : peers) {
        StandbyWord& word = watch.words[address];
        if (word.says_down) next = std::min(next, word.answered + word_lasts);
        const Time due = word.asked ? *word.asked + (word.awaited ? word_lasts : period) : now;
        if (now < due) {
            next = std::min(next, due);
            continue;
        }
        word.asked = now;
        word.awaited = true;
        say(address, StandbyDownQuestion{.sender = me, .epoch = current_epoch, .configuration = watch.configuration});
    }
}

std::size_t Standby::State::who_say_down(const StandbyWatch& watch) const {
    const StandbySeat* active = watch.active();
    if (active == nullptr || !active->down) return 0;
    std::size_t count = 1;
    for (const auto& [address, word] : watch.words) {
        const auto peer = peers.find(address);
        if (word.says_down && now - word.answered < word_lasts && peer != peers.end() && is_voter(address, peer->second))
            ++count;
    }
    return count;
}

std::optional<StandbyWant> Standby::State::wanted(StandbyWatch& watch, Time& next) {
    if (watch.order) {
        const StandbySeat* target = watch.find(watch.order->target);
        if (target != nullptr && is_well(*target) && target->member.name != watch.configuration.active)
            return StandbyWant{
                .purpose = StandbyPurpose::order, .target = watch.order->target, .reason = "ordered by an operator"};
        drop_order(watch);
    }
    if (watch.active() == nullptr) return wanted_first(watch, next);
    if (watch.agreed) return wanted_instead(watch, next);
    if (!watch.active()->down && watch.options.switch_back == SwitchBack::automatic && !watch.configuration.by_order)
        return wanted_back(watch, next);
    return std::nullopt;
}

std::optional<StandbyWant> Standby::State::wanted_first(StandbyWatch& watch, Time& next) {
    const StandbySeat* best = watch.best_by_priority();
    if (best == nullptr) return std::nullopt;
    if (!is_well(*best)) {
        const Time patience_ends = watch.started + watch.options.down_after;
        if (now < patience_ends) {
            next = std::min(next, patience_ends);
            return std::nullopt;
        }
        best = watch.best_other();
        if (best == nullptr) return std::nullopt;
    }
    return StandbyWant{.purpose = StandbyPurpose::first,
                       .target = best->member.name,
                       .reason = fmt::format("no member was active, and {} answers", best->member.name)};
}

std::optional<StandbyWant> Standby::State::wanted_instead(StandbyWatch& watch, Time& next) {
    if (watch.best_other() == nullptr) {
        if (!watch.told_hopeless)
            tell(EventLevel::warning, "-warning", watch,
                 fmt::format("{} is down, and no other member is fit to be active", watch.configuration.active), true);
        watch.told_hopeless = true;
        return std::nullopt;
    }
    watch.told_hopeless = false;
    if (!watch.has_settled(now, next)) return std::nullopt;
    const StandbySeat* active = watch.active();
    std::string reason =
        fmt::format("{} does not answer{}{}", active->member.name, active->detail.empty() ? "" : ": ", active->detail);
    if (!peers.empty()) reason += fmt::format("; {} of {} sentinels agree", who_say_down(watch), voters());
    return StandbyWant{.purpose = StandbyPurpose::replace, .target = {}, .reason = std::move(reason)};
}

std::optional<StandbyWant> Standby::State::wanted_back(StandbyWatch& watch, Time& next) {
    const StandbySeat* best = watch.best_other();
    if (best == nullptr || best->member.priority >= watch.active()->member.priority) return std::nullopt;
    const Time ripe = *best->up_since + watch.options.switch_back_after;
    if (now < ripe) {
        next = std::min(next, ripe);
        return std::nullopt;
    }
    if (!watch.has_settled(now, next)) return std::nullopt;
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *best->up_since).count();
    return StandbyWant{
        .purpose = StandbyPurpose::give_back,
        .target = best->member.name,
        .reason = fmt::format("{} has the better priority and has been up for {} s", best->member.name, seconds)};
}

}  // namespace holdfast::sentinel
