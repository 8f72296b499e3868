#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_fields.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "admin/problem.h"

namespace holdfast::admin {
namespace {

Response no_such_cluster(std::string_view name) {
    return not_found(fmt::format("there is no cluster '{}'", name));
}

fleet::ClusterPolicy read_policy(JsonFields& fields, fleet::ClusterPolicy otherwise) {
    const auto text = fields.text("policy", 32);
    if (!text) return otherwise;
    const auto policy = fleet::cluster_policy_from(*text);
    if (!policy) fields.complain("policy", "'policy' is \"sticky-hash\" or \"active-standby\"");
    return policy.value_or(otherwise);
}

}  // namespace

Answer list_clusters(Api& api, const Request& request) {
    PageRequest page;
    if (auto refusal = refuse_unknown_parameters(request, {"limit", "cursor"})) co_return std::move(*refusal);
    if (auto refusal = read_page(api, request, page)) co_return std::move(*refusal);
    const fleet::Topology& topology = api.control->fleet().topology();
    boost::json::array items;
    std::optional<std::uint64_t> next;
    for (std::size_t i = page.cursor.value_or(0); i < topology.clusters.size(); ++i) {
        if (topology.clusters[i].erased) continue;
        if (items.size() == page.limit) {
            next = i;
            break;
        }
        items.emplace_back(cluster_view(api.control->fleet(), fleet::ClusterIndex(static_cast<std::uint16_t>(i))));
    }
    co_return page_response(std::move(items), next);
}

Answer show_cluster(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const fleet::ClusterIndex index = api.control->fleet().topology().find_cluster(request.path_values[0]);
    if (!index.valid()) co_return no_such_cluster(request.path_values[0]);
    co_return json_response(cluster_view(api.control->fleet(), index));
}

Answer create_cluster(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    JsonFields fields(request);
    fleet::ClusterSpec spec;
    fields.require("name");
    spec.name = fields.text("name", fleet::max_name_length).value_or("");
    spec.weight = static_cast<std::uint32_t>(fields.whole("weight", 0, fleet::max_weight).value_or(fleet::default_weight));
    spec.enabled = fields.boolean("enabled").value_or(true);
    spec.policy = read_policy(fields, spec.policy);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    if (!fleet::valid_name(spec.name)) {
        co_return invalid_value("a cluster's name has 1 to 128 letters, digits, '.', '_', '-', '@' or ':'", "/name");
    }
    if (api.control->fleet().topology().find_cluster(spec.name).valid()) {
        co_return problem({409, "already-exists", fmt::format("there is a cluster '{}' already", spec.name)});
    }
    const ChangeFn change = [spec](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        const auto declared = fleet.declare_cluster(spec, moment);
        if (!declared) return std::unexpected(declared.error());
        return {};
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    const fleet::ClusterIndex index = api.control->fleet().topology().find_cluster(spec.name);
    if (!index.valid()) co_return no_such_cluster(spec.name);
    Response response = changed(201, cluster_view(api.control->fleet(), index), *done);
    response.headers.emplace_back("Location", fmt::format("/api/v1/clusters/{}", spec.name));
    co_return response;
}

Answer change_cluster(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const std::string& name = request.path_values[0];
    fleet::ClusterIndex index = api.control->fleet().topology().find_cluster(name);
    if (!index.valid()) co_return no_such_cluster(name);
    const fleet::TopologyCluster& now = api.control->fleet().topology().cluster(index);
    fleet::ClusterSpec spec{now.name, now.weight, now.source, now.enabled, now.policy};
    JsonFields fields(request);
    spec.weight = static_cast<std::uint32_t>(fields.whole("weight", 0, fleet::max_weight).value_or(spec.weight));
    spec.enabled = fields.boolean("enabled").value_or(spec.enabled);
    spec.policy = read_policy(fields, spec.policy);
    if (auto refusal = fields.refusal()) co_return std::move(*refusal);
    const ChangeFn change = [spec](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        const auto declared = fleet.declare_cluster(spec, moment);
        if (!declared) return std::unexpected(declared.error());
        return {};
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    index = api.control->fleet().topology().find_cluster(name);
    if (!index.valid()) co_return no_such_cluster(name);
    co_return changed(200, cluster_view(api.control->fleet(), index), *done);
}

Answer remove_cluster(Api& api, const Request& request) {
    std::optional<bool> force;
    if (auto refusal = refuse_unknown_parameters(request, {"force"})) co_return std::move(*refusal);
    if (auto refusal = read_flag(request, "force", force)) co_return std::move(*refusal);
    const std::string name = request.path_values[0];
    const fleet::ClusterIndex index = api.control->fleet().topology().find_cluster(name);
    if (!index.valid()) co_return no_such_cluster(name);
    const fleet::ClusterSource source = api.control->fleet().topology().cluster(index).source;
    if (source != fleet::ClusterSource::api) {
        co_return conflict(fmt::format("cluster '{}' is declared in the settings; take it out there", name));
    }
    const bool forced = force.value_or(false);
    const ChangeFn change = [name, forced](fleet::Fleet& fleet, Moment moment) -> Result<void> {
        return fleet.remove_cluster(name, forced, moment);
    };
    const auto done = co_await change_fleet(api, change);
    if (!done) co_return refuse(done.error());
    co_return changed(200, {{"name", name}, {"removed", true}}, *done);
}

}  // namespace holdfast::admin
