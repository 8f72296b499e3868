#include "fleet/topology.h"

#include <algorithm>

#include "base/assert.h"
#include "fleet/rendezvous.h"

namespace holdfast::fleet {

std::string_view to_string(NodeHealth health) noexcept {
    switch (health) {
        case NodeHealth::up:
            return "up";
        case NodeHealth::suspect:
            return "suspect";
        case NodeHealth::down:
            return "down";
    }
    return "unknown";
}

std::string_view to_string(NodeState state) noexcept {
    switch (state) {
        case NodeState::up:
            return "up";
        case NodeState::suspect:
            return "suspect";
        case NodeState::down:
            return "down";
        case NodeState::draining:
            return "draining";
        case NodeState::left:
            return "left";
    }
    return "unknown";
}

ClusterIndex Topology::find_cluster(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < clusters.size(); ++i)
        if (!clusters[i].erased && clusters[i].name == name) return ClusterIndex(static_cast<ClusterIndex::Value>(i));
    return ClusterIndex::none();
}

NodeIndex Topology::find_node(std::string_view name) const noexcept {
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (!nodes[i].erased && nodes[i].name == name) return NodeIndex(static_cast<NodeIndex::Value>(i));
    return NodeIndex::none();
}

const TopologyCluster& Topology::cluster(ClusterIndex index) const {
    HF_ASSERT(index.value() < clusters.size(), "a cluster of this process");
    return clusters[index.value()];
}

const TopologyNode& Topology::node(NodeIndex index) const {
    HF_ASSERT(index.value() < nodes.size(), "a node of this process");
    return nodes[index.value()];
}

ClusterRecord Topology::record_of(const TopologyCluster& cluster) const {
    return {.name = cluster.name,
            .weight = cluster.weight,
            .source = cluster.source,
            .enabled = cluster.enabled,
            .policy = cluster.policy,
            .active = cluster.active.valid() ? node(cluster.active).name : std::string(),
            .active_epoch = cluster.active_epoch};
}

std::string_view Topology::cluster_name(ClusterIndex index) const noexcept {
    return index.value() < clusters.size() ? std::string_view(clusters[index.value()].name) : "?";
}

std::string_view Topology::node_name(NodeIndex index) const noexcept {
    return index.value() < nodes.size() ? std::string_view(nodes[index.value()].name) : "?";
}

bool Topology::exists(ClusterIndex index) const noexcept {
    return index.value() < clusters.size() && !clusters[index.value()].erased;
}

bool Topology::exists(NodeIndex index) const noexcept {
    return index.value() < nodes.size() && !nodes[index.value()].erased;
}

std::uint64_t cluster_key(std::string_view cluster) noexcept {
    return placement_key('C', cluster);
}

std::uint64_t node_key(std::string_view cluster, std::string_view node) noexcept {
    std::string both;
    both.reserve(cluster.size() + 1 + node.size());
    both.append(cluster).append(1, '\0').append(node);  // names have no zero byte, so that the pair is told apart
    return placement_key('N', both);
}

}  // namespace holdfast::fleet
