#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <utility>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_fields.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

constexpr std::string_view api_origin = "api";
constexpr std::size_t max_host_length = 253;
constexpr double max_pace = 1'000'000;

Response no_such_node(std::string_view name) {
    return not_found(fmt::format("there is no node '{}'", name));
}

fleet::NodeIndex find_node(const Api& api, std::string_view name) {
    return api.control->fleet().topology().find_node(name);
}

bool is_host(std::string_view host) {
    if (host.empty()) return false;
    boost::system::error_code not_numeric;
    boost::asio::ip::make_address(std::string(host), not_numeric);
    if (!not_numeric) return true;
    return host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
           std::string_view::npos;
}

/// Reads what a body may say of a node into `spec`.
void read_spec(JsonFields& fields, fleet::NodeSpec& spec) {
    spec.host = fields.text("host", max_host_length).value_or(spec.host);
    spec.port = static_cast<std::uint16_t>(fields.whole("port", 1, 65535).value_or(spec.port));
    spec.weight = static_cast<std::uint32_t>(fields.whole("weight", 0, fleet::max_weight).value_or(spec.weight));
    spec.priority = static_cast<std::uint32_t>(fields.whole("priority", 0, fleet::max_priority).value_or(spec.priority));
    if (fields.has("host") && !is_host(spec.host))
        fields.complain("host", "'host' must be a host's name or its numeric address");
}

Answer put(Api& api, std::string cluster, fleet::NodeSpec spec, unsigned status) {
    const ChangeFn change = [cluster, spec](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        const auto made = fleet.put_node(cluster, api_origin, spec, moment);
        if (!made) return std::unexpected(made.error());
        return {};
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    const fleet::NodeIndex index = find_node(api, spec.name);
    if (!index.valid()) co_return no_such_node(spec.name);
    Response response = changed(status, node_view(api, index), *done);
    if (status == 201) response.headers.emplace_back("Location", fmt::format("/api/v1/nodes/{}", spec.name));
    co_return response;
}

}  // namespace

Answer list_nodes(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit", "cursor", "cluster", "state"}))
        co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    const auto cluster = request.query.get("cluster");
    const auto state = request.query.get("state");
    if (cluster && !topology.find_cluster(*cluster).valid())
        co_return not_found(fmt::format("there is no cluster '{}'", *cluster));
    boost::json::array items;
    std::optional<std::uint64_t> next;
    for (std::size_t i = page.cursor.value_or(0); i < topology.nodes.size(); ++i) {
        const fleet::TopologyNode& node = topology.nodes[i];
        if (node.erased || (cluster && topology.cluster_name(node.cluster) != *cluster)) continue;
        if (state && to_string(node.state()) != *state) continue;
        if (items.size() == page.limit) {
            next = i;
            break;
        }
        items.emplace_back(node_view(api, fleet::NodeIndex(static_cast<std::uint32_t>(i))));
    }
    co_return page_response(std::move(items), next);
}

Answer show_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const fleet::NodeIndex index = find_node(api, request.path_values[0]);
    if (!index.valid()) co_return no_such_node(request.path_values[0]);
    co_return json_response(node_view(api, index));
}

Answer create_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    const std::string& cluster = request.path_values[0];
    const fleet::ClusterIndex index = topology.find_cluster(cluster);
    if (!index.valid()) co_return not_found(fmt::format("there is no cluster '{}'", cluster));
    JsonFields fields(request);
    fleet::NodeSpec spec;
    fields.require("name");
    fields.require("host");
    spec.name = fields.text("name", fleet::max_name_length).value_or("");
    read_spec(fields, spec);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    if (!fleet::valid_name(spec.name)) {
        co_return invalid_value("a node's name has 1 to 128 letters, digits, '.', '_', '-', '@' or ':'", "/name");
    }
    if (topology.cluster(index).source == fleet::ClusterSource::local) {
        co_return conflict(fmt::format(
            "cluster '{}' is made of processes that Holdfast starts itself; set cluster.nodes to have more", cluster));
    }
    const fleet::NodeIndex known = topology.find_node(spec.name);
    // A node that left may come back under its name, and finds its devices again.
    if (known.valid() && !(topology.node(known).state() == fleet::NodeState::left && topology.node(known).cluster == index)) {
        co_return problem({409, "already-exists", fmt::format("there is a node '{}' already", spec.name)});
    }
    co_return co_await put(api, cluster, spec, 201);
}

Answer change_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string& name = request.path_values[0];
    const fleet::NodeIndex index = find_node(api, name);
    if (!index.valid()) co_return no_such_node(name);
    const fleet::TopologyNode& now = api.control->fleet().topology().node(index);
    fleet::NodeSpec spec{now.name, now.host, {}, now.port, now.weight, now.priority};
    JsonFields fields(request);
    read_spec(fields, spec);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    if (now.origin != api_origin) {
        co_return conflict(fmt::format("node '{}' is listed by '{}'; change it there", name, now.origin));
    }
    if (spec.host == now.host) spec.address = now.address;
    const std::string cluster(api.control->fleet().topology().cluster_name(now.cluster));
    co_return co_await put(api, cluster, spec, 200);
}

Answer remove_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string name = request.path_values[0];
    const fleet::NodeIndex index = find_node(api, name);
    if (!index.valid()) co_return no_such_node(name);
    const fleet::TopologyNode& now = api.control->fleet().topology().node(index);
    if (now.origin != api_origin && now.listed) {
        co_return conflict(
            fmt::format("node '{}' is listed by '{}' and would come back; take it out there, or drain it", name, now.origin));
    }
    const ChangeFn change = [name](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.remove_node(name, moment);
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return changed(200, {{"name", name}, {"removed", true}}, *done);
}

Answer drain_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string name = request.path_values[0];
    if (!find_node(api, name).valid()) co_return no_such_node(name);
    JsonFields fields(request);
    const double pace = fields.number("pace", 0, max_pace).value_or(api.drain_pace);
    const bool force = fields.boolean("force").value_or(false);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    fleet::JobId job;
    const ChangeFn change = [&job, name, pace, force](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        const auto started = fleet.drain(name, pace, force, moment);
        if (!started) return std::unexpected(started.error());
        job = *started;
        return {};
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    const fleet::NodeIndex index = find_node(api, name);
    if (!index.valid()) co_return no_such_node(name);
    boost::json::object body = node_view(api, index);
    body["job"] = job.valid() ? boost::json::value(job.value()) : boost::json::value(nullptr);
    co_return changed(200, std::move(body), *done);
}

Answer undrain_node(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string name = request.path_values[0];
    if (!find_node(api, name).valid()) co_return no_such_node(name);
    JsonFields fields(request);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const ChangeFn change = [name](fleet::Fleet& fleet, Moment moment) -> Result<void> { return fleet.undrain(name, moment); };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    const fleet::NodeIndex index = find_node(api, name);
    if (!index.valid()) co_return no_such_node(name);
    co_return changed(200, node_view(api, index), *done);
}

}  // namespace holdfast::admin
