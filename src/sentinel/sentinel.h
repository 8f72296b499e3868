#pragma once
// The sentinel's mind: watches groups of a Redis master and its replicas, agrees with the other sentinels that a master is
// down, is elected or votes, and replaces it. On the wire it is a Redis Sentinel among others. A machine: connections, replies,
// messages of others, orders and the time go in; connections to make, commands to send, events to tell and states to save come
// out.
//
// What it promises, whatever the network, its peers and crashes do:
//  - It votes once per epoch and group; a vote, once answered, survives a crash (see action.h).
//  - It acts only with a majority of the sentinels it knows, and the quorum; by hand (`failover`) only with a majority too.
//  - It never gives out a configuration with an epoch that it did not win, or hear of.
//  - Epochs never go back.
//
// Source of every rule of the protocol: Redis Sentinel 7.0 as it behaves on the wire. Where this one is faster or more careful
// it stays compatible; docs/sentinel.md lists the differences.
//
// Threads: one at a time.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "resp/reply.h"
#include "sentinel/action.h"
#include "sentinel/errors.h"
#include "sentinel/state.h"

namespace holdfast::sentinel {

/// What a group begins with, from the file.
struct SavedInstance {
    Address address = {};
    std::string run_id = {};  ///< peers only
};
struct SavedGroup {
    std::string name = {};
    Address master = {};
    GroupOptions options = {};
    std::uint64_t config_epoch = 0;
    std::uint64_t leader_epoch = 0;
    std::vector<SavedInstance> replicas = {};
    std::vector<SavedInstance> peers = {};
};
struct SavedState {
    std::string my_id = {};
    std::uint64_t current_epoch = 0;
    SentinelOptions options = {};
    std::vector<SavedGroup> groups = {};
};

/// Why a connection is no more, or never was.
enum class LinkEnd : std::uint8_t { refused, unreachable, unresolved, timed_out, ended };

/// The answer to SENTINEL IS-MASTER-DOWN-BY-ADDR; must not leave before `after_save` is on the disk.
struct DownAnswer {
    bool down = false;
    std::string leader = {};  ///< empty: "*"
    std::uint64_t leader_epoch = 0;
    SaveNumber after_save = 0;
};

enum class FailoverKind : std::uint8_t {
    plain,        ///< SENTINEL FAILOVER as Redis Sentinel has it, but elected
    coordinated,  ///< writes are paused and offsets equal before the switch, where the server can
};

class Sentinel {
public:
    /// `seed` feeds every random delay.
    Sentinel(SavedState saved, std::uint64_t seed, Moment moment);
    ~Sentinel();
    Sentinel(const Sentinel&) = delete;
    Sentinel& operator=(const Sentinel&) = delete;

    // What the links say. About a link that was hung up nothing counts any more.
    /// `local` is this end's address without a port. `remote` is the number of the other end, where it was dialled by name: it
    /// stands for the name from then on, unless `announce_hostnames`.
    void link_opened(LinkId link, std::string_view local, Moment moment, std::string_view remote = {});
    void link_closed(LinkId link, LinkEnd end, Moment moment);
    /// The answer to the oldest unanswered command, or a push on a subscription.
    void reply(LinkId link, const resp::Reply& reply, Moment moment);

    // What other sentinels say on links of theirs.
    /// PUBLISH on the hello channel. False when it is no hello.
    bool hello(std::string_view text, Moment moment);
    /// SENTINEL IS-MASTER-DOWN-BY-ADDR; `candidate` empty: no vote is asked ("*").
    [[nodiscard]] DownAnswer is_master_down(const Address& address, std::uint64_t epoch, std::string_view candidate,
                                            Moment moment);

    // What operators say. Each that changes something ends in a Save.
    [[nodiscard]] Result<> monitor(std::string name, Address address, unsigned quorum, Moment moment);
    [[nodiscard]] Result<> remove(std::string_view group, Moment moment);
    /// SENTINEL RESET of the groups whose name matches the glob; how many.
    std::size_t reset(std::string_view pattern, Moment moment);
    [[nodiscard]] Result<> failover(std::string_view group, FailoverKind kind, Moment moment);
    /// New options of a group (SENTINEL SET); credentials that changed drop the links. Tells +set for each option that is not
    /// as it was ("master <name> <ip> <port> <option> <value>"), auth-pass as "******". unknown_group.
    [[nodiscard]] Result<> set_group(std::string_view group, GroupOptions options, Moment moment);
    /// New options of the sentinel itself (SENTINEL CONFIG SET, DEBUG).
    void set_options(SentinelOptions options, Moment moment);
    /// SENTINEL FLUSHCONFIG.
    void save(Moment moment);
    /// The number of the newest Save that was asked for, 0 before the first: an answer to an order waits for it.
    [[nodiscard]] SaveNumber last_save() const noexcept;
    /// SENTINEL SIMULATE-FAILURE: a Crash action right after a won election, or right after a promotion was seen. Not saved.
    void simulate_failure(SimulatedFailure failure);

    /// Save `number` is on the disk, or could not be written: then what waits for it goes on, as Redis Sentinel does, and the
    /// error is told.
    void saved(SaveNumber number, bool durable, Moment moment);

    /// Does what is due.
    void tick(Moment moment);
    /// When tick has something to do; may be in the past.
    [[nodiscard]] std::optional<Time> next_timer() const;
    [[nodiscard]] std::vector<Action> take_actions();

    [[nodiscard]] const State& state() const noexcept;
    /// Where clients are sent: the promoted replica as soon as it is one. unknown_group.
    [[nodiscard]] Result<Address> master_address(std::string_view group) const;
    /// SENTINEL CKQUORUM: how many sentinels can be reached, this one included.
    struct Usable {
        unsigned usable = 0;
        unsigned known = 0;
        unsigned majority = 0;
        unsigned quorum = 0;
    };
    [[nodiscard]] Result<Usable> usable(std::string_view group) const;

private:
    struct Mind;
    std::unique_ptr<Mind> mind_;
};

}  // namespace holdfast::sentinel
