// What contacts answer.

#include <algorithm>

#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// A peer cannot make this one count beyond all use.
constexpr std::uint64_t largest_epoch = 1ULL << 62;

bool starts_with_word(const resp::Reply& reply, std::string_view word) {
    return reply.is_error() && reply.text.starts_with(word);
}

/// Some replica still has the history that the master had.
bool has_old_history(const Group& group, const ChoiceRules& rules) {
    return std::ranges::any_of(group.replicas, [&rules](const auto& named) {
        const Instance& replica = named.second;
        return replica.info_at && !replica.replication_id.empty() && replica.replication_offset > 0 &&
               is_of_lineage(replica, rules);
    });
}

}  // namespace

void Sentinel::Mind::answered(Contact& contact, const resp::Reply& reply) {
    contact.last_reply = contact.command.heard = now;
    const Awaited awaited = Links::take_awaited(contact);
    switch (awaited.said) {
        case Said::ping:
            ping_answered(contact, reply);
            break;
        case Said::info:
            contact.info_awaited = false;
            if (reply.is_text()) info_came(contact, reply.text);
            break;
        case Said::role:
            contact.role_awaited = false;
            if (Watch* watch = find(contact.group); watch != nullptr && watch->group.step == FailoverStep::wait_promotion &&
                                                    watch->group.chosen == contact.key && !reply.items.empty()) {
                if (reply.items.front().text == "master") watch->promotion_seen = true;
                touch(*watch);
            }
            break;
        case Said::ask:
            ask_answered(contact, awaited, reply);
            break;
        case Said::promotion:
            promotion_answered(contact, reply);
            break;
        case Said::pause:
            pause_answered(contact, reply);
            break;
        case Said::kind:
            contact.is_holdfast = reply.is_text() && read_info(reply.text).is_holdfast;
            for_each_group_of(contact, [this](Watch& watch) { warn_of_stock_majority(watch); });
            break;
        case Said::other:
            break;
    }
    mirror(contact);
    touch(contact);
}

void Sentinel::Mind::ping_answered(Contact& contact, const resp::Reply& reply) {
    contact.last_pong = now;
    contact.is_busy = starts_with_word(reply, "BUSY");
    const bool pong = !reply.is_error() && reply.text == "PONG";
    if (pong || starts_with_word(reply, "LOADING") || starts_with_word(reply, "MASTERDOWN")) {
        contact.last_accepted = now;
        contact.life.answered(now);
        Links::proved(contact.command);
    }
    for_each_group_of(contact, [&](Watch& watch) {
        Instance* instance = instance_in(watch.group, contact);
        if (instance == nullptr) return;
        if (pong) instance->rebooted = false;
        touch(watch);
    });
}

void Sentinel::Mind::pushed(Contact& contact, const resp::Reply& reply) {
    contact.subscription.heard = now;
    if (reply.items.size() < 3) return;
    Links::proved(contact.subscription);
    if (reply.items[0].text == "message" && reply.items[1].text == hello_channel) heard(reply.items[2].text);
}

void Sentinel::Mind::ask_answered(Contact& contact, const Awaited& awaited, const resp::Reply& reply) {
    Watch* watch = find(awaited.group);
    if (watch == nullptr || !watch->group.peers.contains(contact.key)) return;
    Instance& peer = watch->group.peers.at(contact.key);
    Ask& ask = watch->asks[contact.key];
    if (awaited.epoch == ask.epoch) ask.awaited = false;
    touch(*watch);
    const auto is = [&reply](std::size_t i, resp::Reply::Kind kind) { return reply.items[i].kind == kind; };
    const bool is_answer = reply.items.size() == 3 && is(0, resp::Reply::Kind::integer) && reply.items[1].is_text() &&
                           is(2, resp::Reply::Kind::integer) && reply.items[2].integer >= 0;
    const bool of_this_election = watch->tally && awaited.epoch == watch->tally->epoch();
    if (!is_answer) {
        if (of_this_election) watch->tally->pass(contact.key);
        return;
    }
    ask.answered = now;
    peer.says_down = reply.items[0].integer == 1;
    const Vote vote{.leader = reply.items[1].text, .epoch = static_cast<std::uint64_t>(reply.items[2].integer)};
    if (vote.leader == "*" || vote.epoch > largest_epoch) {
        if (of_this_election) watch->tally->pass(contact.key);
        return;
    }
    peer.voted_leader = vote.leader;
    peer.voted_epoch = vote.epoch;
    // Somebody is at it, whose own request is still on its way.
    const bool is_news = vote.epoch > watch->ballot.last().epoch && vote.epoch > watch->group.config_epoch;
    if (is_news && !watch->tally && watch->waits_for != vote.leader && is_own_kind(watch->group, vote.leader))
        leave_to_another(*watch, vote.leader);
    if (watch->tally) watch->tally->count(contact.key, vote);
    // An older vote is a refusal.
    if (of_this_election && vote.epoch < awaited.epoch) watch->tally->pass(contact.key);
    // It has voted in an election of which nothing was heard here: the next own one must be newer.
    if (vote.epoch > state.current_epoch) new_epoch(vote.epoch, *watch);
}

void Sentinel::Mind::info_came(Contact& contact, const std::string& text) {
    Watch* watch = find(contact.group);
    if (watch == nullptr) return;
    Instance* instance = instance_in(watch->group, contact);
    if (instance == nullptr) return;
    instance->info_text = std::make_shared<const std::string>(text.substr(0, info_text_limit));
    instance->info_at = now;
    take_info(*watch, *instance, read_info(*instance->info_text));
    touch(*watch);
}

