#pragma once
// The fleet: clusters, nodes, devices, routes and who is connected, as one machine that is changed only by events. It is owned
// by the control thread (or by a simulation); everybody else reads the snapshots that it publishes.
//
// Each event is a method with the moment at which it happens. What follows from it collects in `Effects`: what to persist,
// which connections to end, which nodes to probe, what to tell. Take them after each event or after a batch of events, as you
// like.
//
// Data-plane threads plan on a snapshot that may be some milliseconds old. So each `Opened` is held against the present: a
// device that is not where its route now says is ordered to end (and comes back, and is planned anew); a device that fell back
// to another node gets its new sticky route; a newly enrolled one its record; an older connection on another node is ended (a
// device is in one place only).
//
// Errors change nothing and say why. Threads: one at a time, but snapshots may be used and dropped anywhere.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "fleet/errors.h"
#include "fleet/events.h"
#include "fleet/facts.h"
#include "fleet/fleet_options.h"
#include "fleet/history.h"
#include "fleet/planner.h"
#include "fleet/policy.h"
#include "fleet/presence.h"
#include "fleet/records.h"
#include "fleet/relocation.h"
#include "fleet/snapshot.h"

namespace holdfast::fleet {

/// What the world is to do, in the order of its making.
struct Effects {
    std::vector<Change> changes = {};   ///< persist, in order
    std::vector<EndOrder> ends = {};    ///< hand to the data-plane threads
    std::vector<NodeIndex> probe = {};  ///< probe at once, out of turn
    std::vector<Event> events = {};     ///< tell (they are in events() too)
    bool snapshot_changed = false;      ///< since effects were last taken: publish() gives a newer snapshot

    [[nodiscard]] bool empty() const noexcept {
        return changes.empty() && ends.empty() && probe.empty() && events.empty() && !snapshot_changed;
    }
};

/// A node as discovery sees it.
struct NodeSpec {
    std::string name = {};     ///< stable, unique in the fleet
    std::string host = {};     ///< name or address
    std::string address = {};  ///< numeric; empty: `host` is numeric already, or not resolved yet
    std::uint16_t port = 1883;
    std::uint32_t weight = default_weight;
    std::uint32_t priority = default_priority;
};

struct ClusterSpec {
    std::string name = {};
    std::uint32_t weight = default_weight;
    ClusterSource source = ClusterSource::api;
    bool enabled = true;
    ClusterPolicy policy = ClusterPolicy::sticky_hash;
};

/// What an operator may set on a device; absent = leave as it is.
struct DevicePatch {
    std::optional<bool> disabled = {};
    std::optional<std::vector<std::string>> tags = {};
    std::optional<std::string> note = {};
    std::optional<std::string> home = {};  ///< cluster name
};

/// A device that is made by an operator or an import.
struct DeviceSpec {
    std::string id = {};
    std::string home = {};              ///< cluster name; empty: allocated at its first CONNECT
    std::string explicit_cluster = {};  ///< empty: none
    std::string explicit_node = {};     ///< empty: none; its cluster becomes the explicit one
    bool disabled = false;
    std::vector<std::string> tags = {};
    std::string note = {};
};

/// Which devices a move of many is about. All given conditions must hold.
struct DeviceFilter {
    std::optional<std::string> cluster = {};  ///< served by it now
    std::optional<std::string> tag = {};
    double percent = 100;  ///< of those, chosen by hash of the id: the same ones each time, and 20 % contains the 10 %
};

/// Everything an operator sees of one device.
struct DeviceStatus {
    DeviceRecord record = {};
    std::string cluster = {};             ///< that serves it
    std::optional<RouteKind> route = {};  ///< by which it would be or is routed; nothing when it would be refused
    std::string node = {};                ///< where it is connected, else where it would go; empty when nowhere
    bool connected = false;
    std::optional<PresentConnection> connection = {};  ///< text valid until the fleet's next change
};

struct FleetCounts {
    std::uint64_t devices = 0;
    std::uint64_t connections = 0;
    std::uint64_t anonymous = 0;
    std::uint64_t opened = 0;  ///< since the start, as the following
    std::uint64_t closed = 0;
    std::uint64_t refused = 0;
    std::uint64_t enrolled = 0;
    std::uint64_t rerouted = 0;  ///< sticky routes that changed
    std::uint64_t ordered_ends = 0;
    std::uint64_t stale_plans = 0;  ///< opened where the present route did not say, and ordered to end
    std::uint64_t takeovers = 0;
    std::uint64_t fights = 0;
};

class Fleet {
public:
    /// Nodes of the image start unknown (`suspect`). Records that contradict each other (a node of no cluster, say) are
    /// dropped, with an event.
    Fleet(FleetImage image, Policy policy, FleetOptions options, Moment moment);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    // --- clusters and nodes ---

