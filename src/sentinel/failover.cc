// A failover until it is clear who does it and which replica is to be the master.

#include <algorithm>

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// How long votes are waited for. Voters write them down first, which takes a disk's time.
constexpr Duration election_limit = std::chrono::seconds(1);
/// How long fresh INFO of all replicas is waited for.
constexpr Duration facts_limit = std::chrono::milliseconds(150);
/// How long another candidate that has the own vote is left alone with it. A redis-sentinel notices a promotion by an INFO once
/// a second, one of Holdfast's make sooner.
constexpr Duration patience_with_own_kind = std::chrono::seconds(1);
constexpr Duration patience_with_others = std::chrono::seconds(4);
/// A replica that was chosen in vain is avoided so long.
constexpr Duration in_vain_lasts = std::chrono::seconds(15);
constexpr Duration fresh_info = std::chrono::seconds(5);

bool is_electing_or_promoting(const Group& group) {
    return group.step != FailoverStep::none && group.step != FailoverStep::repoint_replicas;
}

}  // namespace

ChoiceRules Sentinel::Mind::choice_rules(const Watch& watch) const {
    const Group& group = watch.group;
    ChoiceRules rules;
    rules.now = now;
    rules.master_down_since = group.master.subjectively_down_since;
    rules.down_after = group.options.down_after;
    rules.oldest_info = group.master.subjectively_down_since ? fresh_info : state.options.info_period * 3;
    rules.lineage = watch.lineage;
    rules.lineage2 = watch.lineage2;
    for (const auto& [key, replica] : group.replicas) {
        const Contact& contact = contact_of(replica);
        if (contact.promotion_failed != Time{} && now - contact.promotion_failed < in_vain_lasts) rules.in_vain.insert(key);
    }
    return rules;
}

void Sentinel::Mind::enter_step(Watch& watch, FailoverStep step, Duration limit) {
    watch.group.step = step;
    watch.group.step_since = now;
    watch.deadline = now + limit;
}

void Sentinel::Mind::maybe_begin(Watch& watch, Time& next) {
    Group& group = watch.group;
    if (is_electing_or_promoting(group)) return;
    const bool by_hand = group.forced && watch.tries_left > 0 && group.step == FailoverStep::none;
    if (!by_hand && !group.master.objectively_down_since) return;
    if (may_begin(watch, next)) begin(watch);
}

bool Sentinel::Mind::may_begin(Watch& watch, Time& next) {
    const Group& group = watch.group;
    // Without a majority within reach an election would only use up an epoch.
    if (1 + usable_peers(group) < votes_needed(group)) return false;
    const Time earliest = std::max(watch.next_attempt, turn_of(watch, next));
    if (now < earliest) {
        next = std::min(next, earliest);
        return false;
    }
    if (watch.wants_candidate && now < watch.wants_candidate_until &&
        choose_replica(group.replicas, choice_rules(watch)) == nullptr)
        return false;
    return true;
}

void Sentinel::Mind::begin(Watch& watch) {
    Group& group = watch.group;
    if (group.step == FailoverStep::repoint_replicas) end_failover(watch);
    ++state.current_epoch;
    group.failover_epoch = state.current_epoch;
    group.failover_started = now;
    watch.wants_candidate = false;
    watch.waits_for.clear();
    tell_text(EventLevel::warning, "+new-epoch", &group, std::to_string(state.current_epoch));
    tell(EventLevel::warning, "+try-failover", group, group.master);
    if (watch.ballot.ask(state.my_id, state.current_epoch, group.config_epoch + 1)) {
        group.leader = state.my_id;
        group.leader_epoch = state.current_epoch;
        tell_text(EventLevel::warning, "+vote-for-leader", &group, fmt::format("{} {}", state.my_id, state.current_epoch));
    }
    watch.candidacy_save = watch.ballot_save = save();
    watch.tally.emplace(state.current_epoch, state.my_id, group.peers.size() + 1, votes_needed(group));
    enter_step(watch, FailoverStep::wait_start, std::min(election_limit, state.options.election_timeout));
}

Result<> Sentinel::Mind::begin_by_hand(Watch& watch, FailoverKind kind, unsigned tries) {
    Group& group = watch.group;
    if (group.step != FailoverStep::none || group.forced)
        return fail(SentinelErrc::failover_running, fmt::format("a failover of {} is in progress", group.name));
    if (choose_replica(group.replicas, choice_rules(watch)) == nullptr)
        return fail(SentinelErrc::no_good_replica,
                    fmt::format("{} has no replica that is fit to become the master", group.name));
    if (1 + usable_peers(group) < votes_needed(group))
        return fail(SentinelErrc::no_majority,
                    fmt::format("{} of {} sentinels of {} are within reach, and {} are needed", 1 + usable_peers(group),
                                1 + group.peers.size(), group.name, votes_needed(group)));
    group.forced = true;
    watch.kind = kind;
    watch.tries_left = tries;
    begin(watch);
    touch(watch);
    return {};
}

void Sentinel::Mind::drive(Watch& watch, Time& next) {
    FailoverStep before = FailoverStep::none;
    while (watch.group.step != before) {
        before = watch.group.step;
        switch (before) {
            case FailoverStep::none:
                break;
            case FailoverStep::wait_start:
                await_votes(watch, next);
                break;
            case FailoverStep::select_replica:
                await_facts(watch, next);
                break;
            case FailoverStep::pause_writes:
                await_equal_offsets(watch, next);
                break;
            case FailoverStep::send_promotion:
                await_link_to_chosen(watch, next);
                break;
            case FailoverStep::wait_promotion:
                await_promotion(watch, next);
                break;
            case FailoverStep::repoint_replicas:
                repoint(watch, next);
                break;
        }
    }
}

