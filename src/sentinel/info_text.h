#pragma once
// What a Redis server says of itself in answer to INFO, as far as a sentinel needs it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "sentinel/address.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

struct InfoText {
    std::string run_id = {};        ///< empty: not said, as of the other texts
    std::optional<Role> role = {};  ///< master or replica
    std::string replication_id = {};
    std::string replication_id2 = {};  ///< empty: none (the server says forty zeros)
    std::uint64_t master_offset = 0;   ///< master_repl_offset
    std::optional<std::uint64_t> replica_offset = {};
    bool loading = false;
    std::uint64_t keys = 0;
    bool shows_keys = false;
    Address follows = {};
    bool follows_link_up = false;
    Duration follows_link_down_for{};
    bool sync_in_progress = false;
    int priority = 100;
    bool announced = true;
    std::vector<Address> replicas = {};  ///< of a master
    bool is_holdfast = false;            ///< a sentinel of Holdfast's make: has a line that begins with "holdfast_version:"
};

/// Bytes of an INFO that are read, and kept; what is longer is cut.
inline constexpr std::size_t info_text_limit = 64UL * 1024;
/// Replicas of one master that are taken up.
inline constexpr std::size_t replicas_limit = 256;

/// Unknown lines are passed over; a line with a value that cannot be counts as not there.
[[nodiscard]] InfoText read_info(std::string_view text);

}  // namespace holdfast::sentinel
