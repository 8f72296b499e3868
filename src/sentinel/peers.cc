// Other sentinels: found by their hellos, told ours, and voted for.

#include <algorithm>

#include "sentinel/ip_literal.h"
#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// Epochs that cannot have been reached by elections.
constexpr std::uint64_t largest_epoch = 1ULL << 62;
/// Own addresses that are remembered.
constexpr std::size_t most_announced = 32;
constexpr std::size_t longest_run_id = 64;
constexpr std::size_t most_unanswered = 100;
/// Beneath this Redis Sentinel mistakes a new master for a dead one (its dialling waits a second, also after a switch).
constexpr Duration safe_down_after = std::chrono::seconds(2);

}  // namespace

Instance& Sentinel::Mind::add_peer(Watch& watch, const std::string& run_id, const Address& address) {
    const auto [place, is_new] = peer_contacts.try_emplace(run_id, 0);
    if (is_new) {
        place->second = ++numbers;
        links.add(place->second, Role::peer, {}, run_id, address, now);
    }
    Instance& peer = watch.group.peers[run_id];
    peer = {.role = Role::peer, .name = run_id, .address = address, .run_id = run_id, .contact = place->second};
    Contact& contact = contact_of(peer);
    contact.users.push_back({.watch = &watch, .instance = &peer});
    mirror(contact);
    touch(contact);
    return peer;
}

// The run id is a copy, because it may be the one in the map.
void Sentinel::Mind::remove_peer(Watch& watch, std::string run_id) {
    watch.group.peers.erase(run_id);
    watch.asks.erase(run_id);
    const auto found = peer_contacts.find(run_id);
    if (found == peer_contacts.end()) return;
    Contact& contact = links.at(found->second);
    std::erase_if(contact.users, [&watch](const Contact::User& user) { return user.watch == &watch; });
    if (!contact.users.empty()) return;
    wake.forget(contact.id);
    links.remove(contact.id);
    peer_contacts.erase(found);
}

bool Sentinel::Mind::heard(std::string_view text) {
    const auto hello = parse_hello(text);
    if (!hello) return false;
    if (hello->run_id == state.my_id) {
        check_own_id(*hello);
    } else if (text.find(state.my_id) == std::string_view::npos) {
        take_hello(*hello);
    }
    return true;
}

bool Sentinel::Mind::is_host(std::string_view host) const {
    return !host.empty() && (state.options.resolve_hostnames || canonical_ip(host));
}

void Sentinel::Mind::check_own_id(const Hello& hello) {
    if (warned_of_double || announced.empty() || std::ranges::find(announced, hello.sender) != announced.end()) return;
    warned_of_double = true;
    out.tell({.level = EventLevel::warning,
              .name = "-warning",
              .text = fmt::format("another sentinel at {} has this one's id {}: give one of them a new `sentinel myid`",
                                  address_text(hello.sender), state.my_id),
              .log_only = true});
}

void Sentinel::Mind::take_hello(const Hello& hello) {
    Watch* watch = find(hello.group);
    if (watch == nullptr || hello.current_epoch > largest_epoch || hello.config_epoch > largest_epoch ||
        hello.sender.port == 0 || hello.master.port == 0 || !is_host(hello.sender.host) || !is_host(hello.master.host))
        return;
    Instance* peer = take_peer(*watch, hello);
    if (peer == nullptr) return;
    peer->hello_at = now;
    new_epoch(std::max(hello.current_epoch, hello.config_epoch), *watch);
    take_configuration(*watch, hello, *peer);
    touch(*watch);
}

Instance* Sentinel::Mind::take_peer(Watch& watch, const Hello& hello) {
    Group& group = watch.group;
    if (const auto known = group.peers.find(hello.run_id); known != group.peers.end() && known->second.address == hello.sender)
        return &known->second;
    const auto contact = peer_contacts.find(hello.run_id);
    if (contact != peer_contacts.end() && links.at(contact->second).address != hello.sender) {
        Contact& moved = links.at(contact->second);
        moved.address = hello.sender;
        links.drop(moved, now);
        touch(moved);
        for_each_group_of(moved, [&](Watch& other) {
            other.group.peers.at(hello.run_id).address = hello.sender;
            tell(EventLevel::notice, "+sentinel-address-switch", other.group, other.group.master,
                 fmt::format("ip {} port {} for {}", hello.sender.host, hello.sender.port, hello.run_id));
        });
        save();
    }
    if (const auto known = group.peers.find(hello.run_id); known != group.peers.end()) return &known->second;

    const auto has_address = [&hello](const auto& named) { return named.second.address == hello.sender; };
    if (const auto stale = std::ranges::find_if(group.peers, has_address); stale != group.peers.end()) {
        tell(EventLevel::notice, "+sentinel-invalid-addr", group, stale->second);
        const std::string run_id = stale->first;
        for (auto& [name, other] : watches) {
            if (other.group.peers.contains(run_id)) remove_peer(other, run_id);
        }
    }
    if (group.peers.size() >= peers_limit) return nullptr;
    Instance& peer = add_peer(watch, hello.run_id, hello.sender);
    tell(EventLevel::notice, "+sentinel", group, peer);
    if (peer.link.command_up) say_hello_to(watch, peer);
    warn_of_stock_majority(watch);
    save();
    return &peer;
}

void Sentinel::Mind::new_epoch(std::uint64_t epoch, const Watch& watch) {
    if (epoch <= state.current_epoch) return;
    state.current_epoch = epoch;
    tell_text(EventLevel::warning, "+new-epoch", &watch.group, std::to_string(epoch));
    save();
}

