#pragma once
// Inside the machine of standby.h: everything that it holds, and the steps that it is made of.
//
// Whatever happens changes what is known and touches the group or the peers that it concerns. Before a call returns, everybody
// who was touched, or whose time has come, is stepped: does what is due and says when it is to be stepped again.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sentinel/chance.h"
#include "sentinel/standby.h"
#include "sentinel/standby_messages.h"
#include "sentinel/standby_watch.h"
#include "sentinel/wake_queue.h"

namespace holdfast::sentinel {

/// Another sentinel, by the address that it was given with.
struct StandbyPeer {
    std::string id = {};                ///< as it says itself; empty: not heard yet
    std::optional<Time> answered = {};  ///< last; empty: it could not be reached the last time
    std::optional<Time> greeted = {};   ///< a hello that has no answer yet
    Time next_hello{};
};

struct Standby::State {
    /// In the wake queue: the peers. Groups are numbered from 1.
    static constexpr std::uint64_t peers_wake = 0;

    State(std::string my_id, std::vector<std::string> peer_addresses, std::uint64_t epoch, std::uint64_t seed, Moment moment);

    // --- time and turns (standby.cc) ---

    /// At the beginning of every call: the time, and what to think of it.
    void enter(Moment moment);
    /// At its end: steps everybody who is due.
    void settle();
    void touch(const StandbyWatch& watch) { wake.hasten(watch.id, now); }
    void touch_all();
    [[nodiscard]] StandbyWatch* find(std::string_view group);
    void put(StandbyGroup group);
    void put_members(StandbyWatch& watch, const std::vector<StandbyMember>& members);
    [[nodiscard]] StandbyGroup saved_form(const StandbyWatch& watch) const;
    [[nodiscard]] StandbyView view_of(const StandbyWatch& watch) const;
    [[nodiscard]] std::string doing(const StandbyWatch& watch) const;

    // --- what goes out (standby.cc) ---

    void tell(EventLevel level, std::string_view name, const StandbyWatch& watch, std::string_view detail,
              bool log_only = false);
    /// Everything that is known now will be durable with the save of this number.
    SaveNumber save();
    void say(const std::string& peer, const StandbyMessage& message);
    [[nodiscard]] SaveNumber still_to_wait_for(SaveNumber number) const noexcept { return number <= over ? 0 : number; }

    // --- peers (standby_peers.cc) ---

    [[nodiscard]] Time step_peers();
    void greet_all();
    [[nodiscard]] StandbyHello own_hello() const;
    /// Within reach, and a voter of its own.
    [[nodiscard]] bool counts(const std::string& address, const StandbyPeer& peer) const;
    [[nodiscard]] bool is_voter(const std::string& address, const StandbyPeer& peer) const;
    [[nodiscard]] std::size_t peers_in_reach() const;
    [[nodiscard]] std::size_t voters() const noexcept { return peers.size() + 1; }
    void heard(StandbyPeer& peer, const std::string& address, const std::string& id);
    void take_reply(const std::string& address, StandbyPeer& peer, const std::vector<std::string>& said,
                    const StandbyReply& reply);
    void lost_contact(const std::string& address, StandbyPeer& peer, const std::vector<std::string>& said);
    [[nodiscard]] bool is_believable(std::uint64_t epoch) const noexcept { return epoch <= current_epoch + longest_epoch_leap; }
    void new_epoch(std::uint64_t epoch, const StandbyWatch* about);
    void take(const StandbyConfiguration& heard, const std::string& from);
    [[nodiscard]] Result<Answer> answer(const StandbyHello& hello);
    [[nodiscard]] Result<Answer> answer(const StandbyDownQuestion& question);
    [[nodiscard]] Result<Answer> answer(const StandbyVoteRequest& request);
    [[nodiscard]] bool grants(const StandbyWatch& watch, const StandbyVoteRequest& request) const;

    // --- who is down (standby_judging.cc) ---

    [[nodiscard]] Time step(StandbyWatch& watch);
    void judge(StandbyWatch& watch, StandbySeat& seat, Time& next);
    void judge_agreement(StandbyWatch& watch, Time& next);
    void ask_peers(StandbyWatch& watch, Time& next);
    [[nodiscard]] std::size_t who_say_down(const StandbyWatch& watch) const;
    [[nodiscard]] std::size_t votes_needed(const StandbyWatch& watch, StandbyPurpose purpose) const;
    [[nodiscard]] Duration rank_delay(const StandbyWatch& watch) const;
    [[nodiscard]] std::optional<StandbyWant> wanted(StandbyWatch& watch, Time& next);
    [[nodiscard]] std::optional<StandbyWant> wanted_first(StandbyWatch& watch, Time& next);
    [[nodiscard]] std::optional<StandbyWant> wanted_instead(StandbyWatch& watch, Time& next);
    [[nodiscard]] std::optional<StandbyWant> wanted_back(StandbyWatch& watch, Time& next);

    // --- elections and switches (standby_election.cc) ---

    void maybe_begin(StandbyWatch& watch, Time& next);
    void begin(StandbyWatch& watch, StandbyWant want);
    void await_votes(StandbyWatch& watch, Time& next);
    void ask_for_votes(StandbyWatch& watch, Time& next);
    void elected(StandbyWatch& watch);
    void not_elected(StandbyWatch& watch);
    /// Another has the own vote: it is left alone for a while.
    void leave_to_another(StandbyWatch& watch);
    void drop_order(StandbyWatch& watch);
    void switch_to(StandbyWatch& watch, const StandbyConfiguration& configuration, const std::string& reason);

    const std::string me;
    std::map<std::string, StandbyPeer, std::less<>> peers;  ///< by address
    std::uint64_t current_epoch;
    Chance chance;
    Time now{};
    std::optional<Time> left_at = {};  ///< the end of the last call
    std::map<std::string, StandbyWatch, std::less<>> watches = {};
    std::map<std::uint64_t, std::string> names = {};  ///< of watches, by their ids
    std::uint64_t numbers = 0;
    WakeQueue wake;
    std::vector<StandbyAction> actions = {};
    SaveNumber saves = 0;
    SaveNumber over = 0;  ///< on the disk, or failed for good
    bool saving = false;
    bool warned_of_save = false;
    bool warned_of_double = false;
};

}  // namespace holdfast::sentinel
