#pragma once
// Runs the scripts of a sentinel: some at once, the others wait; what fails for a moment is tried again, what hangs is killed.
// A script inherits no descriptor of ours but its output, which goes to the log.
//
// Exit code 0: done. 1, or ended by a signal: tried again after 30 s, then after twice as long each time, ten times in all. 2
// and above: not tried again. [Redis Sentinel's rules]

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "discovery/child_process.h"
#include "net/tcp.h"
#include "sentinel/commands.h"
#include "sentinel/event.h"

namespace holdfast::watch {

struct ScriptLimits {
    std::size_t at_once = 16;
    std::size_t queued = 256;  ///< running ones too; beyond, the oldest that waits is dropped
    unsigned tries = 10;
    Duration first_pause = std::chrono::seconds(30);
    Duration longest_run = std::chrono::seconds(60);
};

/// Threads: the io_context's one thread.
class ScriptRunner {
public:
    /// `tell` gets +script-child, -script-child, -script-timeout and -script-error.
    ScriptRunner(net::IoContext& io, ScriptLimits limits, std::function<void(sentinel::Event)> tell);
    /// Kills what still runs.
    ~ScriptRunner();
    ScriptRunner(const ScriptRunner&) = delete;
    ScriptRunner& operator=(const ScriptRunner&) = delete;

    /// For what is started or ends from now on; each between a millisecond and an hour.
    void set_times(Duration first_pause, Duration longest_run);
    /// The first word is the path.
    void run(std::vector<std::string> words);
    [[nodiscard]] std::vector<sentinel::ScriptFacts> facts() const;

private:
    struct Job;
    using Jobs = std::list<Job>;

    void drop_if_full();
    void start_what_can();
    void start(Job& job);
    void over(Job& job, const discovery::ChildExit& exit);
    void kill_late();
    void log_output(Job& job, std::string_view text);
    void arm();

    net::IoContext& io_;
    ScriptLimits limits_;
    const std::function<void(sentinel::Event)> tell_;
    net::Timer timer_;
    Jobs jobs_;  ///< the oldest first
    std::size_t running_ = 0;
};

}  // namespace holdfast::watch
