#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <chrono>
#include <utility>

#include "admin/api_change.h"
#include "admin/command_views.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"

namespace holdfast::admin {
namespace {

boost::json::object store_view(const Api& api) {
    const storage::StoreStatus status = api.control->store_status();
    boost::json::object view;
    view["kept"] = api.control->has_store();
    view["ok"] = status.ok;
    view["failing_since"] =
        status.failing_since ? boost::json::value(rfc3339(*status.failing_since)) : boost::json::value(nullptr);
    view["detail"] = status.ok ? boost::json::value(nullptr) : boost::json::value(status.sentence);
    view["pending"] = status.pending;
    return view;
}

boost::json::object gateway_view(const Api& api) {
    const control::GatewayStats stats = api.control->gateway_stats();
    boost::json::object view;
    view["open"] = stats.open;
    view["relaying"] = stats.relaying;
    view["out_of_descriptors"] = stats.out_of_descriptors;
    return view;
}

boost::json::object fleet_view(const fleet::Fleet& fleet) {
    const fleet::FleetCounts counts = fleet.counts();
    boost::json::object view;
    view["devices"] = counts.devices;
    view["connections"] = counts.connections;
    view["anonymous"] = counts.anonymous;
    return view;
}

boost::json::value centre_view(control::CommandPort& commands) {
    std::string text;
    JsonText json(text);
    write_centre(json, commands.status());
    return boost::json::parse(text);
}

void add_command_troubles(boost::json::array& out, const control::CentreStatus& status) {
    if (!status.store.ok)
        out.emplace_back(fmt::format("commands are not recorded, so none is taken: {}", status.store.sentence));
    if (!status.queue.ok) out.emplace_back(fmt::format("commands are not handed on: {}", status.queue.sentence));
    for (const control::CentreStatus::Channel& channel : status.channels) {
        if (!channel.connected)
            out.emplace_back(fmt::format("commands do not reach cluster {}: {}", channel.cluster, channel.sentence));
    }
}

void add_fleet_troubles(boost::json::array& out, const Api& api) {
    const fleet::Topology& topology = api.control->fleet().topology();
    for (const fleet::TopologyCluster& cluster : topology.clusters) {
        if (cluster.erased) continue;
        bool alive = false;
        for (const fleet::NodeIndex index : cluster.nodes) {
            const fleet::TopologyNode& node = topology.node(index);
            alive = alive || node.state() == fleet::NodeState::up;
            if (node.state() != fleet::NodeState::down) continue;
            out.emplace_back(fmt::format("node {} is down{}{}", node.name, node.detail.empty() ? "" : ": ", node.detail));
        }
        if (!alive && !cluster.nodes.empty()) out.emplace_back(fmt::format("cluster {} has no node that is up", cluster.name));
    }
    const storage::StoreStatus store = api.control->store_status();
    if (!store.ok) out.emplace_back(fmt::format("changes are not stored: {}", store.sentence));
    if (api.control->gateway_stats().out_of_descriptors)
        out.emplace_back("the gateway has no file descriptor left for new connections");
}

/// What an operator should look at, a sentence each.
boost::json::array troubles(const Api& api) {
    boost::json::array out;
    if (api.control != nullptr) add_fleet_troubles(out, api);
    if (api.commands != nullptr) add_command_troubles(out, api.commands->status());
    if (api.hooks.troubles) {
        for (const std::string& sentence : api.hooks.troubles())
            out.emplace_back(sentence);
    }
    return out;
}

}  // namespace

Answer show_health(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    boost::json::object body;
    if (!request.authorised) {
        // Strangers learn that the process lives, and nothing else.
        body["status"] = "live";
        co_return json_response(std::move(body));
    }
    boost::json::array problems = troubles(api);
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(api.clock.wall() - api.started_at);
    body["status"] = problems.empty() ? "ok" : "degraded";
    body["problems"] = std::move(problems);
    body["version"] = api.version;
    body["since"] = rfc3339(api.started_at);
    body["uptime_s"] = uptime.count();
    if (api.control != nullptr) {
        body["fleet"] = fleet_view(api.control->fleet());
        body["gateway"] = gateway_view(api);
        body["store"] = store_view(api);
    }
    if (api.commands != nullptr) body["commands"] = centre_view(*api.commands);
    co_return json_response(std::move(body));
}

}  // namespace holdfast::admin
