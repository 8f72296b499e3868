// Every replica follows the master: pointed to it after a switch, a few at a time, and put right when they do not.

#include <algorithm>

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// The same correction is not sent again sooner than this.
constexpr Duration correction_pause = std::chrono::seconds(2);
/// Others than the leader of a switch leave the corrections after it to that one for so long.
constexpr Duration leader_first = std::chrono::milliseconds(1500);
/// A configuration that is not known to be won may be an old one; it is only enforced against who has been seen at odds with it
/// for this many hello periods, in which a newer one would have been heard of.
constexpr int hellos_of_patience = 4;
constexpr int hellos_in_touch = 3;

bool is_number(std::string_view host) {
    return host.find(':') != std::string_view::npos || host.find_first_not_of("0123456789.") == std::string_view::npos;
}

/// Enough others have been heard lately that a newer configuration would have been too.
bool in_touch(const Group& group, Duration hello_period, Time now) {
    const auto is_heard = [&](const auto& named) {
        const Instance& peer = named.second;
        return peer.link.command_up && !peer.subjectively_down_since && peer.hello_at &&
               now - *peer.hello_at <= hello_period * hellos_in_touch;
    };
    return 1 + static_cast<std::size_t>(std::ranges::count_if(group.peers, is_heard)) >= majority(group.peers.size() + 1);
}

}  // namespace

bool Sentinel::Mind::follows(const Instance& replica, const Address& master) {
    if (replica.follows.port != master.port) return false;
    // A name on one side only: they cannot be told apart here.
    return replica.follows.host == master.host || is_number(replica.follows.host) != is_number(master.host);
}

bool Sentinel::Mind::send_slaveof(Watch& watch, Instance& instance, const Address& master) {
    Contact& contact = contact_of(instance);
    const bool to_nobody = master.host.empty();
    const bool is_master_itself = !to_nobody && !instance.run_id.empty() && instance.run_id == watch.group.master.run_id;
    if (is_master_itself) {
        if (watch.warned_of_itself != instance.name) {
            watch.warned_of_itself = instance.name;
            warn(watch.group, instance, "is the master itself by another address, and is not told to follow itself");
        }
        return false;
    }
    if (!contact.command.up) return false;
    const auto say = [&](std::vector<std::string> words) { links.send(contact, {}, std::move(words), now); };
    if (to_nobody) {
        // Whether it has become a master is asked at once: the rewriting of its file takes a disk's time.
        links.send(contact, {.said = Said::promotion}, {word(contact, "SLAVEOF"), "NO", "ONE"}, now);
        ask_role(contact);
        say({word(contact, "MULTI")});
    } else {
        say({word(contact, "MULTI")});
        say({word(contact, "SLAVEOF"), master.host, std::to_string(master.port)});
    }
    say({word(contact, "CONFIG"), "REWRITE"});
    say({word(contact, "CLIENT"), "KILL", "TYPE", "normal"});
    say({word(contact, "CLIENT"), "KILL", "TYPE", "pubsub"});
    say({word(contact, "EXEC")});
    want_info(contact);
    return true;
}

void Sentinel::Mind::repoint(Watch& watch, Time& next) {
    Group& group = watch.group;
    const bool late = now >= watch.deadline;
    std::size_t under_way = 0;
    std::size_t to_do = 0;
    for (auto& [key, replica] : group.replicas) {
        if (replica.repoint == Repoint::sent || replica.repoint == Repoint::in_progress)
            repoint_one(watch, replica, under_way, next);
    }
    for (auto& [key, replica] : group.replicas) {
        if (key == watch.old_master || replica.repoint == Repoint::done) continue;
        if (replica.repoint == Repoint::none && (under_way < group.options.parallel_syncs || late))
            repoint_one(watch, replica, under_way, next);
        if (replica.repoint != Repoint::done && !replica.subjectively_down_since) ++to_do;
    }
    if (to_do > 0 && !late) {
        next = std::min(next, watch.deadline);
        return;
    }
    if (to_do > 0) tell(EventLevel::warning, "+failover-end-for-timeout", group, group.master);
    tell(EventLevel::warning, "+failover-end", group, group.master);
    end_failover(watch);
    group.failover_started.reset();
}

