#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <limits>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "admin/handlers.h"
#include "admin/page.h"

namespace holdfast::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

/// Metric families of one collection, in the order in which they are added.
class Families {
public:
    /// Begins a family; values that follow belong to it.
    void begin(const char* name, const char* help, MetricType type) { families_.push_back({name, help, type, {}}); }

    void value(double value, Labels labels = {}) {
        ClientMetric metric;
        metric.label = std::move(labels);
        if (families_.back().type == MetricType::Counter) {
            metric.counter.value = value;
        } else {
            metric.gauge.value = value;
        }
        families_.back().metric.push_back(std::move(metric));
    }

    void counter(const char* name, const char* help, std::uint64_t count) {
        begin(name, help, MetricType::Counter);
        value(static_cast<double>(count));
    }
    void gauge(const char* name, const char* help, double now) {
        begin(name, help, MetricType::Gauge);
        value(now);
    }

    void histogram(ClientMetric::Histogram histogram) {
        ClientMetric metric;
        metric.histogram = std::move(histogram);
        families_.back().metric.push_back(std::move(metric));
    }

    [[nodiscard]] std::vector<MetricFamily> take() { return std::move(families_); }

private:
    std::vector<MetricFamily> families_;
};

double seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

void add_nodes(Families& out, const fleet::Fleet& fleet) {
    const fleet::Topology& topology = fleet.topology();
    out.begin("holdfast_connections", "Open device connections, by the node that serves them.", MetricType::Gauge);
    for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
        const fleet::TopologyNode& node = topology.nodes[i];
        if (node.erased) continue;
        out.value(static_cast<double>(fleet.presence().count_on(fleet::NodeIndex(static_cast<std::uint32_t>(i)))),
                  {{"cluster", std::string(topology.cluster_name(node.cluster))}, {"node", node.name}});
    }
    out.begin("holdfast_node_state", "1 for the state that a node is in, 0 for the others.", MetricType::Gauge);
    for (const fleet::TopologyNode& node : topology.nodes) {
        if (node.erased) continue;
        for (const auto state : {fleet::NodeState::up, fleet::NodeState::suspect, fleet::NodeState::down,
                                 fleet::NodeState::draining, fleet::NodeState::left}) {
            out.value(node.state() == state ? 1 : 0, {{"cluster", std::string(topology.cluster_name(node.cluster))},
                                                      {"node", node.name},
                                                      {"state", std::string(to_string(state))}});
        }
    }
    out.begin("holdfast_devices", "Enrolled devices, by the cluster that serves them.", MetricType::Gauge);
    for (std::size_t i = 0; i < topology.clusters.size(); ++i) {
        if (topology.clusters[i].erased) continue;
        out.value(static_cast<double>(fleet.devices_of(fleet::ClusterIndex(static_cast<std::uint16_t>(i)))),
                  {{"cluster", topology.clusters[i].name}});
    }
}

void add_connects(Families& out, const control::TrafficCounters& counters) {
    out.begin("holdfast_connects_accepted_total", "CONNECTs that a node accepted, by the kind of their route.",
              MetricType::Counter);
    for (std::size_t i = 0; i < counters.opened_by_kind.size(); ++i) {
        out.value(static_cast<double>(counters.opened_by_kind[i]),
                  {{"route", std::string(to_string(static_cast<fleet::RouteKind>(i)))}});
    }
    out.begin("holdfast_connects_refused_total", "CONNECTs that came to nothing, by reason.", MetricType::Counter);
    for (std::size_t i = 1; i < counters.refused.size(); ++i) {
        out.value(static_cast<double>(counters.refused[i]),
                  {{"reason", std::string(to_string(static_cast<fleet::RefuseReason>(i)))}});
    }
    out.begin("holdfast_connections_ended_total", "Connections that ended, by reason.", MetricType::Counter);
    for (const auto& [reason, count] : counters.closed)
        out.value(static_cast<double>(count), {{"reason", reason}});
    out.begin("holdfast_connect_latency_seconds", "From a CONNECT to the node's CONNACK.", MetricType::Histogram);
    ClientMetric::Histogram histogram;
    for (std::size_t i = 0; i < counters.latency.size(); ++i) {
        histogram.sample_count += counters.latency[i];
        const double bound =
            i < control::latency_bounds.size() ? control::latency_bounds[i] : std::numeric_limits<double>::infinity();
        histogram.bucket.push_back({histogram.sample_count, bound});
    }
    histogram.sample_sum = counters.latency_sum;
    out.histogram(std::move(histogram));
    out.counter("holdfast_connect_failovers_total", "CONNECTs accepted by another node than the first candidate.",
                counters.failovers);
    out.counter("holdfast_node_troubles_total", "Connections to nodes that could not be made.", counters.node_troubles);
}

