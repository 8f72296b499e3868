#pragma once
// Groups of which one member is active, watched by a sentinel: the machine (sentinel::Standby) with its probes, its peers and
// its memory. What clients and peers say about it comes by one command, HOLDFAST.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "discovery/prober.h"
#include "net/address.h"
#include "net/tcp.h"
#include "resp/request_reader.h"
#include "sentinel/commands.h"
#include "sentinel/standby.h"
#include "watch/groups_file.h"
#include "watch/peer_links.h"
#include "watch/service_probe.h"

namespace holdfast::watch {

enum class ProbeKind : std::uint8_t { mqtt, http, tcp };

struct WatchedMember {
    std::string name = {};
    net::HostPort address = {};
    unsigned priority = 100;
};
struct WatchedGroup {
    std::string name = {};
    sentinel::StandbyOptions options = {};
    ProbeKind probe = ProbeKind::mqtt;
    std::string http_path = "/";
    Duration probe_interval = std::chrono::seconds(1);
    Duration probe_timeout = std::chrono::seconds(1);
    std::string username = {};  ///< that MQTT probes present; empty: none
    std::string password = {};  ///< a secret
    std::vector<WatchedMember> members = {};
};

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
    void stop();
    [[nodiscard]] bool has_written() const noexcept;

    /// HOLDFAST GROUPS, HOLDFAST FAILOVER <group> [<member>], and what peers say. Not from inside a call of the user.
    [[nodiscard]] sentinel::Answer answer(const resp::Words& words);

private:
    [[nodiscard]] Moment moment() const { return {clock_.now(), clock_.wall()}; }
    void begin_probes(const WatchedGroup& group);
    void begin_service_probe(const WatchedGroup& group, const WatchedMember& member);
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
    std::vector<std::unique_ptr<discovery::Prober>> probers_;
    std::vector<std::unique_ptr<ServiceProbe>> services_;
    std::deque<sentinel::Say> waiting_;  ///< for a save
    net::Timer timer_;
    std::optional<Time> armed_;
    sentinel::SaveNumber wanted_ = 0;
    sentinel::SaveNumber over_ = 0;
    bool save_failed_ = false;
    bool acting_ = false;
    bool stopping_ = false;
};

}  // namespace holdfast::watch
