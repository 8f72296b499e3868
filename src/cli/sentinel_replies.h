#pragma once
// What sentinels answer about groups and Redis masters, as the JSON that the API gives of groups.

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "resp/reply.h"

namespace holdfast::cli {

/// The groups in an answer to HOLDFAST GROUPS. A sentinel does not know what the API knows of connections: null.
[[nodiscard]] boost::json::array groups_of_reply(const resp::Reply& groups);

/// A Redis master as a group: one item of the answer to SENTINEL MASTERS, and the answer to SENTINEL REPLICAS of it. Members
/// are called by their addresses.
[[nodiscard]] boost::json::object group_of_master(const resp::Reply& master, const resp::Reply& replicas);

/// The value of a field in a list of names and values; empty when it has none.
[[nodiscard]] std::string field_text(const resp::Reply& fields, std::string_view name);

}  // namespace holdfast::cli
