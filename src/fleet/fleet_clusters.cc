// Clusters of the fleet machine: declared, changed, removed.

#include <fmt/format.h>

#include <utility>

#include "fleet/fleet_state.h"

namespace holdfast::fleet {

ClusterIndex Fleet::State::add_cluster(std::string_view name) {
    for (std::size_t i = 0; i < topology.clusters.size(); ++i) {
        if (topology.clusters[i].name != name) continue;
        topology.clusters[i].erased = false;  // the same name is the same cluster, come back
        return ClusterIndex(static_cast<ClusterIndex::Value>(i));
    }
    const ClusterIndex index(static_cast<ClusterIndex::Value>(topology.clusters.size()));
    TopologyCluster cluster;
    cluster.name = name;
    cluster.key = cluster_key(name);
    topology.clusters.push_back(std::move(cluster));
    at_home.push_back(0);
    served.push_back(0);
    return index;
}

void Fleet::State::persist(ClusterIndex index) {
    changes.emplace_back(topology.record_of(topology.cluster(index)));
}

Result<ClusterIndex> Fleet::declare_cluster(const ClusterSpec& spec, Moment moment) {
    State& s = *state_;
    if (!valid_name(spec.name))
        return fail(FleetErrc::invalid,
                    fmt::format("\"{}\" is no name for a cluster; use 1 to {} letters, digits, '.', '_', '-', '@' or ':'",
                                spec.name, max_name_length));
    if (spec.weight > max_weight)
        return fail(FleetErrc::invalid,
                    fmt::format("a weight of {} is too much; at most {} is allowed", spec.weight, max_weight));
    ClusterIndex index = s.topology.find_cluster(spec.name);
    const bool fresh = !index.valid();
    if (fresh) {
        if (s.topology.clusters.size() >= s.options.max_clusters)
            return fail(FleetErrc::full,
                        fmt::format("there are {} clusters already, as many as there may be", s.topology.clusters.size()));
        index = s.add_cluster(spec.name);
    }
    TopologyCluster& cluster = s.topology.clusters[index.value()];
    if (!fresh && cluster.source != spec.source)
        return fail(FleetErrc::conflict, fmt::format("the cluster \"{}\" is declared by {} already; remove it there first",
                                                     spec.name, to_string(cluster.source)));
    if (!fresh && cluster.weight == spec.weight && cluster.enabled == spec.enabled && cluster.policy == spec.policy)
        return index;
    cluster.weight = spec.weight;
    cluster.policy = spec.policy;
    cluster.enabled = spec.enabled;
    cluster.source = spec.source;
    s.touch_topology();
    s.persist(index);
    s.tell(moment, fresh ? EventKind::cluster_declared : EventKind::cluster_changed, Severity::notice, spec.name,
           fmt::format("cluster {} {}: weight {}, {}, {} new devices", spec.name, fresh ? "was declared" : "was changed",
                       spec.weight, to_string(spec.policy), spec.enabled ? "takes" : "takes no"));
    return index;
}

Result<> Fleet::set_active(std::string_view name, std::string_view node, std::uint64_t epoch, Pace pace,
                           std::string_view reason, Moment moment) {
    State& s = *state_;
    const Result<ClusterIndex> found = s.cluster_named(name);
    if (!found) return std::unexpected(found.error());
    const Result<NodeIndex> wanted = s.node_named(node);
    if (!wanted) return std::unexpected(wanted.error());
    TopologyCluster& cluster = s.topology.clusters[found->value()];
    if (cluster.policy != ClusterPolicy::active_standby)
        return fail(FleetErrc::conflict, fmt::format("cluster {} has policy {}, in which no node is the active one", name,
                                                     to_string(cluster.policy)));
    if (s.topology.node(*wanted).cluster != *found)
        return fail(FleetErrc::invalid, fmt::format("{} is no node of cluster {}", node, name));
    if (epoch <= cluster.active_epoch)
        return fail(FleetErrc::conflict, fmt::format("the active node of {} was chosen in epoch {}; epoch {} is not newer",
                                                     name, cluster.active_epoch, epoch));
    const NodeIndex before = std::exchange(cluster.active, *wanted);
    cluster.active_epoch = epoch;
    s.touch_topology();
    s.persist(*found);
    if (before == *wanted) return {};
    const std::string was = before.valid() ? fmt::format(", {} was", s.topology.node_name(before)) : std::string();
    const std::size_t elsewhere = s.gather(*found, pace, moment);
    const std::string next = elsewhere == 0 ? std::string()
                                            : fmt::format("; {} {} moved to it, {:g} a second", elsewhere,
                                                          elsewhere == 1 ? "connection is" : "connections are", pace);
    s.tell(moment, EventKind::active_changed, before.valid() ? Severity::warning : Severity::notice, name,
           fmt::format("{} is the active node of {} now{}: {}{}", node, name, was, reason, next));
    return {};
}

std::size_t Fleet::State::gather(ClusterIndex index, Pace pace, Moment moment) {
    const TopologyCluster& cluster = topology.cluster(index);
    std::vector<ConnectionId> elsewhere;
    for (const NodeIndex node : cluster.nodes) {
        if (node == cluster.active) continue;
        for (const ConnectionId connection : presence.connections_on(node)) {
            const auto present = presence.find(connection);
            const auto device = present && !present->device.empty() ? table.find(present->device) : std::nullopt;
            if (!device || device->explicit_node != node) elsewhere.push_back(connection);
        }
    }
    const std::size_t count = elsewhere.size();
    if (count != 0)
        relocation.start(EndCause::moved,
                         fmt::format("move of devices to {}, the active node", topology.node_name(cluster.active)), pace,
                         std::move(elsewhere), moment);
    return count;
}

Result<> Fleet::remove_cluster(std::string_view name, bool force, Moment moment) {
    State& s = *state_;
    const Result<ClusterIndex> found = s.cluster_named(name);
    if (!found) return std::unexpected(found.error());
    const std::uint64_t devices = std::max(s.at_home[found->value()], s.served[found->value()]);
    if (devices > 0 && !force)
        return fail(
            FleetErrc::conflict,
            fmt::format(
                "{} {} at home in the cluster \"{}\" or moved there; move them first, or force it and they are allocated anew",
                devices, devices == 1 ? "device is" : "devices are", name));
    const std::string kept(name);
    const std::vector<NodeIndex> nodes = s.topology.cluster(*found).nodes;
    for (const NodeIndex node : nodes)
        s.erase_node(node, moment);
    s.topology.clusters[found->value()].erased = true;
    s.touch_topology();
    s.changes.emplace_back(ClusterErased{kept});
    s.tell(moment, EventKind::cluster_removed, Severity::notice, kept, fmt::format("cluster {} was removed", kept));
    return {};
}

}  // namespace holdfast::fleet