void Sentinel::Mind::repoint_one(Watch& watch, Instance& replica, std::size_t& under_way, Time& next) {
    Group& group = watch.group;
    Contact& contact = contact_of(replica);
    const Time told = group.step_since;
    const bool follows_now = replica.info_at && *replica.info_at >= told && replica.reported_role == Role::replica &&
                             follows(replica, group.master.address);
    if (replica.repoint == Repoint::none) {
        if (follows_now && replica.follows_link_up) {
            replica.repoint = Repoint::done;
            return;
        }
        if (replica.subjectively_down_since || !send_slaveof(watch, replica, group.master.address)) return;
        const bool late = now >= watch.deadline;
        tell(EventLevel::notice, late ? "+slave-reconf-sent-be" : "+slave-reconf-sent", group, replica);
        replica.repoint = Repoint::sent;
        contact.repoint_sent = contact.repoint_tried = now;
    }
    if (replica.repoint == Repoint::sent && follows_now && *replica.info_at > contact.repoint_sent) {
        replica.repoint = Repoint::in_progress;
        tell(EventLevel::notice, "+slave-reconf-inprog", group, replica);
    }
    if (replica.repoint == Repoint::sent && now >= contact.repoint_sent + state.options.repoint_timeout) {
        replica.repoint = Repoint::done;
        tell(EventLevel::notice, "-slave-reconf-sent-timeout", group, replica);
    }
    if (replica.repoint == Repoint::in_progress && replica.follows_link_up) {
        replica.repoint = Repoint::done;
        tell(EventLevel::notice, "+slave-reconf-done", group, replica);
    }
    if (replica.repoint == Repoint::sent) next = std::min(next, contact.repoint_sent + state.options.repoint_timeout);
    if (replica.repoint != Repoint::done && !replica.subjectively_down_since) ++under_way;
}

bool Sentinel::Mind::looks_sane(const Instance& master) const {
    return master.reported_role == Role::master && !master.subjectively_down_since && !master.objectively_down_since &&
           master.info_at && now - *master.info_at < state.options.info_period * 2;
}

void Sentinel::Mind::correct(Watch& watch, Time& next) {
    const Group& group = watch.group;
    if (group.step != FailoverStep::none && group.step != FailoverStep::repoint_replicas) return;
    // Without a majority's company the own view may be old.
    if (!looks_sane(group.master) || !in_touch(group, state.options.hello_period, now)) return;
    for (auto& [key, replica] : watch.group.replicas) {
        const Contact& contact = contact_of(replica);
        if (replica.subjectively_down_since || !contact.command.up || !replica.info_at) continue;
        if (replica.reported_role == Role::master) {
            correct_master_claim(watch, replica, next);
        } else if (group.step == FailoverStep::none && !follows(replica, group.master.address)) {
            correct_wrong_master(watch, replica, next);
        }
    }
}

void Sentinel::Mind::correct_master_claim(Watch& watch, Instance& replica, Time& next) {
    const Duration patience = state.options.hello_period * hellos_of_patience;
    const Time seen = std::max(contact_of(replica).up_since, replica.reported_role_since);
    order_to_follow(watch, replica, seen + patience, "+convert-to-slave", next);
}

void Sentinel::Mind::correct_wrong_master(Watch& watch, Instance& replica, Time& next) {
    const Contact& contact = contact_of(replica);
    const Time seen = std::max(contact.up_since, contact.follows_since);
    order_to_follow(watch, replica, seen + watch.group.options.failover_timeout, "+fix-slave-config", next);
}

void Sentinel::Mind::order_to_follow(Watch& watch, Instance& replica, Time due, std::string_view event, Time& next) {
    Contact& contact = contact_of(replica);
    const bool known_won = contact.left_behind && watch.won_epoch != 0 && watch.won_epoch == watch.group.config_epoch;
    if (known_won) due = watch.led ? now : std::max(watch.switched_at, contact.command.since) + leader_first;
    due = std::max(due, contact.repoint_tried + correction_pause);
    if (now < due) {
        next = std::min(next, due);
        return;
    }
    // What it says now, not what was known of it before it was away.
    if (*replica.info_at < std::max({contact.command.since, contact.repoint_tried, watch.switched_at})) {
        want_info(contact);
        return;
    }
    if (!send_slaveof(watch, replica, watch.group.master.address)) return;
    contact.repoint_tried = now;
    tell(EventLevel::notice, event, watch.group, replica);
}

}  // namespace holdfast::sentinel
