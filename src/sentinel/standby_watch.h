#pragma once
// What is known of one group of which one member is active, and what can be said of it without asking anybody. Inside the
// machine of standby.h.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "sentinel/action.h"
#include "sentinel/election.h"
#include "sentinel/liveness.h"
#include "sentinel/standby.h"
#include "sentinel/standby_messages.h"

namespace holdfast::sentinel {

/// A member under watch.
struct StandbySeat {
    StandbyMember member = {};
    Liveness life;
    bool down = false;
    bool answers = false;               ///< the last probe was answered
    std::optional<Time> up_since = {};  ///< without break; empty: down, or never heard
    std::string detail = {};            ///< of the last probe, when it failed
};

/// What a peer has said about the active member.
struct StandbyWord {
    bool says_down = false;
    Time answered{};
    std::optional<Time> asked = {};  ///< last
    bool awaited = false;            ///< that was not answered yet
};

/// An attempt to be elected.
struct StandbyElection {
    StandbyPurpose purpose = StandbyPurpose::replace;
    std::string target = {};  ///< empty: chosen after the election
    std::string reason = {};
    Tally tally;
    SaveNumber save = 0;  ///< with which the own vote is durable
    Time deadline{};
    std::map<std::string, Time, std::less<>> asked = {};  ///< peers, and when last
};

/// What somebody wants to be elected for.
struct StandbyWant {
    StandbyPurpose purpose = StandbyPurpose::replace;
    std::string target = {};
    std::string reason = {};
};

/// An operator's order under way.
struct StandbyOrder {
    std::string target = {};
    unsigned tries_left = 0;
};

struct StandbyWatch {
    StandbyWatch(std::uint64_t number, Time now) : id(number), started(now) {}

    std::uint64_t id;
    Time started;
    StandbyOptions options = {};
    std::map<std::string, StandbySeat, std::less<>> seats = {};
    StandbyConfiguration configuration = {};
    Ballot ballot;
    SaveNumber ballot_save = 0;
    std::optional<Time> voted = {};                              ///< last
    std::map<std::string, StandbyWord, std::less<>> words = {};  ///< by peer
    std::optional<Time> down_since = {};                         ///< the active member, by the own view
    bool agreed = false;                                         ///< that it is down
    std::optional<StandbyElection> election = {};
    std::optional<StandbyOrder> order = {};
    unsigned lost = 0;  ///< elections in a row
    Time next_attempt{};
    std::optional<Time> wants_since = {};  ///< to be elected
    std::optional<Time> switched = {};     ///< when another member was made active, last
    bool told_hopeless = false;            ///< that nobody is fit

    [[nodiscard]] const std::string& name() const noexcept { return configuration.group; }
    [[nodiscard]] StandbySeat* find(std::string_view member);
    [[nodiscard]] const StandbySeat* find(std::string_view member) const;
    /// Null: none is known.
    [[nodiscard]] const StandbySeat* active() const { return find(configuration.active); }
    [[nodiscard]] bool is_passed_over(std::string_view member) const;
    /// May become active now, without an order by name.
    [[nodiscard]] bool is_fit(const StandbySeat& seat) const;
    /// The best that is fit, other than the active one; null: nobody.
    [[nodiscard]] const StandbySeat* best_other() const;
    /// The best by priority, whether it answers or not; null: nobody may.
    [[nodiscard]] const StandbySeat* best_by_priority() const;
    /// May a switch that nobody ordered be made? When not, `next` is not later than when it may.
    [[nodiscard]] bool has_settled(Time now, Time& next) const;
    /// The judge stood still for so long until now.
    void discount(Duration pause);
};

/// Up, and has answered its last probe.
[[nodiscard]] inline bool is_well(const StandbySeat& seat) noexcept {
    return seat.answers && !seat.down;
}
/// `left` is to be preferred to `right`.
[[nodiscard]] bool is_better(const StandbyMember& left, const StandbyMember& right) noexcept;
/// Errors: bad_argument, with what is wrong. `voters`: sentinels in all.
[[nodiscard]] Result<> check_group(const StandbyGroup& group, std::size_t voters);

}  // namespace holdfast::sentinel
