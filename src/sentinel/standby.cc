#include "sentinel/standby.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "sentinel/standby_state.h"

namespace holdfast::sentinel {

namespace {

/// The machine was called later than it asked for by more than this: it stood still, and so did its ears.
constexpr Duration own_pause = std::chrono::milliseconds(300);
/// How soon somebody is stepped again whose time has come and who could not do what it wanted.
constexpr Duration shortest_wait = std::chrono::milliseconds(1);
constexpr unsigned tries_of_order = 5;
/// Of a probe's sentence, what is kept.
constexpr std::size_t longest_detail = 512;

}  // namespace

Standby::State::State(std::string my_id, std::vector<std::string> peer_addresses, std::uint64_t epoch, std::uint64_t seed,
                      Moment moment)
    : me(std::move(my_id)), current_epoch(epoch), chance(seed), now(moment.now) {
    HF_ASSERT(is_standby_name(me), "a sentinel has an id without spaces");
    HF_ASSERT(peer_addresses.size() <= most_standby_peers, "there are as many sentinels as a quorum can use");
    for (std::string& address : peer_addresses)
        peers[std::move(address)].next_hello = now;
    if (!peers.empty()) wake.set(peers_wake, now);
    left_at = now;
}

void Standby::State::enter(Moment moment) {
    const Time before = std::exchange(now, std::max(now, moment.now));
    const auto due = wake.next();
    if (!left_at || !due) return;
    if (now - std::max({*due, *left_at, before}) <= own_pause) return;
    // It may have begun at any moment since the last call, and answers may wait to be read.
    const Duration late = now - std::max(*left_at, before);
    for (auto& [name, watch] : watches) {
        watch.discount(late);
        touch(watch);
    }
    for (auto& [address, peer] : peers) {
        if (peer.answered) *peer.answered += late;
        if (peer.greeted) *peer.greeted += late;
    }
}

void Standby::State::settle() {
    constexpr std::size_t rounds = 16;
    for (std::size_t turns = rounds * (wake.size() + 1); turns > 0; --turns) {
        const auto id = wake.take_due(now);
        if (!id) break;
        Time next = Time::max();
        if (*id == peers_wake) {
            next = step_peers();
        } else if (const auto name = names.find(*id); name != names.end()) {
            next = step(watches.at(name->second));
        }
        if (next != Time::max()) wake.hasten(*id, std::max(next, now + shortest_wait));
    }
    left_at = now;
}

void Standby::State::touch_all() {
    for (const auto& [name, watch] : watches)
        touch(watch);
}

StandbyWatch* Standby::State::find(std::string_view group) {
    const auto found = watches.find(group);
    return found == watches.end() ? nullptr : &found->second;
}

void Standby::State::put(StandbyGroup group) {
    auto found = watches.find(group.name);
    if (found == watches.end()) {
        found = watches.emplace(group.name, StandbyWatch(++numbers, now)).first;
        names[numbers] = group.name;
        StandbyWatch& watch = found->second;
        watch.configuration = {.group = group.name,
                               .epoch = group.config_epoch,
                               .by_order = group.by_order,
                               .active = std::move(group.active),
                               .passed_over = std::move(group.passed_over)};
        watch.ballot = Ballot({.leader = {}, .epoch = group.voted_epoch});
        current_epoch = std::max({current_epoch, group.config_epoch, group.voted_epoch});
    }
    StandbyWatch& watch = found->second;
    watch.options = group.options;
    put_members(watch, group.members);
    touch(watch);
}

void Standby::State::put_members(StandbyWatch& watch, const std::vector<StandbyMember>& members) {
    std::erase_if(watch.seats, [&members](const auto& named) {
        return std::ranges::find(members, named.first, &StandbyMember::name) == members.end();
    });
    for (const StandbyMember& member : members) {
        const auto [place, is_new] = watch.seats.try_emplace(member.name, StandbySeat{.life = Liveness(now)});
        place->second.member = member;
    }
    std::erase_if(watch.configuration.passed_over, [&watch](const std::string& name) { return watch.find(name) == nullptr; });
}

void Standby::State::tell(EventLevel level, std::string_view name, const StandbyWatch& watch, std::string_view detail,
                          bool log_only) {
    std::string text = fmt::format("group {}", watch.name());
    if (!detail.empty()) text.append(" ").append(detail);
    actions.emplace_back(Tell{
        {.level = level, .group = watch.name(), .name = std::string(name), .text = std::move(text), .log_only = log_only}});
}

SaveNumber Standby::State::save() {
    if (!saving) actions.emplace_back(Save{.number = ++saves});
    saving = true;
    return saves;
}

void Standby::State::say(const std::string& peer, const StandbyMessage& message) {
    actions.emplace_back(Say{.peer = peer, .words = format_message(message), .after_save = still_to_wait_for(saves)});
}

StandbyGroup Standby::State::saved_form(const StandbyWatch& watch) const {
    StandbyGroup group{.name = watch.name(), .options = watch.options};
    for (const auto& [name, seat] : watch.seats)
        group.members.push_back(seat.member);
    group.active = watch.configuration.active;
    group.config_epoch = watch.configuration.epoch;
    group.voted_epoch = watch.ballot.last().epoch;
    group.by_order = watch.configuration.by_order;
    group.passed_over = watch.configuration.passed_over;
    return group;
}

std::string Standby::State::doing(const StandbyWatch& watch) const {
    if (watch.election)
        return fmt::format("asks for votes in epoch {}: {}", watch.election->tally.epoch(), watch.election->reason);
    if (watch.order) return "an operator's order is tried again";
    const StandbySeat* active = watch.active();
    if (watch.configuration.active.empty()) return "waits for a member that answers, to make it the active one";
    if (active == nullptr) return fmt::format("{} is active, which is no member here", watch.configuration.active);
    if (!active->down) return {};
    if (!watch.agreed)
        return fmt::format("{} does not answer; {} of {} sentinels that are needed agree", watch.configuration.active,
                           who_say_down(watch), watch.options.quorum);
    if (watch.best_other() == nullptr)
        return fmt::format("{} does not answer, and there is no other member to take its place", watch.configuration.active);
    if (Time never = Time::max(); !watch.has_settled(now, never))
        return fmt::format("{} does not answer; waits until the last switch has settled", watch.configuration.active);
    return fmt::format("{} does not answer; waits for an election", watch.configuration.active);
}

StandbyView Standby::State::view_of(const StandbyWatch& watch) const {
    StandbyView view{.name = watch.name(),
                     .options = watch.options,
                     .active = watch.configuration.active,
                     .config_epoch = watch.configuration.epoch,
                     .doing = doing(watch)};
    for (const auto& [name, seat] : watch.seats)
        view.members.push_back({.member = seat.member,
                                .active = name == watch.configuration.active,
                                .down = seat.down,
                                .known = seat.answers || !seat.detail.empty() || seat.up_since.has_value(),
                                .passed_over = watch.is_passed_over(name),
                                .detail = seat.answers ? std::string() : seat.detail});
    std::ranges::sort(view.members, [](const auto& left, const auto& right) { return is_better(left.member, right.member); });
    return view;
}

Standby::Standby(std::string my_id, std::vector<std::string> peers, std::uint64_t current_epoch, std::uint64_t seed,
                 Moment moment)
    : state_(std::make_unique<State>(std::move(my_id), std::move(peers), current_epoch, seed, moment)) {}
Standby::~Standby() = default;

Result<> Standby::check(const StandbyGroup& group) const {
    return check_group(group, state_->voters());
}

Result<> Standby::put_group(StandbyGroup group, Moment moment) {
    if (auto checked = check(group); !checked) return checked;
    if (state_->watches.size() >= most_standby_groups && state_->find(group.name) == nullptr)
        return fail(SentinelErrc::bad_argument, fmt::format("there may be at most {} groups", most_standby_groups));
    state_->enter(moment);
    state_->put(std::move(group));
    state_->settle();
    return {};
}

void Standby::remove_group(std::string_view group, Moment moment) {
    state_->enter(moment);
    if (const auto found = state_->watches.find(group); found != state_->watches.end()) {
        state_->wake.forget(found->second.id);
        state_->names.erase(found->second.id);
        state_->watches.erase(found);
        state_->save();
    }
    state_->settle();
}

void Standby::probing(std::string_view group, std::string_view member, Moment moment) {
    state_->enter(moment);
    if (StandbyWatch* watch = state_->find(group)) {
        if (StandbySeat* seat = watch->find(member)) seat->life.probed(std::min(moment.now, state_->now));
        state_->touch(*watch);
    }
    state_->settle();
}

void Standby::probed(std::string_view group, std::string_view member, bool ok, bool refused, std::string_view detail,
                     Moment moment) {
    state_->enter(moment);
    StandbyWatch* watch = state_->find(group);
    if (StandbySeat* seat = watch == nullptr ? nullptr : watch->find(member)) {
        seat->answers = ok;
        if (ok) {
            seat->life.accepted();
            seat->life.answered(state_->now);
            seat->detail.clear();
        } else {
            refused ? seat->life.lost(state_->now) : seat->life.probed(state_->now);
            seat->detail = detail.substr(0, longest_detail);
            if (seat->detail.empty()) seat->detail = "no answer";
        }
        state_->touch(*watch);
    }
    state_->settle();
}

Result<> Standby::failover(std::string_view group, std::string_view to, Moment moment) {
    State& state = *state_;
    state.enter(moment);
    StandbyWatch* watch = state.find(group);
    if (watch == nullptr) return fail(SentinelErrc::unknown_group, fmt::format("there is no group {}", group));
    if (watch->election || watch->order)
        return fail(SentinelErrc::failover_running, fmt::format("a switch of group {} is in progress", group));
    const StandbySeat* target = to.empty() ? watch->best_other() : watch->find(to);
    if (target == nullptr && !to.empty())
        return fail(SentinelErrc::bad_argument, fmt::format("group {} has no member {}", group, to));
    if (target == nullptr)
        return fail(SentinelErrc::no_good_replica, fmt::format("group {} has no other member that is fit to be active", group));
    if (target->member.name == watch->configuration.active)
        return fail(SentinelErrc::bad_argument, fmt::format("{} is the active member of group {} already", to, group));
    if (!is_well(*target))
        return fail(SentinelErrc::no_good_replica, fmt::format("{} does not answer: {}", to, target->detail));
    if (1 + state.peers_in_reach() < majority(state.voters()))
        return fail(SentinelErrc::no_majority, fmt::format("only {} of {} sentinels are within reach, and a majority is needed",
                                                           1 + state.peers_in_reach(), state.voters()));
    watch->order = StandbyOrder{.target = target->member.name, .tries_left = tries_of_order};
    watch->next_attempt = state.now;
    state.touch(*watch);
    state.settle();
    return {};
}

Result<Standby::Answer> Standby::said(const std::vector<std::string>& words, Moment moment) {
    auto message = parse_message(words);
    if (!message) return std::unexpected(std::move(message).error());
    if (!state_->is_believable(newest_epoch(*message)))
        return fail(SentinelErrc::bad_message, "an epoch that cannot have been reached");
    state_->enter(moment);
    auto answer = std::visit([this](const auto& kind) { return state_->answer(kind); }, *message);
    state_->settle();
    return answer;
}

void Standby::answered(std::string_view peer, const std::vector<std::string>& said, const std::vector<std::string>& answer,
                       Moment moment) {
    state_->enter(moment);
    if (const auto found = state_->peers.find(peer); found != state_->peers.end()) {
        if (const auto reply = parse_reply(answer); reply && state_->is_believable(newest_epoch(*reply))) {
            state_->take_reply(found->first, found->second, said, *reply);
        } else {
            state_->lost_contact(found->first, found->second, said);
        }
    }
    state_->settle();
}

void Standby::saved(SaveNumber number, bool durable, Moment moment) {
    State& state = *state_;
    state.enter(moment);
    state.over = std::max(state.over, number);
    if (!durable && !state.warned_of_save)
        state.actions.emplace_back(
            Tell{{.level = EventLevel::warning,
                  .name = "-warning",
                  .text = "the state of the groups cannot be written: a vote that is given now may be forgotten in a crash",
                  .log_only = true}});
    state.warned_of_save = !durable;
    for (const auto& [name, watch] : state.watches) {
        if (watch.election) state.touch(watch);
    }
    state.settle();
}

void Standby::tick(Moment moment) {
    state_->enter(moment);
    state_->settle();
}

std::optional<Time> Standby::next_timer() const {
    return state_->wake.next();
}

std::vector<StandbyAction> Standby::take_actions() {
    state_->saving = false;
    return std::exchange(state_->actions, {});
}

std::vector<StandbyView> Standby::view() const {
    std::vector<StandbyView> views;
    for (const auto& [name, watch] : state_->watches)
        views.push_back(state_->view_of(watch));
    return views;
}

std::vector<StandbyGroup> Standby::groups() const {
    std::vector<StandbyGroup> groups;
    for (const auto& [name, watch] : state_->watches)
        groups.push_back(state_->saved_form(watch));
    return groups;
}

std::uint64_t Standby::current_epoch() const noexcept {
    return state_->current_epoch;
}

}  // namespace holdfast::sentinel