void Sentinel::Mind::take_configuration(Watch& watch, const Hello& hello, const Instance& peer) {
    Group& group = watch.group;
    if (hello.config_epoch <= group.config_epoch) return;
    group.config_epoch = hello.config_epoch;
    save();
    if (hello.master == group.master.address) return;
    // Holdfast never gives out what it has not won; and whoever has the vote of this epoch is the only one to have won it.
    const Vote& vote = watch.ballot.last();
    const bool won = vote.epoch == hello.config_epoch && is_own_kind(group, vote.leader);
    if (watch.paused) unpause(watch);
    const Address from = group.master.address;
    tell(EventLevel::warning, "+config-update-from", group, peer);
    tell_switch(watch, from, hello.master);
    run_reconfig_script(watch, false, from, hello.master);
    switch_master(watch, hello.master, false, won);
}

Address Sentinel::Mind::own_address(const Contact& contact) const {
    return {.host = state.options.announce.host.empty() ? contact.local : state.options.announce.host,
            .port = state.options.announce.port == 0 ? state.options.port : state.options.announce.port};
}

void Sentinel::Mind::say_hello(Watch& watch) {
    say_hello_to(watch, watch.group.master);
    for (const auto& [key, replica] : watch.group.replicas)
        say_hello_to(watch, replica);
    for (const auto& [key, peer] : watch.group.peers)
        say_hello_to(watch, peer);
}

void Sentinel::Mind::say_hello_to(Watch& watch, const Instance& instance) {
    Contact& contact = contact_of(instance);
    const std::size_t users = contact.role == Role::peer ? contact.users.size() : 1;
    if (!contact.command.up || contact.hello_withheld || contact.awaited.size() > most_unanswered * users) return;
    const Hello hello{.sender = own_address(contact),
                      .run_id = state.my_id,
                      .current_epoch = state.current_epoch,
                      .group = watch.group.name,
                      .master = watch.group.master.address,
                      .config_epoch = watch.group.config_epoch};
    if (hello.sender.host.empty()) return;
    if (announced.size() < most_announced && std::ranges::find(announced, hello.sender) == announced.end())
        announced.push_back(hello.sender);
    links.send(contact, {}, {word(contact, "PUBLISH"), std::string(hello_channel), format_hello(hello)}, now);
}

void Sentinel::Mind::warn_of_stock_majority(Watch& watch) {
    const Group& group = watch.group;
    if (watch.warned_of_stock || group.options.down_after >= safe_down_after) return;
    const auto is_stock = [this](const auto& named) {
        const Contact& contact = contact_of(named.second);
        return contact.command.up && !contact.is_holdfast && contact.last_pong != Time{};
    };
    const auto stock = static_cast<std::size_t>(std::ranges::count_if(group.peers, is_stock));
    if (stock < majority(group.peers.size() + 1)) return;
    watch.warned_of_stock = true;
    warn(group, group.master,
         "down-after-milliseconds is below 2000 and most sentinels are redis-sentinel: they may take a new master for dead and "
         "replace it "
         "again; use 2000 or more, or more Holdfast sentinels");
}

bool Sentinel::Mind::is_own_kind(const Group& group, std::string_view run_id) const {
    const auto peer = group.peers.find(std::string(run_id));
    return peer != group.peers.end() && contact_of(peer->second).is_holdfast;
}

std::uint64_t Sentinel::Mind::least_epoch_for(const Group& group, std::string_view candidate) const {
    // Epochs are counted for all groups together, elections are held in each: another group's does not end this one, when the
    // candidate counts in the same way. A redis-sentinel does not, so it would not use the vote.
    return is_own_kind(group, candidate) ? group.config_epoch + 1 : state.current_epoch;
}

DownAnswer Sentinel::Mind::vote(const Address& address, std::uint64_t epoch, std::string_view candidate) {
    const auto found = std::ranges::find_if(watches, [&](const auto& named) {
        const Instance& master = named.second.group.master;
        // Some sentinels ask by the number where others know a name.
        return master.address == address ||
               (master.address.port == address.port && !address.host.empty() && contact_of(master).ip == address.host);
    });
    if (found == watches.end()) return {};
    Watch& watch = found->second;
    Group& group = watch.group;
    DownAnswer answer{.down = group.master.subjectively_down_since.has_value()};
    if (candidate.empty() && answer.down && !group.master.objectively_down_since) {
        watch.questioned = now;
        touch(watch);
    }
    if (candidate.empty() || candidate.size() > longest_run_id || epoch > largest_epoch) return answer;
    new_epoch(epoch, watch);
    // Who is elected and at it does not help another to begin again: the earlier vote stands for that while.
    const bool busy = group.step > FailoverStep::wait_start && group.step < FailoverStep::repoint_replicas;
    const bool is_loyal = now < watch.loyal_until && !watch.waits_for.empty() && watch.waits_for != candidate;
    if (!busy && !(is_loyal && is_own_kind(group, candidate)) &&
        watch.ballot.ask(candidate, epoch, least_epoch_for(group, candidate))) {
        group.leader = watch.ballot.last().leader;
        group.leader_epoch = watch.ballot.last().epoch;
        watch.ballot_save = save();
        tell_text(EventLevel::warning, "+vote-for-leader", &group, fmt::format("{} {}", candidate, epoch));
        if (candidate != state.my_id) {
            group.failover_started = now;
            if (group.step == FailoverStep::wait_start) abort(watch, "-failover-abort-not-elected", false);
            leave_to_another(watch, std::string(candidate));
        }
        touch(watch);
    }
    answer.leader = watch.ballot.last().leader;
    answer.leader_epoch = watch.ballot.last().epoch;
    answer.after_save = out.still_to_wait_for(watch.ballot_save);
    return answer;
}

}  // namespace holdfast::sentinel
