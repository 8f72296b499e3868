#pragma once
// Inside the sentinel: what it holds and the steps it is made of. sentinel.h says what it is for.
//
// Everything that happens changes what is known and touches those whom it concerns: contacts (contact.h) and groups (watch.h).
// Before a call returns, everybody who was touched, or whose time has come, is stepped: does what is due and says when it is to
// be stepped again.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sentinel/chance.h"
#include "sentinel/contact.h"
#include "sentinel/hello.h"
#include "sentinel/info_text.h"
#include "sentinel/links.h"
#include "sentinel/outbox.h"
#include "sentinel/replica_choice.h"
#include "sentinel/sentinel.h"
#include "sentinel/wake_queue.h"
#include "sentinel/watch.h"

namespace holdfast::sentinel {

struct Sentinel::Mind {
    Mind(SavedState saved, std::uint64_t seed, Moment moment);

    // --- time and turns (mind.cc) ---

    /// At the beginning of every call: the time, and what to think of it.
    void enter(Moment moment);
    /// At its end: steps everybody who is due.
    void settle();
    void touch(const Contact& contact) { wake.hasten(contact.id, now); }
    void touch(const Watch& watch) { wake.hasten(watch.id, now); }
    void touch_groups_of(const Contact& contact);
    void stood_still_for(Duration pause, Duration late);

    // --- finding and telling (mind.cc, telling.cc) ---

    [[nodiscard]] Watch* find(std::string_view group);
    [[nodiscard]] Contact& contact_of(const Instance& instance) { return links.at(instance.contact); }
    [[nodiscard]] const Contact& contact_of(const Instance& instance) const { return links.at(instance.contact); }
    /// The instance that a contact is, in `group`; null when it is not in it.
    [[nodiscard]] static Instance* instance_in(Group& group, const Contact& contact);
    template <class Visit>
    void for_each_group_of(const Contact& contact, Visit visit);

    void tell(EventLevel level, std::string_view name, const Group& group, const Instance& about, std::string_view detail = {});
    void tell_text(EventLevel level, std::string_view name, const Group* group, std::string text);
    /// Not known to Redis Sentinel: for the log.
    void warn(const Group& group, const Instance& about, std::string_view sentence);
    SaveNumber save() { return out.save(); }
    void saved(bool durable);

    // --- connections (contacts.cc) ---

    [[nodiscard]] Time step(Contact& contact);
    void mirror(const Contact& contact);
    /// The number behind the name by which a contact is dialled.
    void learn_number(Contact& contact, std::string_view number);
    void link_opened(const Links::Place& place, std::string_view local);
    void link_closed(const Links::Place& place, LinkEnd end);
    void drop_links(Group& group);
    void drop_peer_links();
    void touch_all(const Group& group);
    void greet(Contact& contact, bool on_command_link);
    void ping(Contact& contact);
    void ask_info(Contact& contact);
    void ask_role(Contact& contact);
    [[nodiscard]] Time step_ping(Contact& contact);
    [[nodiscard]] Time step_info(Contact& contact);
    [[nodiscard]] Duration info_period_of(const Contact& contact) const;
    [[nodiscard]] Duration shortest_down_after(const Contact& contact) const;
    [[nodiscard]] LinkTimes link_times(const Contact& contact) const;
    [[nodiscard]] std::string word(const Contact& contact, std::string_view command) const;
    void want_info(Contact& contact);
    void hurry_links(Group& group);

    // --- answers (answers.cc) ---

    void answered(Contact& contact, const resp::Reply& reply);
    void pushed(Contact& contact, const resp::Reply& reply);
    void ping_answered(Contact& contact, const resp::Reply& reply);
    void ask_answered(Contact& contact, const Awaited& awaited, const resp::Reply& reply);
    void info_came(Contact& contact, const std::string& text);
    void promotion_answered(Contact& contact, const resp::Reply& reply);
    void take_info(Watch& watch, Instance& instance, const InfoText& info);
    /// It says how far it had got.
    void see_old_master(Watch& watch, const InfoText& info);
    void discover(Watch& watch, const InfoText& info);
    /// The history of the master, and whether it still has it.
    void judge_history(Watch& watch, const InfoText& info);
    void learn_history(Watch& watch, const InfoText& info);

    // --- groups (groups.cc) ---

    Watch& add_group(const SavedGroup& saved);
    void remove_group(Watch& watch);
    void reset_group(Watch& watch);
    Instance& add_replica(Watch& watch, const Address& address);
    void remove_replica(Watch& watch, const std::string& key);
    /// The group has another master from now on.
    void switch_master(Watch& watch, const Address& address, bool led, bool won);
    void tell_switch(Watch& watch, const Address& from, const Address& to);
    void run_reconfig_script(const Watch& watch, bool leader, const Address& from, const Address& to);
    [[nodiscard]] Time step(Watch& watch);

    // --- other sentinels (peers.cc) ---

