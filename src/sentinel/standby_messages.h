#pragma once
// What Holdfast's sentinels say to each other about groups that are not Redis': words of one command, and the words of its
// answer. Bounded: who says more than fits is not understood.
//
//   HOLDFAST HELLO 1 <id> <epoch> <configuration>...             is answered by the same without HOLDFAST
//   HOLDFAST DOWN 1 <id> <epoch> <configuration>                 DOWN 1 <id> <epoch> <configuration> <down>
//   HOLDFAST VOTE 1 <id> <epoch> <purpose> <target> <configuration>
//                                                                VOTE 1 <id> <epoch> <configuration> <down> <leader> <its
//                                                                epoch>
//
// A configuration is: <group> <epoch> <by order: 0 or 1> <active or -> <how many are passed over> <their names>...

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sentinel/election.h"
#include "sentinel/errors.h"

namespace holdfast::sentinel {

/// Bounds of what is watched and of what is understood.
inline constexpr std::size_t most_standby_groups = 256;
inline constexpr std::size_t most_standby_members = 64;
inline constexpr std::size_t longest_standby_name = 128;
inline constexpr std::size_t most_standby_peers = 32;
/// Epochs that cannot have been reached by elections are not believed: none beyond this, and none that is so far ahead of the
/// own one. Nobody can use them up by a word.
inline constexpr std::uint64_t largest_standby_epoch = 1ULL << 62;
inline constexpr std::uint64_t longest_epoch_leap = 1ULL << 40;

/// A name of a group, a member or a sentinel: 1 to 128 printable characters without spaces, and not "-".
[[nodiscard]] bool is_standby_name(std::string_view name) noexcept;

/// What a group's sentinels have agreed on; of two, the one with the higher epoch counts.
struct StandbyConfiguration {
    std::string group = {};
    std::uint64_t epoch = 0;
    bool by_order = false;
    std::string active = {};  ///< empty: none yet
    std::vector<std::string> passed_over = {};

    friend bool operator==(const StandbyConfiguration&, const StandbyConfiguration&) = default;
};

/// Why somebody wants to be elected.
enum class StandbyPurpose : std::uint8_t {
    first,      ///< no member is active yet
    replace,    ///< the active member is down
    give_back,  ///< a better member is up again
    order,      ///< an operator wants it
};
[[nodiscard]] std::string_view name_of(StandbyPurpose purpose) noexcept;

struct StandbyHello {
    std::string sender = {};
    std::uint64_t epoch = 0;
    std::vector<StandbyConfiguration> configurations = {};
};
/// "Do you see the active member down?"
struct StandbyDownQuestion {
    std::string sender = {};
    std::uint64_t epoch = 0;
    StandbyConfiguration configuration = {};
};
/// "Give me your vote in this epoch."
struct StandbyVoteRequest {
    std::string sender = {};
    std::uint64_t epoch = 0;
    StandbyPurpose purpose = StandbyPurpose::replace;
    std::string target = {};  ///< the member that is to be active; empty: chosen after the election
    StandbyConfiguration configuration = {};
};
using StandbyMessage = std::variant<StandbyHello, StandbyDownQuestion, StandbyVoteRequest>;

/// To a DOWN and a VOTE.
struct StandbyDownAnswer {
    std::string sender = {};
    std::uint64_t epoch = 0;
    StandbyConfiguration configuration = {};
    bool down = false;
};
struct StandbyVoteAnswer {
    StandbyDownAnswer view = {};
    Vote vote = {};  ///< the voter's last one, be it for whom it may
};
using StandbyReply = std::variant<StandbyHello, StandbyDownAnswer, StandbyVoteAnswer>;

[[nodiscard]] std::vector<std::string> format_message(const StandbyMessage& message);
[[nodiscard]] std::vector<std::string> format_reply(const StandbyReply& reply);
/// Errors: bad_message.
[[nodiscard]] Result<StandbyMessage> parse_message(std::span<const std::string> words);
[[nodiscard]] Result<StandbyReply> parse_reply(std::span<const std::string> words);

/// The newest epoch that is said to have been reached.
[[nodiscard]] std::uint64_t newest_epoch(const StandbyMessage& message);
[[nodiscard]] std::uint64_t newest_epoch(const StandbyReply& reply);

}  // namespace holdfast::sentinel
