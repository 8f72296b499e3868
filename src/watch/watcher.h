#pragma once
// A sentinel as a process: the machine (sentinel::Sentinel) with its links, its clients, its file, its scripts and its log.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "net/tcp.h"
#include "redis/tls.h"
#include "resp/reply.h"
#include "runtime/log.h"
#include "sentinel/commands.h"
#include "sentinel/config_file.h"
#include "sentinel/sentinel.h"
#include "watch/access_list.h"
#include "watch/client_port.h"
#include "watch/clients.h"
#include "watch/group_watch.h"
#include "watch/links.h"
#include "watch/request_desk.h"
#include "watch/script_runner.h"
#include "watch/state_file.h"

namespace holdfast::watch {

struct WatcherSetup {
    sentinel::ConfigFile config = {};
    std::string config_file = {};  ///< where the state is written: an absolute path, no symbolic link
    std::string version = {};      ///< of Holdfast
    std::string executable = {};   ///< of this process
    log::Format log_format = log::Format::text;
    /// Other sentinels are spoken to by TLS, whatever `tls-replication` says of the servers.
    bool tls_between_sentinels = false;
    std::optional<GroupWatchSetup> groups = {};  ///< groups that are not Redis'; nothing: none
};

/// Redis' names of levels ("notice") as the log's; nothing: there is no such level.
[[nodiscard]] std::optional<log::Level> log_level_named(std::string_view redis_name);

/// Threads: the thread that runs `io`.
class Watcher final : public LinksUser {
public:
    /// `shut_down` is called when a client asks for the end (SHUTDOWN). `io` and `clock` must outlive this object.
    Watcher(net::IoContext& io, const Clock& clock, WatcherSetup setup, std::function<void()> shut_down);
    ~Watcher();
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;

    /// Listens, and begins to watch. Errors: a port, a certificate or a user's rules that cannot be used.
    [[nodiscard]] Result<> start();
    /// Takes up the masters and groups of settings that were read again, and what they share; the rest of `fresh` is left.
    /// Only where `WatcherSetup::groups` was given. Errors: a group that cannot be; then nothing has changed.
    [[nodiscard]] Result<> change(const WatcherSetup& fresh);
    /// Ends it: what is to be saved is saved first, then `done` is called.
    void stop(const std::function<void()>& done);

    [[nodiscard]] const sentinel::Sentinel& sentinel() const noexcept { return *sentinel_; }

private:
    [[nodiscard]] Moment moment() const { return {clock_.now(), clock_.wall()}; }
    [[nodiscard]] Result<> set_up_users();
    [[nodiscard]] Result<> set_up_links();
    void set_up_groups();
    [[nodiscard]] bool speaks_tls_with(const sentinel::Address& address) const;
    [[nodiscard]] bool has_written() const;
    [[nodiscard]] DeskWorld desk_world();
    [[nodiscard]] sentinel::ProcessFacts process_facts();

    void act();
    void carry_out(const sentinel::Dial& order);
    void carry_out(const sentinel::HangUp& order);
    void carry_out(const sentinel::Send& order);
    void carry_out(const sentinel::Tell& order);
    void carry_out(const sentinel::Save& order);
    void carry_out(const sentinel::RunScript& order);
    [[noreturn]] void carry_out(const sentinel::Crash& order);
    void tell(const sentinel::Event& event);
    void arm();
    void save_what_is_wanted();
    void on_written(std::uint64_t number, const Result<>& written);

    void link_opened(sentinel::LinkId link, std::string_view local, std::string_view remote) override;
    void link_closed(sentinel::LinkId link, sentinel::LinkEnd end) override;
    void link_replied(sentinel::LinkId link, const resp::Reply& reply) override;

    net::IoContext& io_;
    const Clock& clock_;
    WatcherSetup setup_;
    std::function<void()> shut_down_;
    const std::string run_id_;
    const Time started_;
    bool is_new_;  ///< it has no id in its file yet
    std::unique_ptr<sentinel::Sentinel> sentinel_;
    AccessList users_;
    Clients clients_;
    RequestDesk desk_;
    ClientPort port_;
    ScriptRunner scripts_;
    StateFile file_;
    redis::TlsContext client_tls_;  ///< null: none is used
    std::unique_ptr<Links> links_;
    std::unique_ptr<GroupWatch> groups_;  ///< null: there are none
    net::Timer timer_;
    /// Writing takes half of the time at most: with many masters the file is long, and a state that is copied and written
    /// without a break would take the time that their elections need.
    net::Timer rest_;
    Time write_began_{};
    Time rests_until_{};
    std::optional<Time> armed_;
    sentinel::ServerLines server_lines_;
    sentinel::SaveNumber wanted_ = 0;
    sentinel::SaveNumber over_ = 0;
    bool save_failed_ = false;
    bool acting_ = false;
    std::function<void()> stopped_;
    bool stopping_ = false;
    Time sampled_{};
    std::uint64_t sampled_commands_ = 0;
    std::uint64_t commands_per_second_ = 0;
};

}  // namespace holdfast::watch
