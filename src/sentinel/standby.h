#pragma once
// Groups of which one member is active and the others stand by: a pair of MQTT nodes, two instances of a service. Watches the
// members by what probes say, agrees with its peers that the active one is down, is elected or votes, and makes the best member
// that is up the active one. The same rules as for Redis masters (liveness.h, election.h), but its own messages and its own
// epochs: Redis Sentinels never hear of it. A machine.
//
// What it promises:
//  - One configuration (active member) per epoch and group; epochs never go back; a vote, once answered, survives a crash.
//  - It acts only with the group's quorum of sentinels that see the active member down, and a majority of all.
//  - No flapping: a switch that nobody ordered is at least `settle` after the last one, and who came back is not taken at once.
//
// Threads: one at a time.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sentinel/action.h"
#include "sentinel/errors.h"
#include "sentinel/event.h"

namespace holdfast::sentinel {

/// What becomes of the active place when a member of better priority is up again.
enum class SwitchBack : std::uint8_t {
    by_hand,    ///< nothing, until an operator says so
    automatic,  ///< it is given back after `switch_back_after`, unless an operator chose the active member
    never,      ///< as by_hand; and a member that was replaced is not taken again, even in need, until an operator names it
};

struct StandbyOptions {
    unsigned quorum = 1;  ///< sentinels that must see the active member down; of `peers` + 1
    Duration down_after = std::chrono::seconds(5);
    Duration early_suspicion{};  ///< see liveness.h; 0: off
    SwitchBack switch_back = SwitchBack::by_hand;
    Duration switch_back_after = std::chrono::minutes(5);
    Duration settle = std::chrono::seconds(10);

    friend bool operator==(const StandbyOptions&, const StandbyOptions&) = default;
};

struct StandbyMember {
    std::string name = {};
    unsigned priority = 100;  ///< the lowest number is the best; 0: never becomes active by itself

    friend bool operator==(const StandbyMember&, const StandbyMember&) = default;
};

/// A group, with what is known of it from before.
struct StandbyGroup {
    std::string name = {};
    StandbyOptions options = {};
    std::vector<StandbyMember> members = {};
    std::string active = {};         ///< empty: not chosen yet; then the best member becomes it when the first answers
    std::uint64_t config_epoch = 0;  ///< in which `active` was chosen
    std::uint64_t voted_epoch = 0;
    bool by_order = false;                      ///< an operator chose `active`: it is not switched back by itself
    std::vector<std::string> passed_over = {};  ///< replaced, and not taken again (SwitchBack::never)
};

/// A member's standing, for people.
struct StandbyMemberView {
    StandbyMember member = {};
    bool active = false;
    bool down = false;         ///< by the own view
    bool known = false;        ///< was probed at least once
    bool passed_over = false;  ///< replaced, and not taken again (SwitchBack::never)
    std::string detail = {};   ///< the last probe's sentence when it failed
};
struct StandbyView {
    std::string name = {};
    StandbyOptions options = {};
    std::string active = {};
    std::uint64_t config_epoch = 0;
    std::vector<StandbyMemberView> members = {};
    std::string doing = {};  ///< what goes on, for people; empty: nothing
};

/// The active member is this one now: elected here, or heard of.
struct SwitchTo {
    std::string group = {};
    std::string member = {};
    std::string from = {};  ///< empty: none before
    std::uint64_t epoch = 0;
    std::string reason = {};  ///< a sentence, e.g. "east-1 does not answer: no PINGRESP within 2 s; 2 of 3 sentinels agree"
};
/// To be told to a peer; its answer comes back by `answered`. As `Send`, not before save `after_save`.
struct Say {
    std::string peer = {};
    std::vector<std::string> words = {};
    SaveNumber after_save = 0;
};

using StandbyAction = std::variant<SwitchTo, Say, Tell, Save>;

class Standby {
public:
    /// `peers`: the addresses of the other sentinels, all of them voters; empty: this one decides alone.
    Standby(std::string my_id, std::vector<std::string> peers, std::uint64_t current_epoch, std::uint64_t seed, Moment moment);
    ~Standby();
    Standby(const Standby&) = delete;
    Standby& operator=(const Standby&) = delete;

    /// Whether `put_group` would take it. Errors: bad_argument, with what is wrong.
    [[nodiscard]] Result<> check(const StandbyGroup& group) const;
    /// Adds a group or changes its options and members; what is known of members that stay is kept.
    [[nodiscard]] Result<> put_group(StandbyGroup group, Moment moment);
    void remove_group(std::string_view group, Moment moment);

    /// A probe of a member was sent at this moment, which may be past. May be left out; then a member's silence counts from the
    /// first probe that has failed.
    void probing(std::string_view group, std::string_view member, Moment moment);
    /// A probe of a member was answered or has failed. `refused`: nobody listens there, or the connection ended.
    void probed(std::string_view group, std::string_view member, bool ok, bool refused, std::string_view detail, Moment moment);

    /// An operator's order: to that member, or with an empty name to the best other one. Needs a majority of the sentinels, not
    /// the quorum. unknown_group, bad_argument (no such member), no_good_replica, failover_running, no_majority. Success: it is
    /// under way, and ends in a SwitchTo or an event "-failover-abort-...".
    [[nodiscard]] Result<> failover(std::string_view group, std::string_view to, Moment moment);

    /// What a peer says, and the answer; the answer must not leave before save `after_save`. Errors are for the peer too.
    struct Answer {
        std::vector<std::string> words = {};
        SaveNumber after_save = 0;
    };
    [[nodiscard]] Result<Answer> said(const std::vector<std::string>& words, Moment moment);
    /// What a peer has answered to `Say`; an empty answer: it could not be reached, or does not understand.
    void answered(std::string_view peer, const std::vector<std::string>& said, const std::vector<std::string>& answer,
                  Moment moment);
    void saved(SaveNumber number, bool durable, Moment moment);

    void tick(Moment moment);
    [[nodiscard]] std::optional<Time> next_timer() const;
    [[nodiscard]] std::vector<StandbyAction> take_actions();

    [[nodiscard]] std::vector<StandbyView> view() const;
    /// What is to be kept for the next start.
    [[nodiscard]] std::vector<StandbyGroup> groups() const;
    [[nodiscard]] std::uint64_t current_epoch() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::sentinel
