#pragma once
// Clusters and nodes at one moment, immutable: what the planner chooses from and what operators are shown. The fleet machine
// makes a new one whenever anything in it changes. Threads: free to read from any, as nobody writes it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "fleet/ids.h"
#include "fleet/records.h"

namespace holdfast::fleet {

/// What the probes say.
enum class NodeHealth : std::uint8_t {
    up,       ///< answers MQTT
    suspect,  ///< not yet known, or failed some probes
    down,     ///< does not answer
};

/// What operators are shown: membership first, then the operator's word, then health.
enum class NodeState : std::uint8_t {
    up,
    suspect,
    down,
    draining,  ///< up or suspect, and takes no new devices
    left,      ///< its cluster no longer lists it
};

[[nodiscard]] std::string_view to_string(NodeHealth health) noexcept;
[[nodiscard]] std::string_view to_string(NodeState state) noexcept;

struct TopologyNode {
    std::string name = {};
    ClusterIndex cluster = {};
    std::string host = {};     ///< as declared
    std::string address = {};  ///< numeric address the host last resolved to; empty while unresolved
    std::uint16_t port = 0;
    std::uint32_t weight = default_weight;
    NodeHealth health = NodeHealth::suspect;
    bool probed = false;  ///< false: never yet; `suspect` then means "not yet known"
    std::uint32_t priority = default_priority;
    bool draining = false;
    bool listed = false;
    bool erased = false;      ///< removed for good; kept so that its index still has a name
    std::string origin = {};  ///< which discovery listed it
    std::string detail = {};  ///< the last probe's sentence when it failed; empty when it did not
    WallTime since{};         ///< since when in the state shown
    std::uint64_t key = 0;    ///< hash of its cluster's and its own name, for rendezvous; the same on every gateway

    /// left if not listed; draining if draining and not down; else its health.
    [[nodiscard]] NodeState state() const noexcept {
        if (!listed || erased) return NodeState::left;
        if (draining && health != NodeHealth::down) return NodeState::draining;
        return static_cast<NodeState>(health);
    }
};

struct TopologyCluster {
    std::string name = {};
    std::uint32_t weight = default_weight;
    ClusterSource source = ClusterSource::api;
    bool enabled = true;
    bool erased = false;  ///< removed; kept so that its index still has a name
    ClusterPolicy policy = ClusterPolicy::sticky_hash;
    NodeIndex active = {};              ///< of policy active-standby; none: not chosen yet
    std::uint64_t active_epoch = 0;     ///< in which it was chosen
    std::vector<NodeIndex> nodes = {};  ///< its nodes that are not erased, left ones too, by index
    std::uint64_t key = 0;              ///< hash of its name, for rendezvous
};

/// See the head of this file. `clusters[i]` has index i, `nodes[i]` too; nothing is ever taken out.
struct Topology {
    std::vector<TopologyCluster> clusters = {};
    std::vector<TopologyNode> nodes = {};

    /// The cluster or node of that name that is not erased; none when there is none.
    [[nodiscard]] ClusterIndex find_cluster(std::string_view name) const noexcept;
    [[nodiscard]] NodeIndex find_node(std::string_view name) const noexcept;

    /// `index` must be valid and of this process.
    [[nodiscard]] const TopologyCluster& cluster(ClusterIndex index) const;
    [[nodiscard]] const TopologyNode& node(NodeIndex index) const;

    /// Its stored form.
    [[nodiscard]] ClusterRecord record_of(const TopologyCluster& cluster) const;

    /// The name for people; "?" for none or an index this topology does not have.
    [[nodiscard]] std::string_view cluster_name(ClusterIndex index) const noexcept;
    [[nodiscard]] std::string_view node_name(NodeIndex index) const noexcept;

    /// True for an index of a cluster that exists.
    [[nodiscard]] bool exists(ClusterIndex index) const noexcept;
    [[nodiscard]] bool exists(NodeIndex index) const noexcept;
};

/// The stable rendezvous keys.
[[nodiscard]] std::uint64_t cluster_key(std::string_view cluster) noexcept;
[[nodiscard]] std::uint64_t node_key(std::string_view cluster, std::string_view node) noexcept;

}  // namespace holdfast::fleet
