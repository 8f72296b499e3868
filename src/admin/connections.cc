#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

constexpr std::size_t connections_at_once = 1'000;
constexpr std::size_t max_looked_at = 200'000;

struct ConnectionQuery {
    std::optional<std::string_view> cluster;
    std::optional<std::string_view> node;
    std::optional<std::string_view> device;
    std::optional<std::string_view> source;
};

bool matches(const ConnectionQuery& query, const fleet::Topology& topology, const fleet::PresentConnection& connection) {
    if (query.cluster && topology.cluster_name(connection.cluster) != *query.cluster) return false;
    if (query.node && topology.node_name(connection.node) != *query.node) return false;
    if (query.device && connection.device != *query.device) return false;
    return !query.source || connection.source.starts_with(*query.source);
}

}  // namespace

Answer list_connections(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit", "cursor", "cluster", "node", "device", "source"})) {
        co_return std::move(*refusal);
    }
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const ConnectionQuery query{request.query.get("cluster"), request.query.get("node"), request.query.get("device"),
                                request.query.get("source")};
    api.control->collect_now();
    const bool filtered = query.cluster || query.node || query.device || query.source;

    boost::json::array items;
    std::uint64_t cursor = page.cursor.value_or(0);
    std::size_t looked_at = 0;
    bool finished = false;
    while (!finished && items.size() < page.limit && looked_at < max_looked_at) {
        if (looked_at > 0) co_await let_others_run(api);
        // Never more at once than the page still takes, as the next page begins behind what was looked at.
        const std::size_t step =
            filtered ? std::min(connections_at_once, page.limit - items.size()) : page.limit - items.size();
        std::vector<fleet::PresentConnection> connections;
        const fleet::Topology& topology = api.control->fleet().topology();
        cursor = api.control->fleet().presence().page(cursor, step, connections);
        finished = cursor == 0;
        looked_at += step;
        for (const fleet::PresentConnection& connection : connections) {
            if (matches(query, topology, connection)) items.emplace_back(connection_view(topology, connection));
        }
    }
    co_return page_response(std::move(items), finished ? std::nullopt : std::optional(cursor));
}

Answer show_connection(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    api.control->collect_now();
    const auto id = parse_connection_name(request.path_values[0]);
    const auto connection = id ? api.control->fleet().presence().find(*id) : std::nullopt;
    if (!connection) co_return not_found(fmt::format("connection '{}' is not open", request.path_values[0]));
    co_return json_response(connection_view(api.control->fleet().topology(), *connection));
}

Answer end_connection(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    api.control->collect_now();
    const auto id = parse_connection_name(request.path_values[0]);
    if (!id || !api.control->end_connection(*id)) {
        co_return not_found(fmt::format("connection '{}' is not open", request.path_values[0]));
    }
    co_return json_response({{"id", request.path_values[0]}, {"ending", true}}, 202);
}

}  // namespace holdfast::admin
