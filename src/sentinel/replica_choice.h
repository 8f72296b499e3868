#pragma once
// Which replica becomes the master.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/time.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

/// What makes a replica fit, beside itself.
struct ChoiceRules {
    Time now{};
    std::optional<Time> master_down_since = {};
    Duration down_after{};
    Duration longest_silence = std::chrono::seconds(5);  ///< since its last answer to PING
    Duration oldest_info = std::chrono::seconds(5);
    std::string lineage = {};   ///< the master's replication id; empty: not known, so it is not looked at
    std::string lineage2 = {};  ///< whose history the master went on with; empty: none
    std::set<std::string> in_vain =
        {};  ///< keys of those that were chosen lately and did not become masters: only if there is no other
};

/// Whether the replica's data are the master's history, or its beginning.
[[nodiscard]] bool is_of_lineage(const Instance& replica, const ChoiceRules& rules);

/// The best one; null when there is none. Never one that is down, not connected, of priority 0, loading, of another lineage,
/// without link to the master for long, or of which nothing is known lately. Then, in this order: has all data rather than is
/// being given them, lower priority, more of the master's history, smaller run id.
[[nodiscard]] const Instance* choose_replica(const std::map<std::string, Instance>& replicas, const ChoiceRules& rules);

}  // namespace holdfast::sentinel
