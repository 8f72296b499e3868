// The chosen replica becomes the master; by hand, the old one is held still before that.

#include <algorithm>

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// A replica that has not become a master by then is given up; `failover-timeout` when that is shorter.
constexpr Duration promotion_limit = std::chrono::seconds(10);
constexpr Duration role_period = std::chrono::milliseconds(50);
/// How long writes may be paused for a failover by hand. While they are, other sentinels' hellos to the old master wait too,
/// and with them their PINGs: it must stay well below the time after which they take it for down.
constexpr Duration longest_pause = std::chrono::seconds(5);
constexpr Duration offset_period = std::chrono::milliseconds(20);

}  // namespace

void Sentinel::Mind::promote(Watch& watch) {
    Group& group = watch.group;
    if (group.forced && watch.kind == FailoverKind::coordinated && !watch.pause_failed && !watch.paused) {
        Contact& master = contact_of(group.master);
        const Duration limit = std::clamp(group.options.down_after / 2, role_period, longest_pause);
        const auto pause_ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
        if (links.send(master, {.said = Said::pause}, {word(master, "CLIENT"), "PAUSE", std::to_string(pause_ms), "WRITE"},
                       now)) {
            watch.paused = true;
            master.hello_withheld = true;
            enter_step(watch, FailoverStep::pause_writes, limit * 3 / 4);
            return;
        }
    }
    tell(EventLevel::notice, "+failover-state-send-slaveof-noone", group, group.replicas.at(group.chosen));
    enter_step(watch, FailoverStep::send_promotion, std::min(group.options.failover_timeout, promotion_limit));
}

void Sentinel::Mind::pause_answered(Contact& contact, const resp::Reply& reply) {
    Watch* watch = find(contact.group);
    if (watch == nullptr || watch->group.step != FailoverStep::pause_writes || !reply.is_error()) return;
    // A server that cannot pause writes only: the failover by hand goes on as Redis Sentinel does it.
    warn(watch->group, watch->group.master, "cannot pause writes (" + reply.text + "): the failover goes on without");
    watch->pause_failed = true;
    watch->paused = false;
    contact.hello_withheld = false;
    touch(*watch);
}

void Sentinel::Mind::await_equal_offsets(Watch& watch, Time& next) {
    Group& group = watch.group;
    const auto found = group.replicas.find(group.chosen);
    if (found == group.replicas.end()) return abort(watch, "-failover-abort-slave-timeout", false);
    Instance& replica = found->second;
    if (watch.pause_failed) return promote(watch);
    Contact& master_contact = contact_of(group.master);
    Contact& contact = contact_of(replica);
    // Only INFO that was asked for after the pause counts; the master's stands still from then on.
    const bool master_known =
        group.master.info_at && *group.master.info_at > group.step_since && master_contact.info_sent > group.step_since;
    const bool replica_known = replica.info_at && *replica.info_at > group.step_since && contact.info_sent > group.step_since;
    if (master_known && replica_known && group.master.replication_id == replica.replication_id &&
        group.master.replication_offset == replica.replication_offset && replica.follows_link_up) {
        tell(EventLevel::notice, "+failover-state-send-slaveof-noone", group, replica);
        enter_step(watch, FailoverStep::send_promotion, std::min(group.options.failover_timeout, promotion_limit));
        return;
    }
    if (now >= watch.deadline) return abort(watch, "-failover-abort-slave-timeout", false);
    for (Contact* asked : {&master_contact, &contact}) {
        const bool due = now >= std::max(asked->info_sent + offset_period, group.step_since + std::chrono::milliseconds(1));
        if (due && !asked->info_awaited) ask_info(*asked);
    }
    next = std::min({next, watch.deadline, now + offset_period / 2});
}

void Sentinel::Mind::unpause(Watch& watch) {
    watch.paused = false;
    // The one whose writes were paused is the master, or was.
    const auto old_master = watch.group.replicas.find(watch.old_master);
    const bool switched = watch.group.step == FailoverStep::repoint_replicas && old_master != watch.group.replicas.end();
    Contact& contact = contact_of(switched ? old_master->second : watch.group.master);
    contact.hello_withheld = false;
    links.send(contact, {}, {word(contact, "CLIENT"), "UNPAUSE"}, now);
}