void add_fleet(Families& out, const fleet::Fleet& fleet) {
    const fleet::FleetCounts counts = fleet.counts();
    out.gauge("holdfast_connections_anonymous", "Open connections of devices without an identity.",
              static_cast<double>(counts.anonymous));
    out.counter("holdfast_devices_enrolled_total", "Devices enrolled at their first CONNECT.", counts.enrolled);
    out.counter("holdfast_devices_rerouted_total", "Sticky routes that changed.", counts.rerouted);
    out.counter("holdfast_ends_ordered_total", "Connections that the fleet had ended, for a move, a drain or a lost node.",
                counts.ordered_ends);
    out.counter("holdfast_stale_plans_total", "Connections opened where the present route did not say, and ended for it.",
                counts.stale_plans);
    out.counter("holdfast_takeovers_total", "CONNECTs that came while another connection of the device was open.",
                counts.takeovers);
    out.counter("holdfast_fights_total", "Fights of several devices over one id.", counts.fights);
    std::uint64_t running = 0;
    for (const fleet::JobStatus& job : fleet.jobs())
        running += job.state == fleet::JobState::running ? 1 : 0;
    out.gauge("holdfast_moves_running", "Moves and drains that run.", static_cast<double>(running));
    const auto memory = fleet.device_memory();
    out.gauge("holdfast_device_memory_bytes", "Memory taken for the table of devices.", static_cast<double>(memory.reserved));
}

void add_gateway(Families& out, const control::GatewayStats& stats) {
    out.counter("holdfast_gateway_accepted_total", "TCP connections accepted.", stats.accepted);
    out.counter("holdfast_gateway_turned_away_total", "TCP connections closed at once for lack of room.", stats.turned_away);
    out.gauge("holdfast_gateway_open", "TCP connections from devices, in any phase.", static_cast<double>(stats.open));
    out.gauge("holdfast_gateway_relaying", "Connections that relay.", static_cast<double>(stats.relaying));
    out.gauge("holdfast_gateway_waiting", "CONNECTs that wait for an active node of their cluster.",
              static_cast<double>(stats.waiting));
    out.begin("holdfast_gateway_waited_total", "CONNECTs that waited for an active node, by what became of them.",
              MetricType::Counter);
    out.value(static_cast<double>(stats.waited_accepted), {{"outcome", "accepted"}});
    out.value(static_cast<double>(stats.waited_refused), {{"outcome", "refused"}});
    out.value(static_cast<double>(stats.waited_gave_up), {{"outcome", "gave_up"}});
    out.begin("holdfast_gateway_bytes_total", "Bytes relayed, by the side they came from.", MetricType::Counter);
    out.value(static_cast<double>(stats.bytes_from_devices), {{"from", "device"}});
    out.value(static_cast<double>(stats.bytes_to_devices), {{"from", "node"}});
    out.begin("holdfast_gateway_packets_total", "MQTT packets relayed, by the side they came from.", MetricType::Counter);
    out.value(static_cast<double>(stats.packets_from_devices), {{"from", "device"}});
    out.value(static_cast<double>(stats.packets_to_devices), {{"from", "node"}});
    out.counter("holdfast_gateway_backpressure_pauses_total",
                "Times that reading stopped as the other side could take no more.", stats.backpressure_pauses);
    out.gauge("holdfast_gateway_out_of_descriptors", "1 while there is no file descriptor for new connections.",
              stats.out_of_descriptors ? 1 : 0);
}

