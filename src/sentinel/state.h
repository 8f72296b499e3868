#pragma once
// Everything a sentinel knows, as plain values to be read: by the answers to SENTINEL MASTER and its like, by what is written
// to the file, and by tests. Only the machine (sentinel.h) changes it.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "sentinel/action.h"
#include "sentinel/address.h"
#include "sentinel/options.h"

namespace holdfast::sentinel {

enum class Role : std::uint8_t { master, replica, peer };

/// Where a replica stands while it is pointed to the new master.
enum class Repoint : std::uint8_t { none, sent, in_progress, done };

enum class FailoverStep : std::uint8_t {
    none,
    wait_start,        ///< asks for votes
    select_replica,    ///< won; waits for fresh INFO and chooses
    pause_writes,      ///< only a coordinated failover by hand: writes stopped, offsets become equal
    send_promotion,    ///< SLAVEOF NO ONE to the chosen one
    wait_promotion,    ///< until it says that it is a master
    repoint_replicas,  ///< the others, `parallel_syncs` at a time
};

/// Crashes that were ordered for a test (SENTINEL SIMULATE-FAILURE).
struct SimulatedFailure {
    bool after_election = false;
    bool after_promotion = false;
};

/// The connections to an instance and what they have said lately. All times are on the monotonic axis.
struct LinkState {
    LinkId command = 0;       ///< 0: none
    LinkId subscription = 0;  ///< 0: none, and always for a peer
    bool command_up = false;
    bool subscription_up = false;
    unsigned pending = 0;                       ///< commands without an answer on the command link
    std::optional<Time> unanswered_since = {};  ///< the oldest PING without an accepted answer; also while it cannot be sent
    Time last_ping_sent{};
    Time last_accepted{};  ///< an answer to PING that counts as life
    Time last_reply{};     ///< any answer
};

struct Instance {
    Role role = Role::master;
    std::string name = {};  ///< master: the group's; replica: "host:port"; peer: its run id, or "host:port" until it is known
    Address address = {};
    std::string run_id = {};  ///< empty: not known yet
    LinkState link = {};
    std::uint64_t contact = 0;  ///< numbers whom the machine is in contact with; a peer has the same one in all groups

    std::optional<Time> subjectively_down_since = {};
    std::optional<Time> objectively_down_since = {};  ///< masters only
    bool script_kill_sent = false;

    // From INFO; masters and replicas.
    std::optional<Time> info_at = {};
    /// The last INFO, bounded; for INFO-CACHE. Null: none. Shared, because a state is copied each time it is saved.
    std::shared_ptr<const std::string> info_text = {};
    Role reported_role = Role::master;
    Time reported_role_since{};
    std::string replication_id = {};       ///< master_replid
    std::string replication_id2 = {};      ///< master_replid2: whose history it went on with; empty: none
    std::uint64_t keys = 0;                ///< in all its databases
    bool shows_keys = false;               ///< its INFO has a keyspace section
    std::uint64_t replication_offset = 0;  ///< slave_repl_offset, of a master master_repl_offset
    bool loading = false;
    bool rebooted = false;  ///< its run id changed and it has not answered since (master_reboot)

    // Replicas.
    Address follows = {};              ///< master_host, master_port; empty host: none
    bool follows_link_up = false;      ///< master_link_status:up
    Duration follows_link_down_for{};  ///< master_link_down_since_seconds
    bool sync_in_progress = false;     ///< master_sync_in_progress: it is being given all data
    int priority = 100;
    bool announced = true;
    Repoint repoint = Repoint::none;
    bool promoted = false;  ///< the chosen one of a failover

    // Peers.
    std::optional<Time> hello_at = {};
    bool says_down = false;         ///< "master_down"
    std::string voted_leader = {};  ///< empty: none
    std::uint64_t voted_epoch = 0;
    bool is_holdfast = false;  ///< Holdfast's make, by a line "holdfast_version:..." in its INFO
};

struct Group {
    std::string name = {};
    GroupOptions options = {};
    std::uint64_t config_epoch = 0;
    Instance master = {};
    std::map<std::string, Instance> replicas = {};  ///< by "host:port"
    std::map<std::string, Instance> peers = {};     ///< by Instance::name

    std::string leader = {};         ///< the own vote; empty: none, or not known after a restart
    std::uint64_t leader_epoch = 0;  ///< of the own vote

    FailoverStep step = FailoverStep::none;
    Time step_since{};
    std::optional<Time> failover_started = {};  ///< the own attempt, or the vote for another's
    std::uint64_t failover_epoch = 0;
    bool forced = false;      ///< SENTINEL FAILOVER
    std::string chosen = {};  ///< the key of the promoted replica

    /// What may have been lost by the last failover; empty when nothing is known.
    std::string loss_report = {};
};

struct State {
    std::string my_id = {};  ///< 40 hexadecimal digits
    std::uint64_t current_epoch = 0;
    std::optional<Time> tilt_since = {};
    SentinelOptions options = {};
    SimulatedFailure simulated_failure = {};
    std::map<std::string, Group> groups = {};
};

}  // namespace holdfast::sentinel
