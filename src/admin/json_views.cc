#include "admin/json_views.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <charconv>
#include <chrono>
#include <utility>

namespace holdfast::admin {

namespace json = boost::json;

namespace {

json::string text(std::string_view from) {
    return json::string(from.data(), from.size());
}

json::value text_or_null(std::string_view from) {
    if (from.empty()) return nullptr;
    return text(from);
}

double milliseconds(Duration duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
}

json::array texts(const std::vector<std::string>& from) {
    json::array out;
    out.reserve(from.size());
    for (const std::string& one : from)
        out.emplace_back(text(one));
    return out;
}

}  // namespace

json::value time_or_null(WallTime wall) {
    if (wall == WallTime{}) return nullptr;
    return text(rfc3339(wall));
}

std::string connection_name(fleet::ConnectionId connection) {
    const std::uint64_t sequence = connection.value() & ((std::uint64_t{1} << fleet::ConnectionId::sequence_bits) - 1);
    return fmt::format("{}-{}", connection.thread(), sequence);
}

std::optional<fleet::ConnectionId> parse_connection_name(std::string_view name) noexcept {
    const std::size_t dash = name.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    std::uint16_t thread = 0;
    std::uint64_t sequence = 0;
    const char* const middle = name.data() + dash;
    const char* const end = name.data() + name.size();
    const auto first = std::from_chars(name.data(), middle, thread);
    const auto second = std::from_chars(middle + 1, end, sequence);
    if (first.ec != std::errc() || first.ptr != middle || second.ec != std::errc() || second.ptr != end) return std::nullopt;
    if (sequence == 0 || sequence >> fleet::ConnectionId::sequence_bits != 0) return std::nullopt;
    return fleet::ConnectionId::make(thread, sequence);
}

json::object cluster_view(const fleet::Fleet& fleet, fleet::ClusterIndex index) {
    const fleet::Topology& topology = fleet.topology();
    const fleet::TopologyCluster& cluster = topology.cluster(index);
    json::object nodes;
    nodes["total"] = cluster.nodes.size();
    for (const auto state : {fleet::NodeState::up, fleet::NodeState::suspect, fleet::NodeState::down,
                             fleet::NodeState::draining, fleet::NodeState::left}) {
        std::uint64_t count = 0;
        for (const fleet::NodeIndex node : cluster.nodes) {
            if (topology.node(node).state() == state) ++count;
        }
        nodes[to_string(state)] = count;
    }
    std::uint64_t connections = 0;
    for (const fleet::NodeIndex node : cluster.nodes)
        connections += fleet.presence().count_on(node);
    json::object view;
    view["name"] = text(cluster.name);
    view["source"] = text(to_string(cluster.source));
    view["weight"] = cluster.weight;
    view["enabled"] = cluster.enabled;
    view["policy"] = text(to_string(cluster.policy));
    const bool has_active = cluster.policy == fleet::ClusterPolicy::active_standby && cluster.active.valid();
    view["active"] = text_or_null(has_active ? topology.node_name(cluster.active) : std::string_view());
    view["nodes"] = std::move(nodes);
    view["devices"] = fleet.devices_of(index);
    view["connections"] = connections;
    return view;
}

json::object node_view(const Api& api, fleet::NodeIndex index) {
    const fleet::Fleet& fleet = api.control->fleet();
    const fleet::TopologyNode& node = fleet.topology().node(index);
    json::object view;
    view["name"] = text(node.name);
    view["cluster"] = text(fleet.topology().cluster_name(node.cluster));
    view["host"] = text(node.host);
    view["port"] = node.port;
    view["address"] = text_or_null(node.address);
    view["weight"] = node.weight;
    view["priority"] = node.priority;
    view["state"] = text(to_string(node.state()));
    view["health"] = node.probed ? json::value(text(to_string(node.health))) : json::value(nullptr);
    view["draining"] = node.draining;
    view["listed"] = node.listed;
    view["origin"] = text(node.origin);
    view["since"] = time_or_null(node.since);
    view["detail"] = text_or_null(node.detail);
    view["connections"] = fleet.presence().count_on(index);
    const auto pid = api.hooks.node_pid ? api.hooks.node_pid(node.name) : std::nullopt;
    view["pid"] = pid && *pid > 0 ? json::value(*pid) : json::value(nullptr);
    return view;
}

json::object connection_view(const fleet::Topology& topology, const fleet::PresentConnection& connection) {
    json::object view;
    view["id"] = text(connection_name(connection.connection));
    view["device"] = text_or_null(connection.device);
    view["cluster"] = text(topology.cluster_name(connection.cluster));
    view["node"] = text(topology.node_name(connection.node));
    view["route"] = text(to_string(connection.kind));
    view["current"] = connection.current;
    view["ending"] = connection.ending;
    view["mqtt_version"] = connection.mqtt_version;
    view["source"] = text(connection.source);
    view["username"] = text_or_null(connection.username);
    view["since"] = time_or_null(connection.since);
    return view;
}

json::object device_view(const Api& api, const fleet::DeviceStatus& status) {
    const fleet::DeviceRecord& record = status.record;
    json::object view;
    view["id"] = text(record.id);
    view["cluster"] = text_or_null(status.cluster);
    view["node"] = text_or_null(status.node);
    view["route"] = status.route ? json::value(text(to_string(*status.route))) : json::value(nullptr);
    view["connected"] = status.connected;
    view["home"] = text_or_null(record.home);
    view["explicit_cluster"] = text_or_null(record.explicit_cluster);
    view["explicit_node"] = text_or_null(record.explicit_node);
    view["sticky_node"] = text_or_null(record.sticky_node);
    view["disabled"] = record.disabled;
    view["tags"] = texts(record.tags);
    view["note"] = text(record.note);
    view["enrolled_at"] = time_or_null(record.enrolled_at);
    view["routed_at"] = time_or_null(record.routed_at);
    view["connected_last"] = time_or_null(record.connected_last);
    view["connection"] = status.connection ? json::value(connection_view(api.control->fleet().topology(), *status.connection))
                                           : json::value(nullptr);
    return view;
}

json::object job_view(const fleet::JobStatus& job) {
    json::object view;
    view["id"] = job.id.value();
    view["cause"] = text(to_string(job.cause));
    view["subject"] = text(job.subject);
    view["pace"] = job.pace;
    view["state"] = text(to_string(job.state));
    view["done"] = job.done;
    view["left"] = job.left;
    view["started"] = time_or_null(job.started);
    view["ended"] = time_or_null(job.ended);
    return view;
}

json::object fight_view(const fleet::Fight& fight) {
    json::object view;
    view["device"] = text(fight.device);
    view["takeovers"] = fight.takeovers;
    view["since"] = time_or_null(fight.since);
    view["last"] = time_or_null(fight.last);
    view["sources"] = json::array{text(fight.source_a), text(fight.source_b)};
    return view;
}

json::object event_view(const fleet::Event& event) {
    json::object view;
    view["id"] = event.seq;
    view["time"] = text(rfc3339(event.wall));
    view["kind"] = text(to_string(event.kind));
    view["severity"] = text(to_string(event.severity));
    view["subject"] = text_or_null(event.subject);
    view["sentence"] = text(event.sentence);
    return view;
}

json::object past_connect_view(const fleet::Topology& topology, const fleet::PastConnect& connect) {
    const bool accepted = connect.refused == fleet::RefuseReason::none;
    json::object view;
    view["time"] = text(rfc3339(connect.wall));
    view["device"] = text_or_null(connect.device);
    view["accepted"] = accepted;
    view["node"] = accepted ? json::value(text(topology.node_name(connect.node))) : json::value(nullptr);
    view["route"] = accepted ? json::value(text(to_string(connect.kind))) : json::value(nullptr);
    view["refused"] = accepted ? json::value(nullptr) : json::value(text(to_string(connect.refused)));
    view["sentence"] = accepted ? json::value(nullptr) : json::value(text(sentence(connect.refused)));
    view["source"] = text(connect.source);
    view["username"] = text_or_null(connect.username);
    view["mqtt_version"] = connect.mqtt_version == 0 ? json::value(nullptr) : json::value(connect.mqtt_version);
    view["latency_ms"] = accepted ? json::value(milliseconds(connect.latency)) : json::value(nullptr);
    view["steps"] = texts(render(connect.steps, topology));
    return view;
}

json::object plan_view(const fleet::Topology& topology, const fleet::Plan& plan) {
    const bool routed = plan.outcome == fleet::PlanOutcome::route;
    json::array candidates;
    for (const fleet::Candidate& candidate : plan.candidates) {
        candidates.emplace_back(
            json::object{{"node", text(topology.node_name(candidate.node))}, {"route", text(to_string(candidate.kind))}});
    }
    json::object view;
    view["routed"] = routed;
    view["cluster"] = plan.cluster.valid() ? json::value(text(topology.cluster_name(plan.cluster))) : json::value(nullptr);
    view["node"] =
        plan.candidates.empty() ? json::value(nullptr) : json::value(text(topology.node_name(plan.candidates[0].node)));
    view["refused"] = routed ? json::value(nullptr) : json::value(text(to_string(plan.reason)));
    view["sentence"] = routed ? json::value(nullptr) : json::value(text(sentence(plan.reason)));
    view["candidates"] = std::move(candidates);
    view["steps"] = texts(render(plan.trace, topology));
    return view;
}

}  // namespace holdfast::admin
