#pragma once
// One node of a local cluster: its directory, its port, and its Mosquitto process over any number of restarts.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "discovery/child_log.h"
#include "discovery/child_process.h"
#include "discovery/leftover.h"
#include "discovery/local_error.h"
#include "discovery/local_node_event.h"
#include "discovery/restart_policy.h"
#include "net/tcp.h"

namespace holdfast::discovery {

struct LocalNodeOptions {
    std::string cluster;
    std::string node;
    std::string directory;  ///< absolute
    std::string mosquitto;  ///< absolute
    std::string address;
    std::uint16_t port = 0;  ///< 0: a free one, kept in the directory
    RestartOptions restart;
    std::uint64_t log_max_size = 0;
    Duration stop_timeout{};
};

/// Threads: the io_context's one thread.
class LocalNodeProcess {
public:
    /// `taken` tells which ports other nodes of this Holdfast have; `changed` is called when `was_started`, `port` or `pid`
    /// changed.
    LocalNodeProcess(net::IoContext& io, LocalNodeOptions options, std::function<bool(std::uint16_t)> taken,
                     LocalNodeSink events, std::function<void()> changed);
    /// Kills the process.
    ~LocalNodeProcess();

    /// Makes the directory and chooses the port; starts nothing.
    [[nodiscard]] Result<> prepare();
    /// Ends a leftover if there is one, then starts.
    void start();
    /// Ends the process; `done` is called once, perhaps before this returns.
    void stop(std::function<void()> done);

    [[nodiscard]] const std::string& name() const noexcept { return options_.node; }
    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    [[nodiscard]] int pid() const noexcept { return child_ ? child_->pid() : 0; }
    /// True from the first time that the process ran.
    [[nodiscard]] bool was_started() const noexcept { return was_started_; }

private:
    [[nodiscard]] std::string file(std::string_view name) const;
    [[nodiscard]] Result<> choose_port();
    [[nodiscard]] Result<> write_config() const;
    [[nodiscard]] Result<> spawn();
    [[nodiscard]] Result<> claim_port();
    void launch();
    void on_exit(const ChildExit& exit);
    void retry(LocalNodeEvent::Kind kind, int pid, const std::string& what);
    void ended();
    void after(Duration wait, void (LocalNodeProcess::*what)());
    void start_again();
    void kill();
    void tell(LocalNodeEvent::Kind kind, int pid, Duration restart_in, std::string sentence);

    net::IoContext& io_;
    LocalNodeOptions options_;
    std::function<bool(std::uint16_t)> taken_;
    LocalNodeSink events_;
    std::function<void()> changed_;
    ChildLog log_;
    RestartPolicy restart_;
    net::Timer timer_;
    std::uint16_t port_ = 0;
    std::optional<std::string> port_holder_;  ///< who held our port at the last conflict, for people
    bool was_started_ = false;
    bool settled_ = false;  ///< it has run for a while, so its port was surely its own
    Time launched_at_{};
    bool stopping_ = false;
    std::function<void()> stopped_;
    std::unique_ptr<ChildProcess> child_;
    std::unique_ptr<LeftoverEnding> leftover_;
    /// A timer that has fired but not yet run finds out by this that we are gone.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace holdfast::discovery
