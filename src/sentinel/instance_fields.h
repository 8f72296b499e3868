#pragma once
// An instance as SENTINEL MASTER, REPLICAS and SENTINELS show it: names and values by turns, in the order of redis-sentinel.

#include <string>

#include "base/time.h"
#include "resp/reply.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

[[nodiscard]] resp::Reply fields_of_master(const Group& group, Time now);
[[nodiscard]] resp::Reply fields_of_replica(const Group& group, const Instance& replica, Time now);
[[nodiscard]] resp::Reply fields_of_peer(const Group& group, const Instance& peer, Time now);

/// Where clients of this group are sent: from a promotion on, the promoted one.
[[nodiscard]] Address current_master(const Group& group);

}  // namespace holdfast::sentinel
