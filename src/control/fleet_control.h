#pragma once
// The owner of the fleet machine. Everything that changes the fleet comes through here, on one thread: the gateways' facts,
// what discovery and the probes report, and what operators ask for. After each batch the effects go out: the new snapshot to
// the data-plane threads, the changed records to the store (behind, nobody waits for the disk), orders to end connections to
// the gateway, events to followers.
//
// The control thread sleeps when there is nothing to do: one timer runs only while facts flow or the machine asked to be called
// again.
//
// Threads: everything on the control thread (the one that runs `io`), except `snapshots()`, whose object any thread may read.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/event_signal.h"
#include "control/gateway_port.h"
#include "control/snapshot_source.h"
#include "control/traffic_counters.h"
#include "fleet/fleet.h"
#include "storage/fleet_store.h"

namespace holdfast::control {

struct ControlOptions {
    /// How long facts may wait to be collected after the first of them. The smaller, the more wake-ups under load.
    Duration collect_interval = std::chrono::milliseconds(20);
    /// The longest that an operator's change waits for the disk before it is answered as not yet durable.
    Duration durable_wait = std::chrono::seconds(2);
    /// Operators' changes that wait for the disk; beyond it they are answered at once as not yet durable.
    std::size_t max_waiting_changes = 10'000;
};

/// What became of a change that is in effect: whether it would survive a crash now, and if not, the store's sentence.
struct Durability {
    bool durable = true;
    std::string sentence = {};
};

class FleetControl {
public:
    /// One change of the fleet. Runs once, at once, on the control thread.
    using ChangeFn = std::function<Result<void>(fleet::Fleet& fleet, Moment moment)>;
    using Completion = std::function<void(const Durability&)>;

    /// `fleet` is already restored from the store. `store` may be null: then nothing is kept and every change counts as
    /// durable. `io`, `clock` and `store` must outlive this object, and `io` must outlive `store`.
    FleetControl(boost::asio::io_context& io, const Clock& clock, std::unique_ptr<fleet::Fleet> fleet,
                 storage::FleetStore* store, ControlOptions options = {});
    ~FleetControl();
    FleetControl(const FleetControl&) = delete;
    FleetControl& operator=(const FleetControl&) = delete;

    /// Connects the gateway; before its first connection, at most once. It must live until `stop` or this object's end. Facts
    /// that wait at that moment are collected.
    void attach(GatewayPort& gateway);

    /// Called with nodes that should be probed now, out of turn. Set before `start`.
    void on_probe_wanted(std::function<void(std::span<const fleet::NodeIndex>)> hook) { probe_hook_ = std::move(hook); }
    /// Called after each change of clusters or nodes, and by `start`, with the new topology: whoever probes or resolves nodes
    /// follows it. Set before `start`. The hook must not change the fleet before it returns; let it post.
    void on_topology(std::function<void(const fleet::Topology&)> hook) { topology_hook_ = std::move(hook); }

    /// Called with each device that has connected, gone, moved or been changed, after the fleet knows it; sometimes more than
    /// once. Set before `start`. The hook must not change the fleet.
    void on_devices(std::function<void(std::string_view device)> hook) { devices_hook_ = std::move(hook); }
    /// Called for each PUBLISH that a gateway followed until its device acknowledged it. Set before `start`. The hook must not
    /// change the fleet.
    void on_acknowledged(std::function<void(std::string_view device, const fleet::Acknowledged&)> hook) {
        acknowledged_hook_ = std::move(hook);
    }

    /// Publishes the first snapshot and begins to tick.
    void start();

    /// End the gateway first. Collects what it still tells, writes what is to be written, and ends all timers; waiting
    /// completions are told that they are not durable yet. Nothing happens afterwards. Call `FleetStore::flush` next.
    void stop();

    /// Changes the fleet and sends the effects out. On an error nothing has changed and `completion` is never called; else it
    /// is called exactly once, on the control thread, possibly before `change` returns: when the change is durable, or after
    /// `ControlOptions::durable_wait`.
    [[nodiscard]] Result<void> change(const ChangeFn& apply, Completion completion = {});