void Sentinel::Mind::take_info(Watch& watch, Instance& instance, const InfoText& info) {
    Contact& contact = contact_of(instance);
    if (!info.run_id.empty() && info.run_id != instance.run_id) {
        if (!instance.run_id.empty()) {
            tell(EventLevel::notice, "+reboot", watch.group, instance);
            if (instance.role == Role::master && watch.group.options.reboot_down_after > Duration::zero()) {
                instance.rebooted = true;
                watch.rebooted_at = now;
            }
        }
        instance.run_id = info.run_id;
    }
    if (info.role && *info.role != instance.reported_role) {
        instance.reported_role = *info.role;
        instance.reported_role_since = now;
        const bool is_master = *info.role == Role::master;
        tell(EventLevel::verbose, *info.role == instance.role ? "+role-change" : "-role-change", watch.group, instance,
             is_master ? "new reported role is master" : "new reported role is slave");
    }
    instance.replication_id = info.replication_id;
    instance.replication_id2 = info.replication_id2;
    instance.replication_offset =
        info.role == Role::master ? info.master_offset : info.replica_offset.value_or(info.master_offset);
    instance.keys = info.keys;
    instance.shows_keys = info.shows_keys;
    instance.loading = info.loading;
    if (info.follows != instance.follows) {
        instance.follows = info.follows;
        contact.follows_since = now;
    }
    instance.follows_link_up = info.follows_link_up;
    instance.follows_link_down_for = info.follows_link_down_for;
    instance.sync_in_progress = info.sync_in_progress;
    instance.priority = info.priority;
    instance.announced = info.announced;
    if (instance.role == Role::master) {
        if (info.role == Role::master) {
            discover(watch, info);
            judge_history(watch, info);
        }
        return;
    }
    if (info.role == Role::replica && follows(instance, watch.group.master.address)) contact.left_behind = false;
    if (info.role == Role::master && watch.group.step == FailoverStep::wait_promotion && watch.group.chosen == instance.name &&
        contact.info_sent >= watch.promotion_sent)
        watch.promotion_seen = true;
    if (info.role == Role::master && instance.name == watch.old_master && contact.left_behind) see_old_master(watch, info);
}

void Sentinel::Mind::see_old_master(Watch& watch, const InfoText& info) {
    const bool ran_on = info.replication_id == watch.old_lineage;
    if (!watch.led || watch.was_paused || (!ran_on && info.replication_id2 != watch.old_lineage)) return;
    watch.last_offset = std::max(watch.last_offset.value_or(0), info.master_offset);
    watch.last_offset_is_final = ran_on;
    report_loss(watch);
}

void Sentinel::Mind::discover(Watch& watch, const InfoText& info) {
    Group& group = watch.group;
    for (const Address& address : info.replicas) {
        if (address == group.master.address || group.replicas.contains(address_text(address)) || !is_host(address.host))
            continue;
        if (group.replicas.size() >= replicas_limit) return;
        tell(EventLevel::notice, "+slave", group, add_replica(watch, address));
        save();
    }
}

void Sentinel::Mind::learn_history(Watch& watch, const InfoText& info) {
    watch.judged_run_id = info.run_id;
    watch.lineage = info.replication_id;
    watch.lineage2 = info.replication_id2;
    watch.offset = info.master_offset;
    watch.keys = info.keys;
    watch.came_back_empty.reset();
}

void Sentinel::Mind::judge_history(Watch& watch, const InfoText& info) {
    // What it will have is only known when everything is loaded.
    if (info.loading) return;
    const bool is_known = watch.lineage.empty() || watch.judged_run_id.empty() || info.run_id == watch.judged_run_id;
    if (is_known) return learn_history(watch, info);
    const bool goes_on = info.replication_id == watch.lineage || info.replication_id2 == watch.lineage;
    const bool fell_back = goes_on ? info.master_offset < watch.offset / 2 : info.master_offset < watch.offset;
    const bool has_keys = info.shows_keys && info.keys >= watch.keys / 2 && (info.keys > 0 || watch.keys == 0);
    if (!fell_back || has_keys) return learn_history(watch, info);
    ChoiceRules rules;
    rules.lineage = watch.lineage;
    rules.lineage2 = watch.lineage2;
    const bool too_late = !has_old_history(watch.group, rules) ||
                          (watch.came_back_empty && now - *watch.came_back_empty > watch.group.options.failover_timeout);
    if (too_late) {
        warn(watch.group, watch.group.master, "came back without its data, and no replica has them any more");
        return learn_history(watch, info);
    }
    if (watch.came_back_empty) return;
    watch.came_back_empty = now;
    warn(watch.group, watch.group.master,
         fmt::format("came back without its data (offset {}, it was {}): it is taken as down, so that a replica that has them "
                     "becomes the master",
                     info.master_offset, watch.offset));
}

void Sentinel::Mind::promotion_answered(Contact& contact, const resp::Reply& reply) {
    Watch* watch = find(contact.group);
    if (watch == nullptr || watch->group.chosen != contact.key || watch->group.step != FailoverStep::wait_promotion) return;
    if (reply.is_error()) watch->promotion_refused = true;
    touch(*watch);
}

}  // namespace holdfast::sentinel
