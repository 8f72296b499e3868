#pragma once
// The fleet's things as the API shows them. Field names and meanings stand in docs/openapi.json.

#include <boost/json/object.hpp>
#include <string>
#include <string_view>

#include "admin/api.h"
#include "admin/rfc3339.h"
#include "base/time.h"
#include "fleet/fleet.h"

namespace holdfast::admin {

/// Null for a moment that never was (0).
[[nodiscard]] boost::json::value time_or_null(WallTime wall);

/// "<thread>-<sequence>"
[[nodiscard]] std::string connection_name(fleet::ConnectionId connection);
[[nodiscard]] std::optional<fleet::ConnectionId> parse_connection_name(std::string_view text) noexcept;

[[nodiscard]] boost::json::object cluster_view(const fleet::Fleet& fleet, fleet::ClusterIndex index);
[[nodiscard]] boost::json::object node_view(const Api& api, fleet::NodeIndex index);
[[nodiscard]] boost::json::object device_view(const Api& api, const fleet::DeviceStatus& status);
[[nodiscard]] boost::json::object connection_view(const fleet::Topology& topology, const fleet::PresentConnection& connection);
[[nodiscard]] boost::json::object job_view(const fleet::JobStatus& job);
[[nodiscard]] boost::json::object fight_view(const fleet::Fight& fight);
[[nodiscard]] boost::json::object event_view(const fleet::Event& event);
[[nodiscard]] boost::json::object past_connect_view(const fleet::Topology& topology, const fleet::PastConnect& connect);
[[nodiscard]] boost::json::object plan_view(const fleet::Topology& topology, const fleet::Plan& plan);

}  // namespace holdfast::admin
