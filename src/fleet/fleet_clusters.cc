// Clusters of the fleet machine: declared, changed, removed.

#include <fmt/format.h>

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
    const TopologyCluster& cluster = topology.cluster(index);
    changes.emplace_back(ClusterRecord{cluster.name, cluster.weight, cluster.source, cluster.enabled});
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
    if (!fresh && cluster.weight == spec.weight && cluster.enabled == spec.enabled) return index;
    cluster.weight = spec.weight;
    cluster.enabled = spec.enabled;
    cluster.source = spec.source;
    s.touch_topology();
    s.persist(index);
    s.tell(moment, fresh ? EventKind::cluster_declared : EventKind::cluster_changed, Severity::notice, spec.name,
           fmt::format("cluster {} {}: weight {}, {} new devices", spec.name, fresh ? "was declared" : "was changed",
                       spec.weight, spec.enabled ? "takes" : "takes no"));
    return index;
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
