#pragma once
// Somebody whom the sentinel keeps connections to: a master, a replica, or another sentinel (one contact, whatever the number
// of groups that both watch). Holds the connections, the commands under way on them, and the times of what is sent regularly.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "sentinel/action.h"
#include "sentinel/address.h"
#include "sentinel/liveness.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

struct Watch;

/// What a command was, for when its answer comes.
enum class Said : std::uint8_t { other, ping, info, role, ask, promotion, pause, kind };

struct Awaited {
    Said said = Said::other;
    std::string group = {};   ///< of `ask`
    std::uint64_t epoch = 0;  ///< of an `ask` for a vote; 0: only a question
};

/// One connection, or the wish for one.
struct Line {
    LinkId id = 0;  ///< 0: not dialled
    bool up = false;
    Time since{};  ///< dialled, then: opened
    Time heard{};  ///< opened, then: the last message
    Time next_dial{};
    Duration pause{};  ///< before the next dialling; grows while it fails
};

struct Contact {
    Contact(std::uint64_t number, Role its_role, std::string its_group, std::string its_key, Address where, Time now)
        : id(number),
          role(its_role),
          group(std::move(its_group)),
          key(std::move(its_key)),
          address(std::move(where)),
          life(now),
          up_since(now) {}

    std::uint64_t id;
    Role role;
    std::string group;  ///< empty for a peer
    std::string key;    ///< a replica's "host:port", a peer's run id
    Address address;
    std::string ip;  ///< the number of its host, as it was reached last
    Liveness life;
    Line command;
    Line subscription;
    std::deque<Awaited> awaited;  ///< on the command link
    std::string local;            ///< this end's address of the command link

    Time last_ping_sent{};
    Time last_accepted{};
    Time last_pong{};  ///< any answer to PING
    Time last_reply{};
    bool is_busy = false;  ///< the last answer to PING: a script runs, and nothing else until it ends

    Time info_sent{};
    bool info_wanted = false;  ///< at once, not when it is due
    bool info_awaited = false;
    Time role_sent{};
    bool role_awaited = false;

    /// The groups that a peer is in, and what it is in them.
    struct User {
        Watch* watch = nullptr;
        Instance* instance = nullptr;
    };
    std::vector<User> users = {};

    // Of a replica.
    bool left_behind = false;  ///< has not been seen to follow the present master since the last switch
    Time repoint_sent{};
    Time repoint_tried{};
    Time follows_since{};     ///< names the same master since
    Time up_since{};          ///< not down since
    Time promotion_failed{};  ///< the last time that it was chosen in vain

    bool hello_withheld = false;  ///< its writes are paused: a PUBLISH would block the link
    bool is_holdfast = false;
};

}  // namespace holdfast::sentinel
