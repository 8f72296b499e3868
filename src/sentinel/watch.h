#pragma once
// What the machine keeps of a group beside what everybody may read (state.h).

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "sentinel/action.h"
#include "sentinel/election.h"
#include "sentinel/sentinel.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

/// IS-MASTER-DOWN-BY-ADDR to one peer.
struct Ask {
    Time sent{};
    Time answered{};
    bool awaited = false;
    std::uint64_t epoch = 0;  ///< of the last vote that was asked for
};

struct Watch {
    Watch(std::uint64_t number, Group& its_group) : id(number), group(its_group) {}

    std::uint64_t id;  ///< in the wake queue
    Group& group;

    Ballot ballot;
    SaveNumber ballot_save = 0;            ///< under which the last vote is durable
    std::map<std::string, Ask> asks = {};  ///< by the peer's run id
    Time questioned{};                     ///< a peer asked whether the master is down, so it is for that one
    Time hello_due{};

    // The own candidacy.
    std::optional<Tally> tally = {};
    SaveNumber candidacy_save = 0;
    Time deadline{};             ///< of the present step
    Time next_attempt{};         ///< none before
    std::string waits_for = {};  ///< run id of the sentinel that is probably at it
    Time loyal_until{};          ///< by then no other of the own kind has a vote, lest two are elected
    unsigned lost = 0;           ///< attempts in a row
    unsigned tries_left = 0;     ///< of a failover by hand
    FailoverKind kind = FailoverKind::plain;
    LinkId promotion_link = 0;  ///< on which the chosen one was told to be a master
    Time promotion_sent{};
    bool promotion_seen = false;
    bool promotion_refused = false;
    bool pause_failed = false;
    bool paused = false;
    bool wants_candidate = false;  ///< the last attempt found no replica: none before there is one
    Time wants_candidate_until{};

    // Since the last switch.
    std::uint64_t won_epoch = 0;  ///< the configuration of this epoch is known to have been won by a majority
    bool was_paused = false;      ///< it took no writes any more when the new one had all
    bool led = false;             ///< by this sentinel
    std::string old_master = {};  ///< the key of the replica that was the master
    Address old_address = {};
    std::uint64_t offset_at_switch = 0;             ///< of the new master when it became one
    std::string old_lineage = {};                   ///< the replication id that the old master had
    bool last_offset_is_final = false;              ///< the old one said so itself when it was met again
    std::optional<std::uint64_t> last_offset = {};  ///< the last that is known of the old one
    Time switched_at{};

    // The master's history.
    std::string lineage = {};  ///< its replication id; empty: not known yet
    std::string lineage2 = {};
    std::uint64_t offset = 0;
    std::uint64_t keys = 0;
    std::string judged_run_id = {};  ///< the incarnation of the master whose data were found good
    std::optional<Time> came_back_empty = {};
    Time rebooted_at{};

    bool warned_of_stock = false;
    std::string warned_of_lineage = {};  ///< the replica that was warned of last
    std::string warned_of_itself = {};
};

}  // namespace holdfast::sentinel