void Sentinel::Mind::await_link_to_chosen(Watch& watch, Time& next) {
    Group& group = watch.group;
    const auto found = group.replicas.find(group.chosen);
    if (found == group.replicas.end() || now >= watch.deadline || found->second.subjectively_down_since)
        return abort(watch, "-failover-abort-slave-timeout", true);
    next = std::min(next, watch.deadline);
    if (!send_slaveof(watch, found->second, {})) return;
    tell(EventLevel::notice, "+failover-state-wait-promotion", group, found->second);
    watch.promotion_link = found->second.link.command;
    watch.promotion_sent = now;
    const Duration rest = watch.deadline - now;
    enter_step(watch, FailoverStep::wait_promotion, rest);
}

void Sentinel::Mind::await_promotion(Watch& watch, Time& next) {
    Group& group = watch.group;
    if (watch.promotion_seen) return promoted(watch);
    const auto found = group.replicas.find(group.chosen);
    if (found == group.replicas.end() || now >= watch.deadline || watch.promotion_refused ||
        found->second.subjectively_down_since)
        return abort(watch, "-failover-abort-slave-timeout", true);
    Contact& contact = contact_of(found->second);
    if (contact.command.up && contact.command.id != watch.promotion_link) {
        // The connection broke on the way: nobody knows what had arrived. Once more does no harm.
        if (send_slaveof(watch, found->second, {})) watch.promotion_link = contact.command.id;
    }
    if (now >= contact.role_sent + role_period || contact.role_sent < watch.promotion_sent) ask_role(contact);
    next = std::min({next, watch.deadline, std::max(contact.role_sent, now) + role_period});
}

void Sentinel::Mind::promoted(Watch& watch) {
    Group& group = watch.group;
    Instance& chosen = group.replicas.at(group.chosen);
    const Address from = group.master.address;
    const Address to = chosen.address;
    const std::uint64_t offset = chosen.replication_offset;
    std::optional<std::uint64_t> last_offset;
    if (!watch.lineage.empty()) last_offset = watch.offset;
    for (const auto& [key, replica] : group.replicas) {
        if (replica.replication_id == watch.lineage && last_offset)
            last_offset = std::max(*last_offset, replica.replication_offset);
    }
    const bool was_paused = std::exchange(watch.paused, false);
    chosen.reported_role = Role::master;
    chosen.reported_role_since = now;
    group.config_epoch = group.failover_epoch;
    tell(EventLevel::warning, "+promoted-slave", group, chosen);
    if (state.simulated_failure.after_promotion) out.crash();
    tell(EventLevel::warning, "+failover-state-reconf-slaves", group, group.master);
    run_reconfig_script(watch, true, from, to);
    tell_switch(watch, from, to);
    switch_master(watch, to, true, true);
    watch.offset_at_switch = offset;
    watch.last_offset = last_offset;
    watch.was_paused = was_paused;
    report_loss(watch);
    group.failover_started = now;
    enter_step(watch, FailoverStep::repoint_replicas, group.options.failover_timeout);
    save();
    if (!was_paused) return;
    // Its clients are let go only when it takes no writes any more.
    Instance& old_master = group.replicas.at(watch.old_master);
    if (send_slaveof(watch, old_master, to)) {
        contact_of(old_master).repoint_tried = now;
        tell(EventLevel::notice, "+convert-to-slave", group, old_master);
    }
    unpause(watch);
}

void Sentinel::Mind::report_loss(Watch& watch) {
    Group& group = watch.group;
    std::string report =
        fmt::format("{} -> {}, epoch {}: the new master had the history up to offset {}. ", address_text(watch.old_address),
                    address_text(group.master.address), group.config_epoch, watch.offset_at_switch);
    if (watch.was_paused) {
        report += "The old master took no writes any more by then: nothing is lost.";
    } else if (!watch.last_offset) {
        report += "How far the old master had got is not known.";
    } else if (*watch.last_offset > watch.offset_at_switch) {
        report +=
            fmt::format("The old master had got to {}: offsets {} to {} ({} bytes of writes) are lost.", *watch.last_offset,
                        watch.offset_at_switch + 1, *watch.last_offset, *watch.last_offset - watch.offset_at_switch);
    } else if (watch.last_offset_is_final) {
        report += "The old master had got no further: nothing is lost.";
    } else {
        report +=
            fmt::format("The old master is known to have got to {}; what it took after that may be lost.", *watch.last_offset);
    }
    if (report == group.loss_report) return;
    group.loss_report = report;
    out.tell({.level = EventLevel::warning,
              .group = group.name,
              .name = "+loss-report",
              .text = group.name + " " + report,
              .log_only = true});
}

}  // namespace holdfast::sentinel
