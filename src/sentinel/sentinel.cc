#include "sentinel/sentinel.h"

#include <algorithm>
#include <utility>

#include "resp/glob.h"
#include "sentinel/mind.h"

namespace holdfast::sentinel {

namespace {

/// Groups in all.
constexpr std::size_t most_groups = 10'000;
/// Tries of a failover by hand to be elected.
constexpr unsigned tries_by_hand = 3;
/// Times are bounded so that sums of them stay times.
constexpr Duration longest = std::chrono::years(10);

void bound(GroupOptions& options) {
    for (Duration* time : {&options.down_after, &options.failover_timeout, &options.reboot_down_after})
        *time = std::clamp(*time, Duration::zero(), longest);
    options.down_after = std::max<Duration>(options.down_after, std::chrono::milliseconds(1));
    options.failover_timeout = std::max<Duration>(options.failover_timeout, std::chrono::milliseconds(1));
    options.quorum = std::max(options.quorum, 1U);
    options.parallel_syncs = std::max(options.parallel_syncs, 1U);
}

void bound(SentinelOptions& options) {
    constexpr Duration shortest = std::chrono::milliseconds(1);
    for (Duration* time :
         {&options.ping_period, &options.hello_period, &options.info_period, &options.fast_info_period, &options.ask_period,
          &options.redial_min, &options.own_pause, &options.default_down_after, &options.default_failover_timeout,
          &options.tilt_trigger, &options.tilt_period, &options.repoint_timeout, &options.election_timeout})
        *time = std::clamp(*time, shortest, longest);
    for (Duration* time : {&options.retry_min, &options.retry_max, &options.early_suspicion, &options.new_master_grace})
        *time = std::clamp(*time, Duration::zero(), longest);
}

std::string milliseconds(Duration time) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

/// What differs, as names and values of SENTINEL SET.
std::vector<std::string> changes(const GroupOptions& from, const GroupOptions& to) {
    std::vector<std::string> texts;
    const auto note = [&texts](bool differs, std::string_view name, const std::string& value) {
        if (differs) texts.push_back(fmt::format("{} {}", name, value));
    };
    note(from.down_after != to.down_after, "down-after-milliseconds", milliseconds(to.down_after));
    note(from.failover_timeout != to.failover_timeout, "failover-timeout", milliseconds(to.failover_timeout));
    note(from.parallel_syncs != to.parallel_syncs, "parallel-syncs", std::to_string(to.parallel_syncs));
    note(from.notification_script != to.notification_script, "notification-script", to.notification_script);
    note(from.reconfig_script != to.reconfig_script, "client-reconfig-script", to.reconfig_script);
    note(from.auth_pass != to.auth_pass, "auth-pass", "******");
    note(from.auth_user != to.auth_user, "auth-user", to.auth_user);
    note(from.quorum != to.quorum, "quorum", std::to_string(to.quorum));
    note(from.reboot_down_after != to.reboot_down_after, "master-reboot-down-after-period", milliseconds(to.reboot_down_after));
    for (const auto& [name, renamed] : to.renamed_commands) {
        const auto before = from.renamed_commands.find(name);
        note(before == from.renamed_commands.end() || before->second != renamed, "rename-command", name + " " + renamed);
    }
    for (const auto& [name, renamed] : from.renamed_commands)
        note(!to.renamed_commands.contains(name), "rename-command", name + " " + name);
    return texts;
}

std::unexpected<Error> unknown_group(std::string_view name) {
    return fail(SentinelErrc::unknown_group, fmt::format("no master with the name {} is watched", name));
}

}  // namespace

Sentinel::Sentinel(SavedState saved, std::uint64_t seed, Moment moment) {
    bound(saved.options);
    for (SavedGroup& group : saved.groups)
        bound(group.options);
    mind_ = std::make_unique<Mind>(std::move(saved), seed, moment);
}

Sentinel::~Sentinel() = default;

void Sentinel::link_opened(LinkId link, std::string_view local, Moment moment, std::string_view remote) {
    mind_->enter(moment);
    if (const auto place = mind_->links.place_of(link); place && !place->line->up) {
        if (!remote.empty()) mind_->learn_number(*place->contact, remote);
        mind_->link_opened(*place, local);
    }
    mind_->settle();
}

void Sentinel::link_closed(LinkId link, LinkEnd end, Moment moment) {
    mind_->enter(moment);
    if (const auto place = mind_->links.place_of(link)) mind_->link_closed(*place, end);
    mind_->settle();
}

void Sentinel::reply(LinkId link, const resp::Reply& reply, Moment moment) {
    mind_->enter(moment);
    if (const auto place = mind_->links.place_of(link); place && place->line->up) {
        if (place->is_command()) {
            mind_->answered(*place->contact, reply);
        } else {
            mind_->pushed(*place->contact, reply);
        }
    }
    mind_->settle();
}

bool Sentinel::hello(std::string_view text, Moment moment) {
    mind_->enter(moment);
    const bool is_hello = mind_->heard(text);
    mind_->settle();
    return is_hello;
}

DownAnswer Sentinel::is_master_down(const Address& address, std::uint64_t epoch, std::string_view candidate, Moment moment) {
    mind_->enter(moment);
    DownAnswer answer = mind_->vote(address, epoch, candidate);
    mind_->settle();
    return answer;
}

Result<> Sentinel::monitor(std::string name, Address address, unsigned quorum, Moment moment) {
    if (mind_->find(name) != nullptr)
        return fail(SentinelErrc::duplicate_group, fmt::format("a master with the name {} is watched already", name));
    if (name.empty() || address.host.empty() || address.port == 0 || quorum == 0)
        return fail(SentinelErrc::bad_argument, "a master needs a name, an address and a quorum of at least 1");
    if (mind_->watches.size() >= most_groups)
        return fail(SentinelErrc::bad_argument, fmt::format("{} masters are watched already, which is the most", most_groups));
    mind_->enter(moment);
    SavedGroup group{.name = std::move(name), .master = std::move(address)};
    group.options.quorum = quorum;
    group.options.down_after = mind_->state.options.default_down_after;
    group.options.failover_timeout = mind_->state.options.default_failover_timeout;
    // It may have voted for a master of this name before, and forgotten it with the removal.
    group.leader_epoch = mind_->state.current_epoch;
    mind_->add_group(group);
    mind_->save();
    mind_->settle();
    return {};
}

Result<> Sentinel::remove(std::string_view group, Moment moment) {
    Watch* watch = mind_->find(group);
    if (watch == nullptr) return unknown_group(group);
    mind_->enter(moment);
    mind_->remove_group(*watch);
    mind_->save();
    mind_->settle();
    return {};
}

std::size_t Sentinel::reset(std::string_view pattern, Moment moment) {
    mind_->enter(moment);
    std::size_t count = 0;
    for (auto& [name, watch] : mind_->watches) {
        if (!resp::glob_matches(pattern, name)) continue;
        mind_->reset_group(watch);
        ++count;
    }
    if (count > 0) mind_->save();
    mind_->settle();
    return count;
}

Result<> Sentinel::failover(std::string_view group, FailoverKind kind, Moment moment) {
    Watch* watch = mind_->find(group);
    if (watch == nullptr) return unknown_group(group);
    mind_->enter(moment);
    auto result = mind_->begin_by_hand(*watch, kind, tries_by_hand);
    mind_->settle();
    return result;
}

Result<> Sentinel::set_group(std::string_view group, GroupOptions options, Moment moment) {
    Watch* watch = mind_->find(group);
    if (watch == nullptr) return unknown_group(group);
    mind_->enter(moment);
    bound(options);
    const GroupOptions before = std::exchange(watch->group.options, std::move(options));
    const GroupOptions& after = watch->group.options;
    for (const std::string& change : changes(before, after))
        mind_->tell(EventLevel::warning, "+set", watch->group, watch->group.master, change);
    if (before.auth_user != after.auth_user || before.auth_pass != after.auth_pass) mind_->drop_links(watch->group);
    mind_->touch_all(watch->group);
    mind_->save();
    mind_->settle();
    return {};
}

void Sentinel::set_options(SentinelOptions options, Moment moment) {
    mind_->enter(moment);
    bound(options);
    const SentinelOptions before = std::exchange(mind_->state.options, std::move(options));
    const SentinelOptions& after = mind_->state.options;
    if (before.peer_user != after.peer_user || before.peer_pass != after.peer_pass || before.require_pass != after.require_pass)
        mind_->drop_peer_links();
    for (auto& [name, watch] : mind_->watches)
        mind_->touch_all(watch.group);
    mind_->save();
    mind_->settle();
}

void Sentinel::save(Moment moment) {
    mind_->enter(moment);
    mind_->save();
    mind_->settle();
}

SaveNumber Sentinel::last_save() const noexcept {
    return mind_->out.last_save();
}

void Sentinel::simulate_failure(SimulatedFailure failure) {
    mind_->state.simulated_failure = failure;
}

void Sentinel::saved(SaveNumber number, bool durable, Moment moment) {
    mind_->enter(moment);
    mind_->out.saved(number);
    mind_->saved(durable);
    mind_->settle();
}

void Sentinel::tick(Moment moment) {
    mind_->enter(moment);
    mind_->settle();
}

std::optional<Time> Sentinel::next_timer() const {
    return mind_->wake.next();
}

std::vector<Action> Sentinel::take_actions() {
    return mind_->out.take();
}

const State& Sentinel::state() const noexcept {
    return mind_->state;
}

Result<Address> Sentinel::master_address(std::string_view group) const {
    const Watch* watch = mind_->find(group);
    if (watch == nullptr) return unknown_group(group);
    return watch->group.master.address;
}

Result<Sentinel::Usable> Sentinel::usable(std::string_view group) const {
    const Watch* watch = mind_->find(group);
    if (watch == nullptr) return unknown_group(group);
    const std::size_t known = watch->group.peers.size() + 1;
    return Usable{.usable = static_cast<unsigned>(1 + mind_->usable_peers(watch->group)),
                  .known = static_cast<unsigned>(known),
                  .majority = static_cast<unsigned>(majority(known)),
                  .quorum = watch->group.options.quorum};
}

}  // namespace holdfast::sentinel
