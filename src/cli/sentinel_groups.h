#pragma once
// Groups as a sentinel sees them, in the API's form: those of MQTT nodes and services, and each Redis master as one more.

#include <boost/json/value.hpp>
#include <string>

#include "base/result.h"
#include "cli/sentinel_client.h"

namespace holdfast::cli {

/// As GET /api/v1/groups. A sentinel that is not Holdfast's own, or has no groups, has Redis masters only.
[[nodiscard]] Result<boost::json::value> list_groups(SentinelClient& sentinel);

/// As GET /api/v1/groups/NAME. A group goes before a Redis master of its name. Errors: not_found.
[[nodiscard]] Result<boost::json::value> show_group(SentinelClient& sentinel, const std::string& name);

/// As POST /api/v1/groups/NAME/failover. `to`: empty, the best other member; for a Redis master it must be empty, since its
/// sentinels choose. Errors: not_found, refused.
[[nodiscard]] Result<boost::json::value> fail_over(SentinelClient& sentinel, const std::string& name, const std::string& to);

}  // namespace holdfast::cli
