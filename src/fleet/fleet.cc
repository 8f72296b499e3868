#include "fleet/fleet.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "fleet/fleet_state.h"
#include "fleet/suggestion.h"

namespace holdfast::fleet {

namespace {

/// Names to indexes while an image is loaded, so that a million records need no search each.
template <class Index, class Items>
std::unordered_map<std::string_view, Index> by_name(const Items& items) {
    std::unordered_map<std::string_view, Index> names;
    for (std::size_t i = 0; i < items.size(); ++i)
        names.emplace(items[i].name, Index(static_cast<typename Index::Value>(i)));
    return names;
}

template <class Index>
Index lookup(const std::unordered_map<std::string_view, Index>& names, std::string_view name) {
    if (name.empty()) return Index::none();
    const auto found = names.find(name);
    return found == names.end() ? Index::none() : found->second;
}

}  // namespace

Fleet::State::State(Policy p, FleetOptions o, Moment moment)
    : options(o),
      policy(std::make_shared<const Policy>(std::move(p))),
      table(o.table_seed),
      takeovers(o.fights),
      history(o.history),
      narrator(o.events, o.device_events_per_second, moment) {}

void Fleet::State::load(FleetImage image, Moment moment) {
    for (const ClusterRecord& record : image.clusters) {
        if (!valid_name(record.name) || topology.find_cluster(record.name).valid()) {
            tell(moment, EventKind::cluster_removed, Severity::warning, record.name,
                 fmt::format("a stored cluster \"{}\" was dropped: its name is not valid or not the only one", record.name));
            continue;
        }
        TopologyCluster& cluster = topology.clusters[add_cluster(record.name).value()];
        cluster.weight = std::min(record.weight, max_weight);
        cluster.source = record.source;
        cluster.enabled = record.enabled;
        cluster.policy = record.policy;
        cluster.active_epoch = record.active_epoch;
    }
    for (const NodeRecord& record : image.nodes) {
        const ClusterIndex cluster = topology.find_cluster(record.cluster);
        if (!valid_name(record.name) || !cluster.valid() || topology.find_node(record.name).valid()) {
            tell(moment, EventKind::node_removed, Severity::warning, record.name,
                 fmt::format("a stored node \"{}\" was dropped: its cluster \"{}\" does not exist, or its name is not valid or "
                             "not the only one",
                             record.name, record.cluster));
            continue;
        }
        TopologyNode& node = topology.nodes[add_node(cluster, record.name, moment).value()];
        node.host = record.host;
        node.port = record.port;
        node.weight = std::min(record.weight, max_weight);
        node.draining = record.draining;
        node.listed = record.listed;
        node.origin = record.origin;
        node.priority = std::min(record.priority, max_priority);
    }
    for (const ClusterRecord& record : image.clusters) {
        const NodeIndex active = topology.find_node(record.active);
        const ClusterIndex cluster = topology.find_cluster(record.name);
        if (active.valid() && cluster.valid() && topology.node(active).cluster == cluster)
            topology.clusters[cluster.value()].active = active;
    }
    const auto clusters = by_name<ClusterIndex>(topology.clusters);
    const auto nodes = by_name<NodeIndex>(topology.nodes);
    std::uint64_t dropped = 0;
    for (DeviceRecord& record : image.devices) {
        const DeviceState state{.home = lookup(clusters, record.home),
                                .explicit_cluster = lookup(clusters, record.explicit_cluster),
                                .explicit_node = lookup(nodes, record.explicit_node),
                                .sticky_node = lookup(nodes, record.sticky_node),
                                .enrolled_at = to_seconds(record.enrolled_at),
                                .routed_at = to_seconds(record.routed_at),
                                .connected_last = to_seconds(record.connected_last),
                                .disabled = record.disabled};
        if (!valid_device_id(record.id) || table.find(record.id) || !table.put(record.id, state)) {
            ++dropped;
            continue;
        }
        count(state, true);
        if (record.tags.size() > max_tags) record.tags.resize(max_tags);
        std::erase_if(record.tags, [](const std::string& tag) { return !valid_tag(tag); });
        if (record.note.size() > max_note_length) record.note.resize(max_note_length);
        if (!record.tags.empty() || !record.note.empty()) table.set_tags(record.id, record.tags, record.note);
    }
    if (dropped > 0)
        tell(moment, EventKind::device_removed, Severity::warning, {},
             fmt::format("{} stored devices were dropped: their ids are not valid or not the only ones", dropped));
}

SnapshotPtr Fleet::State::publish() {
    if (published && !topology_changed && !devices_changed && !policy_changed) return published;
    auto next = std::make_shared<Snapshot>();
    next->topology = published && !topology_changed ? published->topology : std::make_shared<const Topology>(topology);
    next->devices = published && !devices_changed ? published->devices : table.view();
    next->policy = policy;
    next->version = published ? published->version + 1 : 1;
    topology_changed = devices_changed = policy_changed = false;
    published = std::move(next);
    return published;
}

void Fleet::State::order_end(ConnectionId connection, EndCause cause) {
    if (!presence.mark_ending(connection)) return;
    ends.push_back({connection, cause});
    ++counts.ordered_ends;
}

Result<ClusterIndex> Fleet::State::cluster_named(std::string_view name) const {
    const ClusterIndex found = topology.find_cluster(name);
    if (found.valid()) return found;
    std::vector<std::string_view> names;
    for (const TopologyCluster& cluster : topology.clusters)
        if (!cluster.erased) names.push_back(cluster.name);
    return fail(FleetErrc::unknown_cluster, fmt::format("no cluster named \"{}\"{}", name, suggestion(name, names)));
}

Result<NodeIndex> Fleet::State::node_named(std::string_view name) const {
    const NodeIndex found = topology.find_node(name);
    if (found.valid()) return found;
    std::vector<std::string_view> names;
    for (const TopologyNode& node : topology.nodes)
        if (!node.erased) names.push_back(node.name);
    return fail(FleetErrc::unknown_node, fmt::format("no node named \"{}\"{}", name, suggestion(name, names)));
}

Fleet::Fleet(FleetImage image, Policy policy, FleetOptions options, Moment moment)
    : state_(std::make_unique<State>(std::move(policy), options, moment)) {
    state_->load(std::move(image), moment);
}

Fleet::~Fleet() = default;

Result<> Fleet::set_policy(Policy policy, Moment moment) {
    State& s = *state_;
    if (const Result<> checked = validate(policy); !checked) return checked;
    if (policy == *s.policy) return {};
    s.policy = std::make_shared<const Policy>(std::move(policy));
    s.policy_changed = s.snapshot_changed = true;
    s.tell(moment, EventKind::policy_changed, Severity::notice, {}, "the fleet's policy was changed");
    return {};
}

void Fleet::tick(Moment moment) {
    State& s = *state_;
    s.bring_back_due(moment);
    s.step_moves(moment);
    std::vector<EndOrder> due;
    s.relocation.due(moment, due);
    for (const EndOrder& order : due)
        s.order_end(order.connection, order.cause);
    for (const JobStatus& job : s.relocation.take_ended()) {
        if (job.state != JobState::done) continue;
        s.tell(moment, EventKind::job_done, Severity::notice, {},
               fmt::format("job {} is done: {}, {} connections", job.id.value(), job.subject, job.done));
    }
    s.narrator.tick(moment);
}

std::optional<Time> Fleet::next_timer(Time now) {
    State& s = *state_;
    std::optional<Time> next = s.relocation.next(now);
    const auto sooner = [&](std::optional<Time> at) {
        if (at && (!next || *at < *next)) next = at;
    };
    sooner(s.narrator.next());
    for (const NodeIndex node : s.returns)
        sooner(s.node_work[node.value()].return_at);
    constexpr Duration step_interval = std::chrono::milliseconds(5);
    if (std::ranges::any_of(s.moves, [&](const BulkMove& move) { return s.room(move) > 0; })) sooner(now + step_interval);
    return next;
}

Effects Fleet::take_effects() {
    State& s = *state_;
    Effects effects;
    effects.changes = std::exchange(s.changes, {});
    effects.ends = std::exchange(s.ends, {});
    effects.probe = std::exchange(s.probes, {});
    effects.events = s.narrator.take();
    effects.snapshot_changed = std::exchange(s.snapshot_changed, false);
    return effects;
}

SnapshotPtr Fleet::publish() {
    return state_->publish();
}

const Topology& Fleet::topology() const noexcept {
    return state_->topology;
}
const Policy& Fleet::policy() const noexcept {
    return *state_->policy;
}
const DeviceTable& Fleet::devices() const noexcept {
    return state_->table;
}
const Presence& Fleet::presence() const noexcept {
    return state_->presence;
}
const EventLog& Fleet::events() const noexcept {
    return state_->narrator.log();
}
const History& Fleet::history() const noexcept {
    return state_->history;
}
std::vector<JobStatus> Fleet::jobs() const {
    return state_->relocation.jobs();
}
std::vector<Fight> Fleet::fights(Time now, std::size_t limit) const {
    return state_->takeovers.fights(now, limit);
}
DeviceTable::Memory Fleet::device_memory() const noexcept {
    return state_->table.memory();
}

FleetCounts Fleet::counts() const noexcept {
    FleetCounts counts = state_->counts;
    counts.devices = state_->table.size();
    counts.connections = state_->presence.size();
    counts.anonymous = state_->presence.anonymous();
    counts.takeovers = state_->takeovers.takeovers_in_all();
    counts.fights = state_->takeovers.fights_in_all();
    return counts;
}

std::uint64_t Fleet::refused_for(RefuseReason reason) const noexcept {
    const auto i = static_cast<std::size_t>(reason);
    return i < state_->refused_for.size() ? state_->refused_for[i] : 0;
}

std::uint64_t Fleet::devices_of(ClusterIndex cluster) const noexcept {
    return cluster.value() < state_->served.size() ? state_->served[cluster.value()] : 0;
}

}  // namespace holdfast::fleet
