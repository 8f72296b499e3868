#include <fmt/format.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_fields.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"
#include "control/active_keeper.h"

namespace holdfast::admin {
namespace {

namespace json = boost::json;

/// What the keeper knows of a cluster; null for one whose nodes share the devices.
const sentinel::StandbyView* standby_of(const std::vector<sentinel::StandbyView>& views, std::string_view cluster) {
    const auto found = std::ranges::find(views, cluster, &sentinel::StandbyView::name);
    return found == views.end() ? nullptr : &*found;
}

json::object member_view(const Api& api, const fleet::TopologyCluster& cluster, fleet::NodeIndex index,
                         const sentinel::StandbyView* standby) {
    const fleet::TopologyNode& node = api.control->fleet().topology().node(index);
    json::object view;
    view["name"] = node.name;
    view["state"] = to_string(node.state());
    view["active"] = standby != nullptr && cluster.active == index;
    view["priority"] = node.priority;
    view["connections"] = api.control->fleet().presence().count_on(index);
    view["detail"] = node.detail.empty() ? json::value(nullptr) : json::value(node.detail);
    if (standby == nullptr) return view;
    const auto seen = std::ranges::find(standby->members, node.name, [](const auto& member) { return member.member.name; });
    view["passed_over"] = seen != standby->members.end() && seen->passed_over;
    return view;
}

json::object group_view(const Api& api, fleet::ClusterIndex index, const std::vector<sentinel::StandbyView>& views) {
    const fleet::Topology& topology = api.control->fleet().topology();
    const fleet::TopologyCluster& cluster = topology.cluster(index);
    const sentinel::StandbyView* const standby = standby_of(views, cluster.name);
    json::array members;
    for (const fleet::NodeIndex node : cluster.nodes)
        members.emplace_back(member_view(api, cluster, node, standby));
    json::object view;
    view["name"] = cluster.name;
    view["policy"] = to_string(cluster.policy);
    view["active"] = standby != nullptr && cluster.active.valid() ? json::value(topology.node(cluster.active).name) : nullptr;
    view["epoch"] = cluster.active_epoch;
    view["doing"] = standby != nullptr && !standby->doing.empty() ? json::value(standby->doing) : json::value(nullptr);
    view["members"] = std::move(members);
    return view;
}

Response no_such_group(std::string_view name) {
    return not_found(fmt::format("there is no group '{}'; each cluster is one", name));
}

Response refuse_failover(const Error& error) {
    using sentinel::SentinelErrc;
    if (error.is(SentinelErrc::unknown_group)) return not_found(error.message());
    if (error.is(SentinelErrc::bad_argument)) return invalid_value(error.message(), "/to");
    return conflict(error.message());
}

}  // namespace

Answer list_groups(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit", "cursor"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const std::vector<sentinel::StandbyView> views = api.keeper->view();
    const fleet::Topology& topology = api.control->fleet().topology();
    json::array items;
    std::optional<std::uint64_t> next;
    for (std::size_t i = page.cursor.value_or(0); i < topology.clusters.size(); ++i) {
        if (topology.clusters[i].erased) continue;
        if (items.size() == page.limit) {
            next = i;
            break;
        }
        items.emplace_back(group_view(api, fleet::ClusterIndex(static_cast<std::uint16_t>(i)), views));
    }
    co_return page_response(std::move(items), next);
}

Answer show_group(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const fleet::ClusterIndex index = api.control->fleet().topology().find_cluster(request.path_values[0]);
    if (!index.valid()) co_return no_such_group(request.path_values[0]);
    co_return json_response(group_view(api, index, api.keeper->view()));
}

Answer failover_group(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string& name = request.path_values[0];
    JsonFields fields(request);
    const std::string to = fields.text("to", fleet::max_name_length).value_or("");
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    const fleet::ClusterIndex index = topology.find_cluster(name);
    if (!index.valid()) co_return no_such_group(name);
    if (topology.cluster(index).policy != fleet::ClusterPolicy::active_standby) {
        co_return conflict(
            fmt::format("the nodes of {0} share its devices, so none of them is the active one; for one that is: "
                        "holdfast cluster set {0} --policy active-standby",
                        name));
    }
    if (auto done = api.keeper->failover(name, to); !done) co_return refuse_failover(done.error());
    co_return json_response(group_view(api, index, api.keeper->view()));
}

}  // namespace holdfast::admin
