#pragma once
// A fleet with clusters and nodes, in simulated time, and devices that connect as a gateway would have them: planned on a
// snapshot, reported as facts, ended when ordered.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "fleet/fleet.h"
#include "fleet/planner.h"

namespace holdfast::fleet {

class FleetScene {
public:
    explicit FleetScene(Policy policy = {}, FleetOptions options = {}, FleetImage image = {})
        : fleet_(std::make_unique<Fleet>(std::move(image), std::move(policy), options, moment())) {}

    [[nodiscard]] Fleet& fleet() { return *fleet_; }
    [[nodiscard]] Moment moment() const { return {now_, wall_}; }
    void pass(Duration time) {
        now_ += time;
        wall_ += std::chrono::duration_cast<std::chrono::milliseconds>(time);
    }

    /// A cluster of nodes that are up: "east" with 2 nodes has east-1 and east-2.
    void cluster(const std::string& name, std::size_t nodes, bool up = true, std::uint32_t weight = default_weight) {
        const auto index =
            fleet_->declare_cluster({.name = name, .weight = weight, .source = ClusterSource::static_settings}, moment());
        if (!index) return;
        list(name, nodes);
        if (!up) return;
        for (const NodeIndex node : fleet_->topology().cluster(*index).nodes)
            probe(node, true);
    }
    /// Lists nodes 1..count (but for `without`) of a cluster.
    Result<> list(const std::string& cluster, std::size_t count, std::size_t without = 0) {
        std::vector<NodeSpec> specs;
        for (std::size_t i = 1; i <= count; ++i)
            if (i != without)
                specs.push_back({.name = fmt::format("{}-{}", cluster, i),
                                 .host = "127.0.0.1",
                                 .port = static_cast<std::uint16_t>(1000 + i)});
        return fleet_->list_nodes(cluster, "static", specs, moment());
    }
    void probe(NodeIndex node, bool ok) { fleet_->probe_result(node, ok, ok ? "" : "no answer to PINGREQ", moment()); }
    /// Fails probes until the node is down.
    void kill(std::string_view name) {
        const NodeIndex node = this->node(name);
        for (int i = 0; i < 10 && fleet_->topology().node(node).health != NodeHealth::down; ++i) {
            pass(std::chrono::seconds(1));
            probe(node, false);
        }
    }
    void revive(std::string_view name) {
        for (int i = 0; i < 3; ++i) {
            pass(std::chrono::seconds(1));
            probe(node(name), true);
        }
    }

    [[nodiscard]] NodeIndex node(std::string_view name) { return fleet_->topology().find_node(name); }
    [[nodiscard]] ClusterIndex cluster_index(std::string_view name) { return fleet_->topology().find_cluster(name); }
    [[nodiscard]] std::string name(NodeIndex node) { return std::string(fleet_->topology().node_name(node)); }

    [[nodiscard]] Plan plan(std::string_view id) { return plan_route(*fleet_->publish(), {.client_id = id}, 0); }
    /// The node that a plan would try first; "" when refused.
    [[nodiscard]] std::string first(std::string_view id) {
        const Plan made = plan(id);
        return made.candidates.empty() ? std::string{} : name(made.candidates[0].node);
    }

    /// Connects on the present snapshot, or on `snapshot`; `accepts` says which of the candidates takes it. Nothing when
    /// refused.
    std::optional<ConnectionId> connect(const std::string& id, SnapshotPtr snapshot = nullptr, std::size_t accepts = 0,
                                        std::uint16_t thread = 0) {
        if (!snapshot) snapshot = fleet_->publish();
        const Plan made = plan_route(*snapshot, {.client_id = id, .source_address = "127.0.0.9"}, ++entropy_);
        if (made.outcome == PlanOutcome::refuse) {
            fleet_->refused({.device = std::string(made.device_id()),
                             .source = "127.0.0.9:40000",
                             .mqtt_version = 5,
                             .reason = made.reason,
                             .at = now_,
                             .wall = wall_,
                             .trace = made.trace});
            return std::nullopt;
        }
        const ConnectionId connection = ConnectionId::make(thread, ++sequence_);
        Opened fact = opened(made, connection, accepts);
        open_[connection] = fact.node;
        fleet_->opened(std::move(fact));
        return connection;
    }

    [[nodiscard]] Opened opened(const Plan& made, ConnectionId connection, std::size_t accepts = 0) const {
        Opened fact;
        fact.connection = connection;
        fact.device = made.device_id();
        fact.first = made.candidates[0].node;
        fact.node = made.candidates[accepts].node;
        fact.kind = made.candidates[accepts].kind;
        fact.cluster = made.cluster;
        fact.home = made.home;
        fact.enrolled_now = made.enrolled_now;
        fact.mqtt_version = 5;
        fact.source = fmt::format("127.0.0.9:{}", 40000 + connection.value() % 1000);
        fact.asked_at = now_;
        fact.at = now_;
        fact.wall = wall_;
        fact.trace = made.trace;
        return fact;
    }

    void close(ConnectionId connection) {
        open_.erase(connection);
        fleet_->closed({.connection = connection, .reason_text = "device_closed", .at = now_, .wall = wall_});
    }

    /// Takes effects and ends what was ordered to end; returns the orders.
    std::vector<EndOrder> obey() {
        Effects effects = fleet_->take_effects();
        for (Change& change : effects.changes)
            changes_.push_back(std::move(change));
        for (const Event& event : effects.events)
            sentences_.push_back(event.sentence);
        for (const NodeIndex node : effects.probe)
            probes_.push_back(node);
        for (const EndOrder& order : effects.ends)
            if (open_.contains(order.connection)) close(order.connection);
        return effects.ends;
    }
    /// Lets time pass in steps of 10 ms, with ticks and obedience; returns all orders of that time.
    std::vector<EndOrder> run(Duration time) {
        std::vector<EndOrder> all = obey();
        for (const Time end = now_ + time; now_ < end;) {
            pass(std::chrono::milliseconds(10));
            fleet_->tick(moment());
            const std::vector<EndOrder> orders = obey();
            all.insert(all.end(), orders.begin(), orders.end());
        }
        return all;
    }

    /// Where the device is connected now; "" when it is not.
    [[nodiscard]] std::string where(std::string_view id) {
        const auto present = fleet_->presence().find(id);
        return present ? name(present->node) : std::string{};
    }

    [[nodiscard]] std::vector<Change>& changes() { return changes_; }
    [[nodiscard]] std::vector<std::string>& sentences() { return sentences_; }
    [[nodiscard]] std::vector<NodeIndex>& probes() { return probes_; }
    [[nodiscard]] bool told(std::string_view part) const {
        return std::ranges::any_of(sentences_, [&](const std::string& s) { return s.find(part) != std::string::npos; });
    }

private:
    Time now_{std::chrono::seconds(1000)};
    WallTime wall_{std::chrono::seconds(1'800'000'000)};
    std::unique_ptr<Fleet> fleet_;
    std::map<ConnectionId, NodeIndex> open_;
    std::vector<Change> changes_;
    std::vector<std::string> sentences_;
    std::vector<NodeIndex> probes_;
    std::uint64_t sequence_ = 0;
    std::uint64_t entropy_ = 0;
};

}  // namespace holdfast::fleet