    /// Makes or changes a cluster. Fails when another source owns the name (conflict) or a value is invalid.
    Result<ClusterIndex> declare_cluster(const ClusterSpec& spec, Moment moment);
    /// Removes a cluster and its nodes; fails (conflict) while devices are at home there, unless `force`: they are then
    /// allocated anew.
    Result<> remove_cluster(std::string_view name, bool force, Moment moment);

    /// The whole of what `origin` lists for a cluster now: those nodes are made or changed, others of that origin become
    /// `left`. All or nothing.
    Result<> list_nodes(std::string_view cluster, std::string_view origin, std::span<const NodeSpec> nodes, Moment moment);
    /// Makes or changes one node (API).
    Result<NodeIndex> put_node(std::string_view cluster, std::string_view origin, const NodeSpec& node, Moment moment);
    /// Removes a node for good; devices on it are ended (left), sticky routes to it are forgotten as they are met.
    Result<> remove_node(std::string_view name, Moment moment);
    /// The numeric address its host resolved to.
    void node_resolved(NodeIndex node, std::string_view address, Moment moment);

    /// A probe ended; `detail` is a sentence about the failure (empty when ok).
    void probe_result(NodeIndex node, bool ok, std::string_view detail, Moment moment);

    /// Stops leading devices to a node and ends those on it at `pace`. Idempotent (sets the pace). Fails (conflict) when no
    /// other node of its cluster could take devices, unless `force`.
    Result<JobId> drain(std::string_view node, Pace pace, bool force, Moment moment);
    /// Takes devices again; the drain's rest is cancelled. Idempotent.
    Result<> undrain(std::string_view node, Moment moment);

    /// Makes a node the active one of its cluster, whose policy is active-standby. Devices on the others are ended at `pace`
    /// and come back to it, but for those that an operator tied to their node. An epoch that is not newer than the one in which
    /// the present active node was chosen changes nothing (conflict).
    Result<> set_active(std::string_view cluster, std::string_view node, std::uint64_t epoch, Pace pace,
                        std::string_view reason, Moment moment);

    // --- devices ---

    Result<> create_device(const DeviceSpec& spec, Moment moment);
    Result<> patch_device(std::string_view id, const DevicePatch& patch, Moment moment);
    /// Forgets a device; it is disconnected, and under open enrolment enrolled anew when it returns.
    Result<> remove_device(std::string_view id, Moment moment);

    /// Gives a device an explicit route. `to` is a cluster's or a node's name (when both have it: the cluster). A connected
    /// device that is elsewhere is ended and comes back there.
    Result<> move_device(std::string_view id, std::string_view to, Moment moment);
    /// Takes an explicit route back: the device is at home again.
    Result<> release_device(std::string_view id, Moment moment);

    /// Moves (or, with `to` empty, releases) many devices at `pace` (connected ones a second; others go along in bounded
    /// steps), as a job.
    Result<JobId> move_devices(const DeviceFilter& filter, std::string_view to, Pace pace, Moment moment);
    Result<> cancel_job(JobId job, Moment moment);
    Result<> set_job_pace(JobId job, Pace pace, Moment moment);

    Result<> set_policy(Policy policy, Moment moment);

    // --- facts of the data plane ---

    void opened(Opened&& fact);
    void closed(const Closed& fact);
    void refused(Refused&& fact);
    void trouble(const NodeTrouble& fact);

    // --- time, effects, snapshots ---

    /// Does what is due: paced ends, moves of many, summaries of events. Bounded work in each call.
    void tick(Moment moment);
    /// When tick has something to do; nothing when only events can bring something.
    [[nodiscard]] std::optional<Time> next_timer(Time now);

    [[nodiscard]] Effects take_effects();

    /// The fleet as it is now. The same pointer as before when nothing changed. About a microsecond or two for each device
    /// changed.
    [[nodiscard]] SnapshotPtr publish();

    // --- reading, on the owner's thread ---

    [[nodiscard]] const Topology& topology() const noexcept;
    [[nodiscard]] const Policy& policy() const noexcept;
    [[nodiscard]] const DeviceTable& devices() const noexcept;
    [[nodiscard]] const Presence& presence() const noexcept;
    [[nodiscard]] const EventLog& events() const noexcept;
    [[nodiscard]] const History& history() const noexcept;
    [[nodiscard]] std::vector<JobStatus> jobs() const;
    [[nodiscard]] std::vector<Fight> fights(Time now, std::size_t limit) const;
    [[nodiscard]] FleetCounts counts() const noexcept;
    [[nodiscard]] DeviceTable::Memory device_memory() const noexcept;
    [[nodiscard]] std::uint64_t refused_for(RefuseReason reason) const noexcept;
    /// Devices that a cluster serves (explicit or home).
    [[nodiscard]] std::uint64_t devices_of(ClusterIndex cluster) const noexcept;

    [[nodiscard]] Result<DeviceStatus> device(std::string_view id);
    /// The device's stored form, with names.
    [[nodiscard]] DeviceRecord record_of(const DeviceView& device) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::fleet
