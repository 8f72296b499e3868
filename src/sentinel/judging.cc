// Who is down: in the own view, and by agreement.

#include <algorithm>

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// Asking again begins at `ask_period` and becomes rarer, to once in this, the longer there is no agreement; and so often it is
/// done to keep an agreement.
constexpr Duration slow_ask = std::chrono::seconds(1);
/// One peer is never asked twice within this.
constexpr Duration shortest_ask = std::chrono::milliseconds(10);
/// A master whose script was killed is given so long to answer again before it is replaced.
constexpr Duration script_kill_helps_within = std::chrono::milliseconds(250);
/// What a peer has said counts so long.
constexpr Duration word_lasts = std::chrono::seconds(5);
/// Those who do not stand for election vote for those who do, so candidates of Holdfast's make take turns, in an order that is
/// another one for each group. One that has found the master down, too, stands in its turn unless something is wrong with it.
constexpr Duration turn_of_the_willing = std::chrono::milliseconds(700);
constexpr Duration turn_of_others = std::chrono::milliseconds(40);
/// A peer whose answer takes longer than this is nobody to wait for.
constexpr Duration late_answer = std::chrono::milliseconds(500);

}  // namespace

void Sentinel::Mind::judge(Watch& watch, Time& next) {
    judge_instance(watch, watch.group.master, next);
    for (auto& [key, replica] : watch.group.replicas)
        judge_instance(watch, replica, next);
    for (auto& [key, peer] : watch.group.peers)
        judge_instance(watch, peer, next);
    judge_agreement(watch, next);
}

void Sentinel::Mind::judge_instance(Watch& watch, Instance& instance, Time& next) {
    Contact& contact = contact_of(instance);
    const bool is_peer = instance.role == Role::peer;
    const Patience patience{.down_after = watch.group.options.down_after,
                            .early = is_peer ? Duration::zero() : state.options.early_suspicion};
    const bool was_down = instance.subjectively_down_since.has_value();
    bool is_down = contact.life.is_down(patience, was_down, now);
    if (!is_down) {
        if (const auto at = contact.life.down_at(patience)) next = std::min(next, *at);
        is_down = instance.role == Role::master && is_master_down(watch, next);
    }
    if (is_down && contact.is_busy && !is_peer && !instance.script_kill_sent) kill_script(watch, instance);
    if (is_down == was_down) return;
    if (is_down) {
        instance.subjectively_down_since = now;
        tell(EventLevel::warning, "+sdown", watch.group, instance);
        return;
    }
    instance.subjectively_down_since.reset();
    instance.script_kill_sent = false;
    contact.up_since = now;
    tell(EventLevel::warning, "-sdown", watch.group, instance);
}

void Sentinel::Mind::kill_script(Watch& watch, Instance& instance) {
    Contact& contact = contact_of(instance);
    instance.script_kill_sent = links.send(contact, {}, {word(contact, "SCRIPT"), "KILL"}, now);
    if (instance.role == Role::master) watch.next_attempt = std::max(watch.next_attempt, now + script_kill_helps_within);
}

bool Sentinel::Mind::is_master_down(Watch& watch, Time& next) {
    const Instance& master = watch.group.master;
    if (watch.came_back_empty) return true;
    const auto passed = [&](Time since, Duration limit) {
        if (now - since > limit) return true;
        next = std::min(next, since + limit + std::chrono::milliseconds(1));
        return false;
    };
    if (master.info_at && master.reported_role == Role::replica &&
        passed(master.reported_role_since, watch.group.options.down_after + state.options.info_period * 2))
        return true;
    return master.rebooted && watch.group.options.reboot_down_after > Duration::zero() &&
           passed(watch.rebooted_at, watch.group.options.reboot_down_after);
}