void Sentinel::Mind::await_votes(Watch& watch, Time& next) {
    Group& group = watch.group;
    Tally& tally = *watch.tally;
    tally.require(votes_needed(group));
    const bool own_vote_is_safe = out.is_saved(watch.candidacy_save);
    if (own_vote_is_safe) tally.count(state.my_id, watch.ballot.last());
    // An epoch that was won is never used again, so it must be remembered before it is used.
    if (own_vote_is_safe && tally.won()) {
        tell(EventLevel::warning, "+elected-leader", group, group.master);
        if (state.simulated_failure.after_election) out.crash();
        tell(EventLevel::warning, "+failover-state-select-slave", group, group.master);
        enter_step(watch, FailoverStep::select_replica, facts_limit);
        for (const auto& [key, replica] : group.replicas)
            want_info(contact_of(replica));
        return;
    }
    const bool master_is_back = !group.forced && !group.master.subjectively_down_since;
    auto awaited = static_cast<std::size_t>(std::ranges::count_if(
        group.peers, [&](const auto& named) { return is_usable(named.second) && !tally.has_answered(named.first); }));
    if (!own_vote_is_safe) ++awaited;
    if (!tally.lost(awaited) && now < watch.deadline && !master_is_back) {
        next = std::min(next, watch.deadline);
        return;
    }
    const auto winner = tally.other_winner();
    abort(watch, "-failover-abort-not-elected", false);
    if (winner) leave_to_another(watch, *winner);
}

void Sentinel::Mind::leave_to_another(Watch& watch, const std::string& run_id) {
    const bool own_kind = is_own_kind(watch.group, run_id);
    watch.waits_for = run_id;
    watch.loyal_until = own_kind ? now + patience_with_own_kind : now;
    watch.next_attempt = now + (own_kind ? patience_with_own_kind : patience_with_others) +
                         chance.between(state.options.retry_min, state.options.retry_max);
    touch(watch);
}

void Sentinel::Mind::another_is_gone(const Contact& contact) {
    for_each_group_of(contact, [&](Watch& watch) {
        if (watch.waits_for != contact.key) return;
        watch.waits_for.clear();
        watch.next_attempt =
            std::min(watch.next_attempt, now + chance.between(state.options.retry_min, state.options.retry_max));
        touch(watch);
    });
}

Duration Sentinel::Mind::retry_after(Watch& watch) {
    return retry_pause(++watch.lost, state.options.retry_min, state.options.retry_max, chance);
}

void Sentinel::Mind::abort(Watch& watch, std::string_view event, bool of_chosen) {
    Group& group = watch.group;
    if (watch.paused) unpause(watch);
    const auto chosen = group.replicas.find(group.chosen);
    if (of_chosen && chosen != group.replicas.end()) contact_of(chosen->second).promotion_failed = now;
    tell(EventLevel::warning, event, group, group.master);
    const bool again = group.forced && watch.tries_left > 1 && event == "-failover-abort-not-elected";
    const unsigned tries = again ? watch.tries_left - 1 : 0;
    end_failover(watch);
    group.forced = again;
    watch.tries_left = tries;
    watch.next_attempt = now + retry_after(watch);
    touch(watch);
}

void Sentinel::Mind::end_failover(Watch& watch) {
    Group& group = watch.group;
    const auto chosen = group.replicas.find(group.chosen);
    if (chosen != group.replicas.end()) chosen->second.promoted = false;
    group.chosen.clear();
    group.forced = false;
    group.step = FailoverStep::none;
    group.step_since = now;
    for (auto& [key, replica] : group.replicas)
        replica.repoint = Repoint::none;
    watch.tally.reset();
    watch.tries_left = 0;
    watch.promotion_link = 0;
    watch.promotion_seen = watch.promotion_refused = watch.pause_failed = false;
}

void Sentinel::Mind::await_facts(Watch& watch, Time& next) {
    const Group& group = watch.group;
    const auto is_awaited = [&](const auto& named) {
        const Instance& replica = named.second;
        return replica.link.command_up && !replica.subjectively_down_since &&
               (!replica.info_at || *replica.info_at < group.step_since);
    };
    if (now < watch.deadline && std::ranges::any_of(group.replicas, is_awaited)) {
        next = std::min(next, watch.deadline);
        return;
    }
    choose(watch);
}

void Sentinel::Mind::choose(Watch& watch) {
    Group& group = watch.group;
    const ChoiceRules rules = choice_rules(watch);
    const Instance* best = choose_replica(group.replicas, rules);
    for (const auto& [key, replica] : group.replicas) {
        if (is_of_lineage(replica, rules) || watch.warned_of_lineage == key) continue;
        watch.warned_of_lineage = key;
        warn(group, replica, "has the data of another history than the master had, and is never promoted");
    }
    if (best == nullptr) {
        watch.wants_candidate = true;
        watch.wants_candidate_until = now + 2 * group.options.failover_timeout;
        abort(watch, "-failover-abort-no-good-slave", false);
        return;
    }
    group.chosen = best->name;
    Instance& chosen = group.replicas.at(group.chosen);
    chosen.promoted = true;
    tell(EventLevel::warning, "+selected-slave", group, chosen);
    promote(watch);
}

}  // namespace holdfast::sentinel
