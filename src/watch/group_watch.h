#pragma once
// Groups of which one member is active, watched by a sentinel: the machine (sentinel::Standby) with its probes, its peers and
// its memory. What clients and peers say about it comes by one command, HOLDFAST.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/tcp.h"
#include "resp/request_reader.h"
#include "sentinel/commands.h"
#include "sentinel/standby.h"
#include "watch/group_probes.h"
#include "watch/groups_file.h"
#include "watch/peer_links.h"
#include "watch/watched_group.h"

namespace holdfast::watch {

struct GroupWatchSetup {
    std::string my_id = {};
    std::uint64_t seed = 0;
    std::string file = {};                ///< where it remembers; an absolute path
    std::vector<std::string> peers = {};  ///< "host:port" of the other sentinels
    PeerLinksOptions links = {};
    std::vector<WatchedGroup> groups = {};
};

struct GroupWatchUser {
    std::function<void(const sentinel::Event&)> tell;
    /// Answers that wait for this save, as `answer` numbers them without `save_of_groups`, may go out.
    std::function<void(sentinel::SaveNumber number, bool durable)> saves_over;
    /// After `stop`: everything is on the disk.
    std::function<void()> written;
};

/// Threads: the io_context's one thread.
class GroupWatch {
public:
    GroupWatch(net::IoContext& io, const Clock& clock, GroupWatchSetup setup, GroupWatchUser user);
    ~GroupWatch();
    GroupWatch(const GroupWatch&) = delete;
    GroupWatch& operator=(const GroupWatch&) = delete;

    /// Errors: what was remembered cannot be read; a group that cannot be.
    [[nodiscard]] Result<> start();
    /// Watches exactly these groups from now on; what is known of groups and members that stay is kept. Errors: a group that
    /// cannot be; then nothing has changed. Not from inside a call of the user.
    [[nodiscard]] Result<> change(const std::vector<WatchedGroup>& groups);
    void stop();
    [[nodiscard]] bool has_written() const noexcept;

    /// HOLDFAST GROUPS, HOLDFAST FAILOVER <group> [<member>], and what peers say. Not from inside a call of the user.
    [[nodiscard]] sentinel::Answer answer(const resp::Words& words);

private:
    [[nodiscard]] Moment moment() const { return {clock_.now(), clock_.wall()}; }
    /// `memory`: for groups that are new.
    [[nodiscard]] Result<> put(const std::vector<WatchedGroup>& groups, const GroupsMemory& memory);
    [[nodiscard]] std::unique_ptr<GroupProbes> make_probes(const std::string& group);
    [[nodiscard]] resp::Reply groups_reply() const;
    [[nodiscard]] resp::Reply failover(const resp::Words& words);

    void act();
    void carry_out(const sentinel::SwitchTo& order);
    void carry_out(const sentinel::Say& order);
    void carry_out(const sentinel::Tell& order);
    void carry_out(const sentinel::Save& order);
    void save_what_is_wanted();
    void on_written(std::uint64_t number, const Result<>& written);
    void say_what_waited();
    void arm();

    net::IoContext& io_;
    const Clock& clock_;
    const GroupWatchSetup setup_;
    const GroupWatchUser user_;
    std::unique_ptr<sentinel::Standby> standby_;
    std::unique_ptr<PeerLinks> peers_;
    GroupsFile file_;
    std::map<std::string, std::unique_ptr<GroupProbes>, std::less<>> probes_;  ///< by group
    std::deque<sentinel::Say> waiting_;                                        ///< for a save
    net::Timer timer_;
    std::optional<Time> armed_;
    sentinel::SaveNumber wanted_ = 0;
    sentinel::SaveNumber over_ = 0;
    bool save_failed_ = false;
    bool acting_ = false;
    bool stopping_ = false;
};

}  // namespace holdfast::watch