    /// For what cannot fail and nobody waits for: discovery's and probes' reports.
    void apply(const std::function<void(fleet::Fleet& fleet, Moment moment)>& report);

    /// Reads the fleet as it is now. Collect first with `collect_now` where the last milliseconds matter.
    [[nodiscard]] const fleet::Fleet& fleet() const noexcept { return *fleet_; }

    /// One device as operators see it. The text of its connection is valid until the fleet's next change.
    [[nodiscard]] Result<fleet::DeviceStatus> device(std::string_view id) { return fleet_->device(id); }
    /// The fleet as it is now, also after changes that data-plane threads have not been told yet.
    [[nodiscard]] fleet::SnapshotPtr snapshot() { return fleet_->publish(); }
    /// Asks a gateway to end one connection, whatever its route says. False when it is not open or no gateway is attached.
    bool end_connection(fleet::ConnectionId connection);

    /// Takes in facts that wait in the gateways' outboxes now rather than at the next tick.
    void collect_now();

    /// The newest snapshot for data-plane threads; the object lives as long as this one.
    [[nodiscard]] const SnapshotSource& snapshots() const noexcept { return snapshots_; }

    /// Calls back whenever there are new events in `fleet().events()`.
    [[nodiscard]] EventSignal& event_signal() noexcept { return event_signal_; }

    /// Answers the store's `on_lost`: hands it the whole fleet again. May be called from any thread.
    void store_lost();

    [[nodiscard]] storage::StoreStatus store_status() const;
    [[nodiscard]] bool has_store() const noexcept { return store_ != nullptr; }
    /// Zeroes while no gateway is attached.
    [[nodiscard]] GatewayStats gateway_stats() const;
    /// Sums over all facts since the start, for metrics.
    [[nodiscard]] const TrafficCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] Moment moment() const noexcept { return {clock_.now(), clock_.wall()}; }
    /// Calendar time when this object was made.
    [[nodiscard]] WallTime started_at() const noexcept { return started_at_; }

private:
    /// An operator's change that waits to be durable.
    struct Waiting {
        std::uint64_t number = 0;
        Time until{};
        Completion completion;
    };

    void on_facts_waiting();
    void take_facts();
    void follow_device(const fleet::Fact& fact);
    void tell_changed_devices();
    void take_effects(Completion completion);
    void write(std::vector<fleet::Change> changes, Completion completion);
    void follow_topology(const fleet::SnapshotPtr& snapshot);
    void arm();
    void tick();
    void arm_waiting();
    void settle(std::uint64_t number, bool durable);
    [[nodiscard]] Durability not_durable() const;

    boost::asio::io_context& io_;
    const Clock& clock_;
    std::unique_ptr<fleet::Fleet> fleet_;
    storage::FleetStore* store_;
    ControlOptions options_;
    SnapshotSource snapshots_;
    EventSignal event_signal_;
    TrafficCounters counters_;
    GatewayPort* gateway_ = nullptr;
    std::function<void(std::span<const fleet::NodeIndex>)> probe_hook_;
    std::function<void(const fleet::Topology&)> topology_hook_;
    std::function<void(std::string_view)> devices_hook_;
    std::function<void(std::string_view, const fleet::Acknowledged&)> acknowledged_hook_;
    /// For `devices_hook_`, until the effects are out.
    std::vector<std::string> changed_devices_;
    /// The topology that `topology_hook_` last saw.
    std::shared_ptr<const fleet::Topology> topology_;
    boost::asio::steady_timer timer_;
    boost::asio::steady_timer waiting_timer_;
    std::vector<fleet::Fact> facts_;
    /// When waiting facts are collected; nothing while none wait.
    std::optional<Time> facts_due_;
    /// In the order of their numbers, which is that of their deadlines too.
    std::deque<Waiting> waiting_;
    std::uint64_t last_number_ = 0;
    WallTime started_at_;
    bool running_ = false;
    /// What handlers that were posted from other threads hold instead of `this`; empty once this object has ended.
    std::shared_ptr<FleetControl*> self_;
};

}  // namespace holdfast::control
