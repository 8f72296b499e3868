// What is said to contacts regularly, and when a connection opens.

#include <algorithm>

#include "sentinel/ip_literal.h"
#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// Commands without an answer on a link, per group that uses it, beyond which nothing regular is said on it.
constexpr std::size_t most_pending = 100;
/// INFO of instances in an odd state.
constexpr Duration wary_info_period = std::chrono::seconds(1);
/// Hot polling of INFO ends so long after a switch.
constexpr Duration fast_info_after_switch = std::chrono::seconds(10);
/// Silence on a link is not looked at sooner than this.
constexpr Duration shortest_silence = std::chrono::seconds(5);
/// Masters, and those that have to be told of a new one, are looked for at least this often while they are away.
constexpr Duration eager_redial = std::chrono::milliseconds(200);
constexpr Duration shortest_ping_period = std::chrono::milliseconds(50);

}  // namespace

std::string Sentinel::Mind::word(const Contact& contact, std::string_view command) const {
    const auto group = contact.role == Role::peer ? state.groups.end() : state.groups.find(contact.group);
    if (group == state.groups.end()) return std::string(command);
    const auto& renamed = group->second.options.renamed_commands;
    const auto found = renamed.find(std::string(command));
    return found == renamed.end() ? std::string(command) : found->second;
}

void Sentinel::Mind::learn_number(Contact& contact, std::string_view number) {
    contact.ip = number;
    if (state.options.announce_hostnames || contact.role == Role::peer || canonical_ip(contact.address.host)) return;
    Watch* const watch = find(contact.group);
    if (watch == nullptr) return;
    Group& group = watch->group;
    const Address address{.host = contact.ip, .port = contact.address.port};
    if (contact.role == Role::master) {
        group.master.address = address;
    } else {
        const std::string key = address_text(address);
        // One replica by two addresses stays two.
        if (address == group.master.address || group.replicas.contains(key)) return;
        auto replica = group.replicas.extract(contact.key);
        for (std::string* known : {&group.chosen, &watch->old_master}) {
            if (*known == contact.key) *known = key;
        }
        replica.key() = contact.key = key;
        replica.mapped().name = key;
        replica.mapped().address = address;
        group.replicas.insert(std::move(replica));
    }
    contact.address = address;
    save();
}

void Sentinel::Mind::link_opened(const Links::Place& place, std::string_view local) {
    Contact& contact = *place.contact;
    links.opened(place, local, now);
    greet(contact, place.is_command());
    if (place.is_command()) {
        ping(contact);
        if (contact.role == Role::peer) {
            links.send(contact, {.said = Said::kind}, {"INFO", "server"}, now);
        } else {
            ask_info(contact);
        }
        for_each_group_of(contact, [&](Watch& watch) {
            if (Instance* instance = instance_in(watch.group, contact)) say_hello_to(watch, *instance);
        });
    }
    mirror(contact);
    touch(contact);
    touch_groups_of(contact);
}

void Sentinel::Mind::link_closed(const Links::Place& place, LinkEnd end) {
    Contact& contact = *place.contact;
    const bool was_up = contact.command.up;
    const bool is_command = place.is_command();
    links.ended(place, end, link_times(contact), now);
    if (is_command && contact.role == Role::peer) {
        for_each_group_of(contact, [&](Watch& watch) { watch.asks[contact.key].awaited = false; });
        if (was_up) another_is_gone(contact);
    }
    mirror(contact);
    touch(contact);
    touch_groups_of(contact);
}

void Sentinel::Mind::greet(Contact& contact, bool on_command_link) {
    const bool is_peer = contact.role == Role::peer;
    std::string user = is_peer ? state.options.peer_user : state.groups.at(contact.group).options.auth_user;
    std::string pass = is_peer ? state.options.peer_pass : state.groups.at(contact.group).options.auth_pass;
    if (is_peer && pass.empty()) {
        user.clear();
        pass = state.options.require_pass;
    }
    std::vector<std::vector<std::string>> commands;
    if (!pass.empty()) {
        commands.push_back({word(contact, "AUTH")});
        if (!user.empty()) commands.back().push_back(std::move(user));
        commands.back().push_back(std::move(pass));
    }
    const std::string_view kind = on_command_link ? "cmd" : "pubsub";
    commands.push_back({word(contact, "CLIENT"), "SETNAME", fmt::format("sentinel-{}-{}", state.my_id.substr(0, 8), kind)});
    if (!on_command_link) commands.push_back({word(contact, "SUBSCRIBE"), std::string(hello_channel)});
    for (auto& command : commands) {
        if (on_command_link) {
            links.send(contact, {}, std::move(command), now);
        } else {
            links.subscribe(contact, std::move(command));
        }
    }
}

void Sentinel::Mind::ping(Contact& contact) {
    if (!links.send(contact, {.said = Said::ping}, {word(contact, "PING")}, now)) return;
    contact.last_ping_sent = now;
    contact.life.probed(now);
    mirror(contact);
    touch_groups_of(contact);
}

void Sentinel::Mind::ask_info(Contact& contact) {
    contact.info_wanted = contact.info_awaited;
    if (contact.info_awaited || !links.send(contact, {.said = Said::info}, {word(contact, "INFO")}, now)) return;
    contact.info_awaited = true;
    contact.info_sent = now;
}