    bool heard(std::string_view text);
    void take_hello(const Hello& hello);
    Instance* take_peer(Watch& watch, const Hello& hello);
    Instance& add_peer(Watch& watch, const std::string& run_id, const Address& address);
    void remove_peer(Watch& watch, std::string run_id);
    void take_configuration(Watch& watch, const Hello& hello, const Instance& peer);
    void new_epoch(std::uint64_t epoch, const Watch& watch);
    void say_hello(Watch& watch);
    void say_hello_to(Watch& watch, const Instance& instance);
    [[nodiscard]] Address own_address(const Contact& contact) const;
    /// A number, or a name where names are allowed: what else is taken up could not be read again from the file.
    [[nodiscard]] bool is_host(std::string_view host) const;
    void check_own_id(const Hello& hello);
    void warn_of_stock_majority(Watch& watch);
    [[nodiscard]] bool is_own_kind(const Group& group, std::string_view run_id) const;
    /// No vote is given to `candidate` for an epoch before this.
    [[nodiscard]] std::uint64_t least_epoch_for(const Group& group, std::string_view candidate) const;
    [[nodiscard]] DownAnswer vote(const Address& address, std::uint64_t epoch, std::string_view candidate);

    // --- who is down (judging.cc) ---

    void judge(Watch& watch, Time& next);
    void judge_instance(Watch& watch, Instance& instance, Time& next);
    /// Of one that is down because a script runs for ever.
    void kill_script(Watch& watch, Instance& instance);
    [[nodiscard]] bool is_master_down(Watch& watch, Time& next);
    void judge_agreement(Watch& watch, Time& next);
    void ask_peers(Watch& watch, Time& next);
    void ask_peer(Watch& watch, Instance& peer, bool for_vote);
    /// When this sentinel may stand for election, so that not all do at once.
    [[nodiscard]] Time turn_of(const Watch& watch, Time& next) const;
    [[nodiscard]] bool is_usable(const Instance& peer) const;
    [[nodiscard]] std::size_t usable_peers(const Group& group) const;
    [[nodiscard]] static std::size_t votes_needed(const Group& group);

    // --- replacing a master (failover.cc, promotion.cc) ---

    void maybe_begin(Watch& watch, Time& next);
    [[nodiscard]] bool may_begin(Watch& watch, Time& next);
    void begin(Watch& watch);
    [[nodiscard]] Result<> begin_by_hand(Watch& watch, FailoverKind kind, unsigned tries);
    void drive(Watch& watch, Time& next);
    void await_votes(Watch& watch, Time& next);
    void await_facts(Watch& watch, Time& next);
    void choose(Watch& watch);
    void await_equal_offsets(Watch& watch, Time& next);
    void pause_answered(Contact& contact, const resp::Reply& reply);
    void promote(Watch& watch);
    void await_link_to_chosen(Watch& watch, Time& next);
    void await_promotion(Watch& watch, Time& next);
    void promoted(Watch& watch);
    void abort(Watch& watch, std::string_view event, bool of_chosen);
    void enter_step(Watch& watch, FailoverStep step, Duration limit);
    void end_failover(Watch& watch);
    void unpause(Watch& watch);
    [[nodiscard]] ChoiceRules choice_rules(const Watch& watch) const;
    [[nodiscard]] Duration retry_after(Watch& watch);
    void leave_to_another(Watch& watch, const std::string& run_id);
    void another_is_gone(const Contact& contact);
    void report_loss(Watch& watch);

    // --- who follows whom (following.cc) ---

    void repoint(Watch& watch, Time& next);
    void repoint_one(Watch& watch, Instance& replica, std::size_t& under_way, Time& next);
    void correct(Watch& watch, Time& next);
    void correct_master_claim(Watch& watch, Instance& replica, Time& next);
    void correct_wrong_master(Watch& watch, Instance& replica, Time& next);
    /// Points a replica at the master once `due` has come, or at once when the configuration is known to be won.
    void order_to_follow(Watch& watch, Instance& replica, Time due, std::string_view event, Time& next);
    [[nodiscard]] bool looks_sane(const Instance& master) const;
    [[nodiscard]] static bool follows(const Instance& replica, const Address& master);
    /// SLAVEOF; an empty address: NO ONE. False when it was not sent.
    bool send_slaveof(Watch& watch, Instance& instance, const Address& master);

    State state;
    Outbox out;
    Links links{out};
    WakeQueue wake;
    std::map<std::string, Watch, std::less<>> watches;
    std::map<std::uint64_t, Watch*> watches_by_id;
    std::map<std::string, std::uint64_t, std::less<>> peer_contacts;  ///< by run id
    Chance chance;
    Time now{};
    std::optional<Time> left_at;     ///< the end of the last call
    std::uint64_t numbers = 0;       ///< of contacts and groups
    std::vector<Address> announced;  ///< own addresses that were given out
    bool warned_of_double = false;
    bool warned_of_save = false;
};

/// "host:port", with brackets around an IPv6 number.
[[nodiscard]] std::string address_text(const Address& address);

template <class Visit>
void Sentinel::Mind::for_each_group_of(const Contact& contact, Visit visit) {
    if (contact.role != Role::peer) {
        if (Watch* watch = find(contact.group)) visit(*watch);
        return;
    }
    for (const Contact::User& user : contact.users)
        visit(*user.watch);
}

}  // namespace holdfast::sentinel