void add_store(Families& out, const storage::StoreStatus& status) {
    out.gauge("holdfast_store_ok", "1 while changes can be stored.", status.ok ? 1 : 0);
    out.gauge("holdfast_store_pending", "Records whose newest value is not durable yet.", static_cast<double>(status.pending));
    out.gauge("holdfast_store_last_commit_seconds", "How long the last commit took.", seconds(status.last_commit));
    out.counter("holdfast_store_commits_total", "Commits.", status.commits);
    out.counter("holdfast_store_changes_total", "Records written.", status.changes_written);
    out.counter("holdfast_store_failures_total", "Commits that failed and are tried again.", status.failures);
}

void add_commands(Families& out, const control::CentreStatus& status) {
    const command::DispatcherCounts& counts = status.counts;
    out.gauge("holdfast_commands_open", "Commands that this centre holds: not ended, and due soon.",
              static_cast<double>(counts.open));
    out.gauge("holdfast_commands_under_way", "Of them those with an attempt that has not ended.",
              static_cast<double>(counts.under_way));
    out.gauge("holdfast_commands_waiting_callers", "Callers who wait for a command's end.",
              static_cast<double>(status.waiting_callers));
    out.counter("holdfast_commands_accepted_total", "Commands taken.", counts.accepted);
    out.counter("holdfast_commands_requests_total", "Requests handed to channels.", counts.requests);
    out.counter("holdfast_commands_resent_total", "Of them those for an attempt after the first.", counts.resent);
    out.begin("holdfast_commands_ended_total", "Commands that ended, by state.", MetricType::Counter);
    for (std::size_t i = static_cast<std::size_t>(command::State::succeeded); i < std::size(counts.ended); ++i)
        out.value(static_cast<double>(counts.ended[i]), {{"state", std::string(to_string(static_cast<command::State>(i)))}});
    out.counter("holdfast_commands_late_reports_total", "Reports about commands that had ended.", counts.late_reports);
    out.gauge("holdfast_commands_store_ok", "1 while commands can be recorded.", status.store.ok ? 1 : 0);
    out.gauge("holdfast_queue_waiting", "Messages between centre and channels that are not acknowledged yet.",
              static_cast<double>(status.queue.waiting));
    out.counter("holdfast_queue_redelivered_total", "Messages delivered more than once.", status.queue.redelivered);
    out.counter("holdfast_queue_poisoned_total", "Messages set aside because nobody could read them.", status.queue.poisoned);
    out.begin("holdfast_channel_ok", "1 while a cluster's channel has its sessions.", MetricType::Gauge);
    for (const control::CentreStatus::Channel& channel : status.channels)
        out.value(channel.connected ? 1 : 0, {{"cluster", channel.cluster}});
}

/// All that Holdfast measures, read when somebody asks.
class Measurements final : public prometheus::Collectable {
public:
    explicit Measurements(const Api& api) : api_(api) {}

    [[nodiscard]] std::vector<MetricFamily> Collect() const override {
        Families out;
        out.begin("holdfast_info", "Always 1; the version stands in the label.", MetricType::Gauge);
        out.value(1, {{"version", api_.version}});
        out.gauge("holdfast_start_time_seconds", "When the process began, in seconds since 1970.",
                  std::chrono::duration<double>(api_.started_at.time_since_epoch()).count());
        if (api_.control != nullptr) {
            add_nodes(out, api_.control->fleet());
            add_connects(out, api_.control->counters());
            add_fleet(out, api_.control->fleet());
            add_gateway(out, api_.control->gateway_stats());
            add_store(out, api_.control->store_status());
        }
        if (api_.commands != nullptr) add_commands(out, api_.commands->status());
        out.gauge("holdfast_event_followers", "Clients that follow events.", static_cast<double>(*api_.event_streams));
        return out.take();
    }

private:
    const Api& api_;
};

}  // namespace

Answer show_metrics(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    if (api.control != nullptr) api.control->collect_now();
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, Measurements(api).Collect());
    Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = text.str();
    co_return response;
}

}  // namespace holdfast::admin
