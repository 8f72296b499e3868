#include <boost/json/array.hpp>
#include <utility>

#include "admin/api_change.h"
#include "admin/handlers.h"
#include "admin/json_views.h"
#include "admin/page.h"
#include "fleet/policy.h"

namespace holdfast::admin {
namespace {

boost::json::string text(std::string_view from) {
    return boost::json::string(from.data(), from.size());
}

std::string_view subject_name(fleet::AllocationRule::Subject subject) noexcept {
    switch (subject) {
        case fleet::AllocationRule::Subject::device_id:
            return "device_id";
        case fleet::AllocationRule::Subject::username:
            return "username";
        case fleet::AllocationRule::Subject::common_name:
            return "common_name";
    }
    return "unknown";
}

boost::json::object policy_view(const fleet::Policy& policy) {
    boost::json::array identify;
    for (const fleet::IdentityPart part : policy.identify)
        identify.emplace_back(text(to_string(part)));
    boost::json::array rules;
    for (const fleet::AllocationRule& rule : policy.rules) {
        rules.emplace_back(boost::json::object{
            {"subject", text(subject_name(rule.subject))}, {"pattern", rule.pattern}, {"cluster", rule.cluster}});
    }
    boost::json::object view;
    view["identify"] = std::move(identify);
    view["enrolment"] = policy.enrolment == fleet::Enrolment::open ? "open" : "closed";
    view["sticky"] = policy.sticky;
    view["max_devices"] = policy.max_devices;
    view["rules"] = std::move(rules);
    return view;
}

}  // namespace

Answer show_routes(Api& api, const Request& request) {
    if (auto refusal = refuse_unknown_parameters(request, {})) co_return std::move(*refusal);
    const fleet::Fleet& fleet = api.control->fleet();
    const fleet::Topology& topology = fleet.topology();
    boost::json::array clusters;
    for (std::size_t i = 0; i < topology.clusters.size(); ++i) {
        if (topology.clusters[i].erased) continue;
        boost::json::object cluster = cluster_view(fleet, fleet::ClusterIndex(static_cast<std::uint16_t>(i)));
        boost::json::array nodes;
        for (const fleet::NodeIndex node : topology.clusters[i].nodes)
            nodes.emplace_back(node_view(api, node));
        cluster["node_list"] = std::move(nodes);
        clusters.emplace_back(std::move(cluster));
    }
    boost::json::object kinds;
    const auto& opened = api.control->counters().opened_by_kind;
    for (std::size_t kind = 0; kind < opened.size(); ++kind)
        kinds[to_string(static_cast<fleet::RouteKind>(kind))] = opened[kind];
    boost::json::object body;
    body["policy"] = policy_view(fleet.policy());
    body["clusters"] = std::move(clusters);
    body["opened_by_kind"] = std::move(kinds);
    co_return json_response(std::move(body));
}

}  // namespace holdfast::admin