void Sentinel::Mind::ask_role(Contact& contact) {
    if (contact.role_awaited || !links.send(contact, {.said = Said::role}, {word(contact, "ROLE")}, now)) return;
    contact.role_awaited = true;
    contact.role_sent = now;
}

Duration Sentinel::Mind::shortest_down_after(const Contact& contact) const {
    if (contact.role != Role::peer) return state.groups.at(contact.group).options.down_after;
    Duration shortest = Duration::max();
    for (const Contact::User& user : contact.users)
        shortest = std::min(shortest, user.watch->group.options.down_after);
    return shortest;
}

LinkTimes Sentinel::Mind::link_times(const Contact& contact) const {
    const bool eager = contact.role == Role::master || contact.left_behind;
    const Duration longest = eager ? std::min(eager_redial, state.options.ping_period) : state.options.ping_period;
    return {.redial_min = state.options.redial_min,
            .redial_max = std::max(state.options.redial_min, longest),
            .command_silence = std::max(shortest_silence, shortest_down_after(contact) / 2),
            .subscription_silence = std::max(shortest_silence, state.options.hello_period * 3)};
}

Time Sentinel::Mind::step(Contact& contact) {
    const LinkId before = contact.command.id;
    Time next = links.keep(contact, link_times(contact), now);
    if (contact.command.id != before) touch_groups_of(contact);
    if (contact.command.up) next = std::min({next, step_ping(contact), step_info(contact)});
    mirror(contact);
    return next;
}

Time Sentinel::Mind::step_ping(Contact& contact) {
    const Duration down_after = shortest_down_after(contact);
    // A hang counts from the first PING that it leaves unanswered.
    const Duration part = contact.role == Role::master ? down_after / 20 : down_after / 4;
    const Duration period = std::min(state.options.ping_period, std::max(part, shortest_ping_period));
    const Time due = std::max(contact.last_pong + period, contact.last_ping_sent + period / 2);
    if (now < due) return due;
    const std::size_t users = contact.role == Role::peer ? contact.users.size() : 1;
    if (contact.awaited.size() > most_pending * users) return now + period;
    ping(contact);
    return now + period / 2;
}

Duration Sentinel::Mind::info_period_of(const Contact& contact) const {
    const Group& group = state.groups.at(contact.group);
    const Watch& watch = watches.find(contact.group)->second;
    const Duration wary = std::min(wary_info_period, state.options.info_period);
    if (contact.role == Role::master)
        return group.master.reported_role == Role::replica || watch.came_back_empty ? wary : state.options.info_period;
    if (group.step == FailoverStep::repoint_replicas)
        return now - group.step_since < fast_info_after_switch ? state.options.fast_info_period : wary;
    if (group.step != FailoverStep::none || (group.master.objectively_down_since && !watch.wants_candidate))
        return state.options.fast_info_period;
    const auto found = group.replicas.find(contact.key);
    const bool odd =
        group.master.subjectively_down_since || contact.left_behind ||
        (found != group.replicas.end() && (found->second.reported_role == Role::master || !found->second.follows_link_up));
    return odd ? wary : state.options.info_period;
}

Time Sentinel::Mind::step_info(Contact& contact) {
    if (contact.role == Role::peer || contact.info_awaited) return Time::max();
    const Time due = contact.info_wanted ? now : contact.info_sent + info_period_of(contact);
    if (now < due) return due;
    ask_info(contact);
    return Time::max();
}

void Sentinel::Mind::want_info(Contact& contact) {
    ask_info(contact);
    touch(contact);
}

void Sentinel::Mind::mirror(const Contact& contact) {
    const LinkState view = Links::view(contact);
    if (contact.role != Role::peer) {
        Watch* watch = find(contact.group);
        if (Instance* instance = watch == nullptr ? nullptr : instance_in(watch->group, contact)) instance->link = view;
        return;
    }
    for (const Contact::User& user : contact.users) {
        user.instance->link = view;
        user.instance->is_holdfast = contact.is_holdfast;
    }
}

void Sentinel::Mind::drop_links(Group& group) {
    const auto drop = [this](const Instance& instance) {
        Contact& contact = contact_of(instance);
        links.drop(contact, now);
        mirror(contact);
        touch(contact);
    };
    drop(group.master);
    for (const auto& [name, replica] : group.replicas)
        drop(replica);
}

void Sentinel::Mind::drop_peer_links() {
    for (const auto& [run_id, id] : peer_contacts) {
        Contact& contact = links.at(id);
        links.drop(contact, now);
        mirror(contact);
        touch(contact);
    }
}

void Sentinel::Mind::touch_all(const Group& group) {
    touch(contact_of(group.master));
    for (const auto& [name, replica] : group.replicas)
        touch(contact_of(replica));
    for (const auto& [name, peer] : group.peers)
        touch(contact_of(peer));
    if (const Watch* watch = find(group.name)) touch(*watch);
}

void Sentinel::Mind::hurry_links(Group& group) {
    const auto hurry = [this](const Instance& instance) {
        Contact& contact = contact_of(instance);
        Links::hurry(contact, now);
        touch(contact);
    };
    hurry(group.master);
    for (const auto& [name, replica] : group.replicas)
        hurry(replica);
}

}  // namespace holdfast::sentinel
