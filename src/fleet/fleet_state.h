#pragma once
// What the fleet machine (fleet/fleet.h) is made of, for its own files only: fleet_clusters.cc, fleet_nodes.cc,
// fleet_devices.cc, fleet_facts.cc, fleet_moves.cc.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "fleet/fleet.h"
#include "fleet/narrator.h"
#include "fleet/node_health.h"

namespace holdfast::fleet {

/// What the fleet keeps of a node beside the topology.
struct NodeWork {
    NodeHealthDetector detector;
    JobId drain;  ///< the job that empties it
    JobId lost;   ///< the job that ends its connections after it went down or left
    /// Connections of devices whose explicit node this is, but which had to go elsewhere while it could not take them.
    std::vector<ConnectionId> away;
    std::optional<Time> return_at;  ///< when they are sent there again though the node never went down
};

/// A move of many devices that goes on.
struct BulkMove {
    JobId job;
    ClusterIndex from;  ///< none: any
    std::optional<std::string> tag;
    double percent = 100;
    ClusterIndex to_cluster;  ///< none: release
    NodeIndex to_node;
    DeviceCursor cursor;
};

/// What a device's route says at this moment.
struct RouteWord {
    ClusterIndex cluster;  ///< none: to be allocated
    NodeIndex node;        ///< explicit one that could take it now; none: any of the cluster
};

struct Fleet::State {
    State(Policy policy, FleetOptions options, Moment moment);

    FleetOptions options;
    std::shared_ptr<const Policy> policy;
    Topology topology;
    DeviceTable table;
    std::vector<NodeWork> node_work;     // by node index
    std::vector<std::uint64_t> at_home;  // devices by home cluster
    std::vector<std::uint64_t> served;   // devices by serving cluster
    Presence presence;
    Takeovers takeovers;
    Relocation relocation;
    History history;
    Narrator narrator;
    std::vector<BulkMove> moves;
    std::vector<NodeIndex> returns;  // nodes with a return_at
    FleetCounts counts;
    std::array<std::uint64_t, refuse_reason_count> refused_for{};

    // Effects that wait to be taken.
    std::vector<Change> changes;
    std::vector<EndOrder> ends;
    std::vector<NodeIndex> probes;
    bool snapshot_changed = true;

    // What the published snapshot does not have yet.
    bool topology_changed = true;
    bool devices_changed = true;
    bool policy_changed = true;
    SnapshotPtr published;

    // --- fleet.cc ---
    void load(FleetImage image, Moment moment);
    [[nodiscard]] SnapshotPtr publish();
    void tell(Moment moment, EventKind kind, Severity severity, std::string_view subject, std::string sentence) {
        narrator.tell(moment, kind, severity, std::string(subject), std::move(sentence));
    }
    void touch_topology() { topology_changed = snapshot_changed = true; }
    void order_end(ConnectionId connection, EndCause cause);
    [[nodiscard]] Result<ClusterIndex> cluster_named(std::string_view name) const;
    [[nodiscard]] Result<NodeIndex> node_named(std::string_view name) const;

    // --- fleet_clusters.cc ---
    [[nodiscard]] ClusterIndex add_cluster(std::string_view name);
    void persist(ClusterIndex cluster);
    /// Ends the connections that are not on their cluster's active node, but for those that an operator tied to theirs; how
    /// many.
    std::size_t gather(ClusterIndex cluster, Pace pace, Moment moment);
    /// The active node of a cluster whose others stand by; none: it has none, or its nodes share the devices.
    [[nodiscard]] NodeIndex active_of(ClusterIndex cluster) const {
        const TopologyCluster& it = topology.clusters[cluster.value()];
        return it.policy == ClusterPolicy::active_standby ? it.active : NodeIndex::none();
    }

    // --- fleet_nodes.cc ---
    [[nodiscard]] NodeIndex add_node(ClusterIndex cluster, std::string_view name, Moment moment);
    void persist(NodeIndex node);
    [[nodiscard]] Result<> check_spec(ClusterIndex cluster, std::string_view origin, const NodeSpec& spec) const;
    void apply_spec(NodeIndex node, std::string_view origin, const NodeSpec& spec, Moment moment);
    NodeIndex upsert_node(ClusterIndex cluster, std::string_view origin, const NodeSpec& spec, Moment moment);
    void unlist_node(NodeIndex node, Moment moment);
    void lose_connections(NodeIndex node, EndCause cause, std::string subject, Moment moment);
    void keep_connections(NodeIndex node, Moment moment);
    void bring_back_away(NodeIndex node, Moment moment);
    void bring_back_due(Moment moment);
    [[nodiscard]] bool can_lead_explicitly(NodeIndex node) const;
    void erase_node(NodeIndex node, Moment moment);

    // --- fleet_devices.cc ---
    [[nodiscard]] DeviceRecord record_of(const DeviceView& device) const;
    /// Writes a device's state where it differs, keeps the counts, and makes it a change to persist. False when the table
    /// refuses.
    bool write(std::string_view id, const DeviceState& state);
    void persist_device(std::string_view id);
    void count(const DeviceState& state, bool in);
    [[nodiscard]] RouteWord route_of(const DeviceState& state) const;
    /// True when a device that is connected at `node` of `cluster` is not where its route says.
    [[nodiscard]] bool misplaced(const DeviceState& state, ClusterIndex cluster, NodeIndex node) const;
    /// Ends the device's connection if it is not where its route says now.
    void follow_route(std::string_view id, EndCause cause, Time now);
    /// Remembers a connection that is right where it is only because its device's explicit node cannot take it now.
    void note_if_away(const DeviceState& state, ClusterIndex cluster, NodeIndex node, ConnectionId connection, Time now);
    [[nodiscard]] Result<> set_target(DeviceState& state, std::string_view to) const;

    // --- fleet_facts.cc ---
    void settle(const Opened& fact, Moment moment);
    [[nodiscard]] std::optional<DeviceState> enrol(const Opened& fact, Moment moment);
    [[nodiscard]] bool in_place(const Opened& fact, const DeviceState* state, Moment moment);
    [[nodiscard]] std::optional<EndCause> unfit(NodeIndex node) const;
    void remember_away(NodeIndex explicit_node, ConnectionId connection, Time now);

    // --- fleet_moves.cc ---
    void step_moves(Moment moment);
    bool step_move(BulkMove& move, std::size_t& budget, Moment moment);
    void finish_move(std::size_t position, Moment moment);
    [[nodiscard]] bool selected(const BulkMove& move, const DeviceView& device) const;
    /// How many more connections the move may queue before its pace must catch up.
    [[nodiscard]] std::size_t room(const BulkMove& move) const;
};

}  // namespace holdfast::fleet