void Sentinel::Mind::judge_agreement(Watch& watch, Time& next) {
    Group& group = watch.group;
    std::size_t down = 0;
    if (group.master.subjectively_down_since) {
        down = 1;
        for (auto& [run_id, peer] : group.peers) {
            if (!peer.says_down) continue;
            const Time until = watch.asks[run_id].answered + word_lasts;
            if (now >= until) {
                peer.says_down = false;
                continue;
            }
            next = std::min(next, until);
            ++down;
        }
    }
    const bool agreed = down > 0 && down >= group.options.quorum;
    if (agreed == group.master.objectively_down_since.has_value()) return;
    if (!agreed) {
        group.master.objectively_down_since.reset();
        tell(EventLevel::warning, "-odown", group, group.master);
        return;
    }
    group.master.objectively_down_since = now;
    tell(EventLevel::warning, "+odown", group, group.master, fmt::format("#quorum {}/{}", down, group.options.quorum));
    for (const auto& [key, replica] : group.replicas)
        touch(contact_of(replica));
}

Time Sentinel::Mind::turn_of(const Watch& watch, Time& next) const {
    const Group& group = watch.group;
    if (!group.master.objectively_down_since) return now;
    Time turn = *group.master.objectively_down_since;
    Rank rank(state.my_id, group.name);
    for (const auto& [run_id, peer] : group.peers) {
        if (!is_usable(peer) || !contact_of(peer).is_holdfast || !rank.meet(run_id)) continue;
        const auto ask = watch.asks.find(run_id);
        const bool is_silent = ask != watch.asks.end() && ask->second.awaited;
        if (is_silent) {
            const Time late_at = ask->second.sent + late_answer;
            if (now >= late_at) continue;
            next = std::min(next, late_at);
        }
        turn += is_silent || peer.says_down ? turn_of_the_willing : turn_of_others;
    }
    return turn;
}

bool Sentinel::Mind::is_usable(const Instance& peer) const {
    return peer.link.command_up && !peer.subjectively_down_since && peer.link.last_accepted != Time{};
}

std::size_t Sentinel::Mind::usable_peers(const Group& group) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(group.peers, [this](const auto& named) { return is_usable(named.second); }));
}

std::size_t Sentinel::Mind::votes_needed(const Group& group) {
    return std::max<std::size_t>(majority(group.peers.size() + 1), group.options.quorum);
}

void Sentinel::Mind::ask_peers(Watch& watch, Time& next) {
    const Group& group = watch.group;
    const bool election = group.step == FailoverStep::wait_start;
    if (!group.master.subjectively_down_since && !election) return;
    Duration pause = slow_ask;
    const bool waits_for_turn = !election && group.step == FailoverStep::none && now < turn_of(watch, next);
    if (group.master.subjectively_down_since && (!group.master.objectively_down_since || waits_for_turn))
        pause = std::clamp((now - *group.master.subjectively_down_since) / 8, state.options.ask_period / 3, slow_ask);
    for (auto& [run_id, peer] : watch.group.peers) {
        if (!peer.link.command_up) continue;
        const Ask& ask = watch.asks[run_id];
        if (election) {
            const bool asked = ask.epoch == watch.tally->epoch() && ask.awaited;
            if (!watch.tally->has_answered(run_id) && !asked) ask_peer(watch, peer, true);
            continue;
        }
        // Whoever asks has found the master down. A redis-sentinel does so once a second, and stands for election a moment
        // later.
        const bool news = watch.questioned > ask.sent && !peer.says_down && !contact_of(peer).is_holdfast;
        const Duration rest = news ? shortest_ask : pause;
        const Time due = ask.sent + (ask.awaited ? slow_ask : rest);
        if (now >= due) ask_peer(watch, peer, false);
        next = std::min(next, std::max(due, ask.sent + rest));
    }
}

void Sentinel::Mind::ask_peer(Watch& watch, Instance& peer, bool for_vote) {
    const Address& master = watch.group.master.address;
    const std::uint64_t epoch = for_vote ? watch.tally->epoch() : 0;
    const std::string number = std::to_string(for_vote ? epoch : state.current_epoch);
    const bool sent = links.send(
        contact_of(peer), {.said = Said::ask, .group = watch.group.name, .epoch = epoch},
        {"SENTINEL", "is-master-down-by-addr", master.host, std::to_string(master.port), number, for_vote ? state.my_id : "*"},
        now);
    if (!sent) return;
    watch.asks[peer.name] = {.sent = now, .answered = watch.asks[peer.name].answered, .awaited = true, .epoch = epoch};
}

}  // namespace holdfast::sentinel
