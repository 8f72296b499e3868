// Nodes of the fleet machine: listed, changed, left, probed, drained, removed.

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "fleet/fleet_state.h"

namespace holdfast::fleet {

namespace {

std::string place(const NodeSpec& spec) {
    return fmt::format("{}:{}", spec.host, spec.port);
}

}  // namespace

NodeIndex Fleet::State::add_node(ClusterIndex cluster, std::string_view name, Moment moment) {
    NodeIndex index;
    for (std::size_t i = 0; i < topology.nodes.size() && !index.valid(); ++i)
        if (topology.nodes[i].name == name && topology.nodes[i].cluster == cluster)
            index = NodeIndex(static_cast<NodeIndex::Value>(i));
    if (!index.valid()) {
        index = NodeIndex(static_cast<NodeIndex::Value>(topology.nodes.size()));
        TopologyNode node;
        node.name = name;
        node.cluster = cluster;
        node.key = node_key(topology.cluster(cluster).name, name);
        topology.nodes.push_back(std::move(node));
        node_work.push_back({NodeHealthDetector(options.health), {}, {}, {}, {}});
    }
    TopologyNode& node = topology.nodes[index.value()];
    node.erased = false;
    node.since = moment.wall;
    topology.clusters[cluster.value()].nodes.push_back(index);
    std::ranges::sort(topology.clusters[cluster.value()].nodes);
    return index;
}

void Fleet::State::persist(NodeIndex index) {
    const TopologyNode& node = topology.node(index);
    changes.emplace_back(NodeRecord{.cluster = topology.cluster(node.cluster).name,
                                    .name = node.name,
                                    .host = node.host,
                                    .port = node.port,
                                    .weight = node.weight,
                                    .draining = node.draining,
                                    .listed = node.listed,
                                    .origin = node.origin,
                                    .priority = node.priority});
}

Result<> Fleet::State::check_spec(ClusterIndex cluster, std::string_view origin, const NodeSpec& spec) const {
    if (!valid_name(spec.name))
        return fail(FleetErrc::invalid,
                    fmt::format("\"{}\" is no name for a node; use 1 to {} letters, digits, '.', '_', '-', '@' or ':'",
                                spec.name, max_name_length));
    if (spec.host.empty()) return fail(FleetErrc::invalid, fmt::format("node \"{}\" has no host", spec.name));
    if (spec.port == 0)
        return fail(FleetErrc::invalid, fmt::format("node \"{}\" has no port; 1 to 65535 is possible", spec.name));
    if (spec.weight > max_weight)
        return fail(FleetErrc::invalid, fmt::format("a weight of {} is too much for node \"{}\"; at most {} is allowed",
                                                    spec.weight, spec.name, max_weight));
    if (spec.priority > max_priority)
        return fail(FleetErrc::invalid, fmt::format("a priority of {} is too much for node \"{}\"; at most {} is allowed",
                                                    spec.priority, spec.name, max_priority));
    const NodeIndex known = topology.find_node(spec.name);
    if (!known.valid()) return {};
    const TopologyNode& node = topology.node(known);
    if (node.cluster != cluster)
        return fail(FleetErrc::conflict,
                    fmt::format("a node named \"{}\" is in the cluster \"{}\" already; names of nodes are unique in the fleet",
                                spec.name, topology.cluster_name(node.cluster)));
    if (node.listed && node.origin != origin)
        return fail(FleetErrc::conflict, fmt::format("the node \"{}\" is listed by {} already", spec.name, node.origin));
    return {};
}

void Fleet::State::apply_spec(NodeIndex index, std::string_view origin, const NodeSpec& spec, Moment moment) {
    TopologyNode& node = topology.nodes[index.value()];
    const bool elsewhere = node.host != spec.host || node.port != spec.port;
    const bool back = !node.listed;
    if (!elsewhere && !back && node.weight == spec.weight && node.priority == spec.priority && node.origin == origin &&
        (spec.address.empty() || node.address == spec.address))
        return;
    const bool was_known = !node.host.empty();
    node.host = spec.host;
    node.port = spec.port;
    node.weight = spec.weight;
    node.priority = spec.priority;
    node.origin = origin;
    if (elsewhere || !spec.address.empty()) node.address = spec.address;
    if (elsewhere || back) {
        node_work[index.value()].detector = NodeHealthDetector(options.health);
        node.health = NodeHealth::suspect;
        node.probed = false;
        node.detail.clear();
        node.since = moment.wall;
        probes.push_back(index);
    }
    node.listed = true;
    touch_topology();
    persist(index);
    if (back) {
        tell(
            moment, EventKind::node_listed, Severity::notice, node.name,
            fmt::format("node {} of cluster {} is listed, at {}", node.name, topology.cluster_name(node.cluster), place(spec)));
        keep_connections(index, moment);
    } else if (was_known) {
        tell(moment, EventKind::node_changed, Severity::notice, node.name,
             fmt::format("node {} was changed: at {}, weight {}", node.name, place(spec), spec.weight));
    }
}

NodeIndex Fleet::State::upsert_node(ClusterIndex cluster, std::string_view origin, const NodeSpec& spec, Moment moment) {
    NodeIndex index = topology.find_node(spec.name);
    if (!index.valid()) index = add_node(cluster, spec.name, moment);
    apply_spec(index, origin, spec, moment);
    return index;
}

void Fleet::State::unlist_node(NodeIndex index, Moment moment) {
    TopologyNode& node = topology.nodes[index.value()];
    node.listed = false;
    node.since = moment.wall;
    touch_topology();
    persist(index);
    tell(moment, EventKind::node_left, Severity::warning, node.name,
         fmt::format("node {} left: cluster {} no longer lists it", node.name, topology.cluster_name(node.cluster)));
    lose_connections(index, EndCause::node_left, fmt::format("connections of {}, which left", node.name), moment);
}

void Fleet::State::lose_connections(NodeIndex index, EndCause cause, std::string subject, Moment moment) {
    NodeWork& work = node_work[index.value()];
    relocation.cancel(work.lost, moment.wall);
    std::vector<ConnectionId> connections = presence.connections_on(index);
    if (!connections.empty())
        work.lost = relocation.start(cause, std::move(subject), options.node_lost_pace, std::move(connections), moment);
}

void Fleet::State::keep_connections(NodeIndex index, Moment moment) {
    relocation.cancel(std::exchange(node_work[index.value()].lost, JobId::none()), moment.wall);
}

bool Fleet::State::can_lead_explicitly(NodeIndex index) const {
    if (!topology.exists(index)) return false;
    const NodeState state = topology.node(index).state();
    return state != NodeState::down && state != NodeState::left;
}

void Fleet::State::bring_back_away(NodeIndex index, Moment moment) {
    std::vector<ConnectionId> away = std::exchange(node_work[index.value()].away, {});
    std::erase_if(away, [&](ConnectionId connection) {
        const auto present = presence.find(connection);
        if (!present || !present->current || present->node == index) return true;
        const auto device = table.find(present->device);
        return !device || device->explicit_node != index;
    });
    if (away.empty()) return;
    const std::string_view name = topology.node_name(index);
    relocation.start(EndCause::moved, fmt::format("return of devices to {}, their explicit node", name), options.return_pace,
                     std::move(away), moment);
}

void Fleet::State::bring_back_due(Moment moment) {
    std::vector<NodeIndex> due;
    std::erase_if(returns, [&](NodeIndex node) {
        std::optional<Time>& at = node_work[node.value()].return_at;
        if (at && *at > moment.now) return false;
        at.reset();
        due.push_back(node);
        return true;
    });
    for (const NodeIndex node : due)
        if (can_lead_explicitly(node)) bring_back_away(node, moment);
}

void Fleet::State::erase_node(NodeIndex index, Moment moment) {
    TopologyNode& node = topology.nodes[index.value()];
    relocation.cancel(std::exchange(node_work[index.value()].drain, JobId::none()), moment.wall);
    lose_connections(index, EndCause::node_left, fmt::format("connections of {}, which was removed", node.name), moment);
    node.erased = true;
    node.listed = false;
    node.draining = false;
    node.host.clear();
    node.since = moment.wall;
    TopologyCluster& cluster = topology.clusters[node.cluster.value()];
    std::erase(cluster.nodes, index);
    if (cluster.active == index) {
        cluster.active = NodeIndex::none();
        persist(node.cluster);
    }
    node_work[index.value()].away.clear();
    touch_topology();
    changes.emplace_back(NodeErased{node.name});
    tell(moment, EventKind::node_removed, Severity::notice, node.name, fmt::format("node {} was removed", node.name));
}

Result<> Fleet::list_nodes(std::string_view cluster, std::string_view origin, std::span<const NodeSpec> nodes, Moment moment) {
    State& s = *state_;
    const Result<ClusterIndex> index = s.cluster_named(cluster);
    if (!index) return std::unexpected(index.error());
    std::unordered_set<std::string_view> names;
    std::size_t fresh = 0;
    for (const NodeSpec& spec : nodes) {
        if (const Result<> checked = s.check_spec(*index, origin, spec); !checked) return checked;
        if (!names.insert(spec.name).second)
            return fail(FleetErrc::invalid, fmt::format("the node \"{}\" is listed twice", spec.name));
        if (!s.topology.find_node(spec.name).valid()) ++fresh;
    }
    if (s.topology.nodes.size() + fresh > s.options.max_nodes)
        return fail(FleetErrc::full, fmt::format("{} nodes would be more than the {} that there may be",
                                                 s.topology.nodes.size() + fresh, s.options.max_nodes));
    for (const NodeSpec& spec : nodes)
        s.upsert_node(*index, origin, spec, moment);
    const std::vector<NodeIndex> all = s.topology.cluster(*index).nodes;
    for (const NodeIndex node : all) {
        const TopologyNode& it = s.topology.node(node);
        if (it.listed && it.origin == origin && !names.contains(it.name)) s.unlist_node(node, moment);
    }
    return {};
}

Result<NodeIndex> Fleet::put_node(std::string_view cluster, std::string_view origin, const NodeSpec& node, Moment moment) {
    State& s = *state_;
    const Result<ClusterIndex> index = s.cluster_named(cluster);
    if (!index) return std::unexpected(index.error());
    if (const Result<> checked = s.check_spec(*index, origin, node); !checked) return std::unexpected(checked.error());
    if (!s.topology.find_node(node.name).valid() && s.topology.nodes.size() >= s.options.max_nodes)
        return fail(FleetErrc::full,
                    fmt::format("there are {} nodes already, as many as there may be", s.topology.nodes.size()));
    return s.upsert_node(*index, origin, node, moment);
}

Result<> Fleet::remove_node(std::string_view name, Moment moment) {
    const Result<NodeIndex> node = state_->node_named(name);
    if (!node) return std::unexpected(node.error());
    state_->erase_node(*node, moment);
    return {};
}

void Fleet::node_resolved(NodeIndex node, std::string_view address, Moment) {
    State& s = *state_;
    if (!s.topology.exists(node) || s.topology.node(node).address == address) return;
    s.topology.nodes[node.value()].address = address;
    s.touch_topology();
}

void Fleet::probe_result(NodeIndex index, bool ok, std::string_view detail, Moment moment) {
    State& s = *state_;
    if (!s.topology.exists(index)) return;
    TopologyNode& node = s.topology.nodes[index.value()];
    const NodeState state_before = node.state();
    const NodeHealth before = node.health;
    const bool first = !node.probed;
    const NodeHealth health = s.node_work[index.value()].detector.probed(ok, moment.now);
    node.detail = ok ? std::string_view{} : detail;
    if (!first && health == before) return;
    node.probed = true;
    node.health = health;
    if (node.state() != state_before) node.since = moment.wall;
    s.touch_topology();
    const std::string because = detail.empty() ? std::string{} : fmt::format(": {}", detail);
    if (health == NodeHealth::up) {
        s.tell(moment, EventKind::node_up, Severity::notice, node.name, fmt::format("{} is up", node.name));
        if (node.listed) s.keep_connections(index, moment);
        if (s.can_lead_explicitly(index)) s.bring_back_away(index, moment);
    } else if (health == NodeHealth::suspect) {
        s.tell(moment, EventKind::node_suspect, Severity::notice, node.name,
               fmt::format("{} is suspect{}", node.name, because));
    } else {
        s.tell(moment, EventKind::node_down, Severity::warning, node.name, fmt::format("{} is down{}", node.name, because));
        s.lose_connections(index, EndCause::node_down, fmt::format("connections of {}, which is down", node.name), moment);
    }
}

Result<JobId> Fleet::drain(std::string_view name, Pace pace, bool force, Moment moment) {
    State& s = *state_;
    const Result<NodeIndex> found = s.node_named(name);
    if (!found) return std::unexpected(found.error());
    if (pace < 0) return fail(FleetErrc::invalid, "a pace is 0 (at once) or a number of connections a second");
    TopologyNode& node = s.topology.nodes[found->value()];
    JobId& job = s.node_work[found->value()].drain;
    if (!node.listed) return fail(FleetErrc::conflict, fmt::format("{} left its cluster; there is nothing to drain", name));
    if (node.draining && s.relocation.set_pace(job, pace, moment.now)) return job;
    const auto& siblings = s.topology.cluster(node.cluster).nodes;
    const bool others = std::ranges::any_of(siblings, [&](NodeIndex other) {
        const NodeState state = s.topology.node(other).state();
        return other != *found && (state == NodeState::up || state == NodeState::suspect);
    });
    if (!others && !force && !node.draining)
        return fail(FleetErrc::conflict, fmt::format("{} is the only node of cluster {} that can take devices; draining it "
                                                     "would leave its {} connections nowhere to go (force it if that is meant)",
                                                     name, s.topology.cluster_name(node.cluster), s.presence.count_on(*found)));
    if (!node.draining) {
        node.draining = true;
        node.since = moment.wall;
        s.touch_topology();
        s.persist(*found);
    }
    std::vector<ConnectionId> connections = s.presence.connections_on(*found);
    const std::size_t all = connections.size();
    // Devices that an operator tied to this node would only come back to it.
    std::erase_if(connections, [&](ConnectionId connection) {
        const auto present = s.presence.find(connection);
        const auto device = present && !present->device.empty() ? s.table.find(present->device) : std::nullopt;
        return device && device->explicit_node == *found;
    });
    const std::size_t staying = all - connections.size();
    const std::string stay = staying == 0 ? std::string{} : fmt::format("; {} stay, as an operator tied them to it", staying);
    s.tell(moment, EventKind::node_draining, Severity::notice, name,
           fmt::format("{} is being drained of {} connections{}", name, connections.size(), stay));
    job = s.relocation.start(EndCause::drained, fmt::format("drain of {}", name), pace, std::move(connections), moment);
    if (!job.valid())
        return fail(
            FleetErrc::full,
            fmt::format("{} takes no new devices now, but {} jobs run already and its connections stay; drain it again later",
                        name, Relocation::max_jobs));
    return job;
}

Result<> Fleet::undrain(std::string_view name, Moment moment) {
    State& s = *state_;
    const Result<NodeIndex> found = s.node_named(name);
    if (!found) return std::unexpected(found.error());
    TopologyNode& node = s.topology.nodes[found->value()];
    if (!node.draining) return {};
    node.draining = false;
    node.since = moment.wall;
    s.relocation.cancel(std::exchange(s.node_work[found->value()].drain, JobId::none()), moment.wall);
    s.touch_topology();
    s.persist(*found);
    s.tell(moment, EventKind::node_undrained, Severity::notice, name, fmt::format("{} takes devices again", name));
    return {};
}

}  // namespace holdfast::fleet
