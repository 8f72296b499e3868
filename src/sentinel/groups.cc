// The life of a group: taken up, reset, given another master, let go.

#include <algorithm>

#include "base/assert.h"
#include "sentinel/mind.h"

namespace holdfast::sentinel {

Watch& Sentinel::Mind::add_group(const SavedGroup& saved) {
    Group& group = state.groups[saved.name];
    group.name = saved.name;
    group.options = saved.options;
    group.config_epoch = saved.config_epoch;
    group.leader_epoch = saved.leader_epoch;
    group.master = {.role = Role::master, .name = saved.name, .address = saved.master, .contact = ++numbers};
    group.master.reported_role_since = now;
    Watch& watch = watches.try_emplace(saved.name, ++numbers, group).first->second;
    watch.ballot = Ballot({.leader = {}, .epoch = saved.leader_epoch});
    watch.hello_due = now + chance.between({}, state.options.hello_period);
    watches_by_id[watch.id] = &watch;
    touch(links.add(group.master.contact, Role::master, saved.name, saved.name, saved.master, now));
    touch(watch);
    // A file may say the same twice.
    for (const SavedInstance& replica : saved.replicas) {
        const bool is_new = replica.address != saved.master && !group.replicas.contains(address_text(replica.address));
        if (is_new && group.replicas.size() < replicas_limit) add_replica(watch, replica.address);
    }
    for (const SavedInstance& peer : saved.peers) {
        const bool is_new = !peer.run_id.empty() && peer.run_id != state.my_id && !group.peers.contains(peer.run_id);
        if (is_new && group.peers.size() < peers_limit) add_peer(watch, peer.run_id, peer.address);
    }
    tell(EventLevel::warning, "+monitor", group, group.master, fmt::format("quorum {}", group.options.quorum));
    return watch;
}

Instance& Sentinel::Mind::add_replica(Watch& watch, const Address& address) {
    const std::string key = address_text(address);
    Instance& replica = watch.group.replicas[key];
    replica = {.role = Role::replica, .name = key, .address = address, .contact = ++numbers};
    replica.reported_role = Role::replica;
    replica.reported_role_since = now;
    Contact& contact = links.add(replica.contact, Role::replica, watch.group.name, key, address, now);
    contact.follows_since = now;
    touch(contact);
    return replica;
}

void Sentinel::Mind::remove_replica(Watch& watch, const std::string& key) {
    const auto found = watch.group.replicas.find(key);
    HF_ASSERT(found != watch.group.replicas.end(), "only a replica that is known can be removed");
    wake.forget(found->second.contact);
    links.remove(found->second.contact);
    watch.group.replicas.erase(found);
}

void Sentinel::Mind::reset_group(Watch& watch) {
    Group& group = watch.group;
    if (watch.paused) unpause(watch);
    while (!group.replicas.empty())
        remove_replica(watch, group.replicas.begin()->first);
    while (!group.peers.empty())
        remove_peer(watch, group.peers.begin()->first);
    end_failover(watch);
    group.failover_started.reset();
    group.leader.clear();
    watch.ballot = Ballot({.leader = {}, .epoch = watch.ballot.last().epoch});
    group.master.subjectively_down_since.reset();
    group.master.objectively_down_since.reset();
    group.master.rebooted = false;
    group.master.run_id.clear();
    group.master.script_kill_sent = false;
    watch.lineage.clear();
    watch.lineage2.clear();
    watch.came_back_empty.reset();
    watch.old_master.clear();
    watch.next_attempt = now;
    watch.waits_for.clear();
    Contact& master = contact_of(group.master);
    links.drop(master, now);
    master.life.renew(now, {});
    mirror(master);
    touch(master);
    touch(watch);
    tell(EventLevel::warning, "+reset-master", group, group.master);
}

void Sentinel::Mind::remove_group(Watch& watch) {
    Group& group = watch.group;
    if (watch.paused) unpause(watch);
    tell(EventLevel::warning, "-monitor", group, group.master);
    while (!group.replicas.empty())
        remove_replica(watch, group.replicas.begin()->first);
    while (!group.peers.empty())
        remove_peer(watch, group.peers.begin()->first);
    wake.forget(group.master.contact);
    links.remove(group.master.contact);
    wake.forget(watch.id);
    watches_by_id.erase(watch.id);
    const std::string name = group.name;
    watches.erase(name);
    state.groups.erase(name);
}

void Sentinel::Mind::switch_master(Watch& watch, const Address& address, bool led, bool won) {
    Group& group = watch.group;
    const Address from = group.master.address;
    std::map<std::string, Instance> others = std::exchange(group.replicas, {});
    Instance old_master = std::move(group.master);
    if (const auto found = others.find(address_text(address)); found != others.end()) {
        group.master = std::move(found->second);
        others.erase(found);
        Contact& contact = contact_of(group.master);
        contact.role = Role::master;
        contact.key = group.name;
    } else {
        group.master = {.address = address, .contact = ++numbers};
        links.add(group.master.contact, Role::master, group.name, group.name, address, now);
    }
    group.master.role = Role::master;
    group.master.name = group.name;
    group.master.repoint = Repoint::none;
    group.master.promoted = false;
    // That it says to be a replica still is no contradiction before now.
    group.master.reported_role_since = now;
    contact_of(group.master).life.renew(now, state.options.new_master_grace);

    const std::string old_key = address_text(from);
    old_master.role = Role::replica;
    old_master.name = old_key;
    Contact& old_contact = contact_of(old_master);
    old_contact.role = Role::replica;
    old_contact.key = old_key;
    const bool is_new = others.try_emplace(old_key, std::move(old_master)).second;
    HF_ASSERT(is_new, "a master is not one of its own replicas");
    for (auto& [key, replica] : others) {
        replica.repoint = Repoint::none;
        replica.promoted = false;
        Contact& contact = contact_of(replica);
        contact.left_behind = won;
        contact.repoint_tried = {};
        contact.follows_since = now;
        contact.life.renew(now, {});
    }
    group.replicas = std::move(others);
    const auto forget_verdict = [this](Instance& instance) {
        instance.subjectively_down_since.reset();
        instance.objectively_down_since.reset();
        instance.script_kill_sent = false;
        instance.rebooted = false;
        contact_of(instance).up_since = now;
        want_info(contact_of(instance));
    };
    forget_verdict(group.master);
    for (auto& [key, replica] : group.replicas)
        forget_verdict(replica);
    for (auto& [key, peer] : group.peers) {
        peer.says_down = false;
        peer.voted_leader.clear();
    }
    end_failover(watch);
    group.failover_started.reset();
    group.loss_report.clear();
    watch.won_epoch = won ? group.config_epoch : 0;
    watch.led = led;
    watch.old_master = old_key;
    watch.old_address = from;
    watch.last_offset.reset();
    watch.last_offset_is_final = false;
    watch.old_lineage = watch.lineage;
    watch.was_paused = false;
    watch.switched_at = now;
    watch.lineage.clear();
    watch.lineage2.clear();
    watch.judged_run_id.clear();
    watch.came_back_empty.reset();
    watch.lost = 0;
    watch.next_attempt = now;
    watch.waits_for.clear();
    watch.wants_candidate = false;
    watch.hello_due = now;
    hurry_links(group);
    for (const auto& [key, replica] : group.replicas)
        tell(EventLevel::notice, "+slave", group, replica);
    touch(watch);
}

void Sentinel::Mind::tell_switch(Watch& watch, const Address& from, const Address& to) {
    tell_text(EventLevel::warning, "+switch-master", &watch.group,
              fmt::format("{} {} {} {} {}", watch.group.name, from.host, from.port, to.host, to.port));
}

void Sentinel::Mind::run_reconfig_script(const Watch& watch, bool leader, const Address& from, const Address& to) {
    const std::string& script = watch.group.options.reconfig_script;
    if (script.empty()) return;
    out.run_script({script, watch.group.name, leader ? "leader" : "observer", "start", from.host, std::to_string(from.port),
                    to.host, std::to_string(to.port)});
}

Time Sentinel::Mind::step(Watch& watch) {
    Time next = Time::max();
    if (now >= watch.hello_due) {
        watch.hello_due = now + state.options.hello_period;
        say_hello(watch);
    }
    judge(watch, next);
    maybe_begin(watch, next);
    drive(watch, next);
    ask_peers(watch, next);
    correct(watch, next);
    return std::min(next, watch.hello_due);
}

}  // namespace holdfast::sentinel
