#include "watch/script_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <csignal>
#include <optional>
#include <utility>

#include "net/steady_time.h"
#include "runtime/log.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view part = "sentinel";
// Of what one run of a script writes.
constexpr std::size_t max_logged = std::size_t{4} * 1024;

sentinel::Event event(sentinel::EventLevel level, std::string name, std::string text) {
    return {.level = level, .group = {}, .name = std::move(name), .text = std::move(text)};
}

}  // namespace

struct ScriptRunner::Job {
    std::vector<std::string> words;
    std::unique_ptr<discovery::ChildProcess> process;
    Time started{};
    bool killed = false;
    std::optional<Time> due;  ///< not before
    unsigned tries = 0;
    std::size_t logged = 0;
};

ScriptRunner::ScriptRunner(net::IoContext& io, ScriptLimits limits, std::function<void(sentinel::Event)> tell)
    : io_(io), limits_(limits), tell_(std::move(tell)), timer_(io) {}

ScriptRunner::~ScriptRunner() = default;

void ScriptRunner::set_times(Duration first_pause, Duration longest_run) {
    constexpr Duration shortest = std::chrono::milliseconds(1);
    constexpr Duration longest = std::chrono::hours(1);
    limits_.first_pause = std::clamp(first_pause, shortest, longest);
    limits_.longest_run = std::clamp(longest_run, shortest, longest);
}

void ScriptRunner::run(std::vector<std::string> words) {
    drop_if_full();
    jobs_.emplace_back().words = std::move(words);
    start_what_can();
}

void ScriptRunner::drop_if_full() {
    if (jobs_.size() < limits_.queued) return;
    const auto oldest = std::ranges::find_if(jobs_, [](const Job& job) { return !job.process; });
    if (oldest == jobs_.end()) return;
    log::warning(part, "{} scripts wait already; the oldest of them, {}, is dropped", limits_.queued, oldest->words.front());
    jobs_.erase(oldest);
}

void ScriptRunner::start_what_can() {
    const Time now = net::steady_now();
    for (auto next = jobs_.begin(); next != jobs_.end() && running_ < limits_.at_once;) {
        Job& job = *next++;
        if (!job.process && (!job.due || *job.due <= now)) start(job);
    }
    arm();
}

void ScriptRunner::start(Job& job) {
    job.due.reset();
    job.started = net::steady_now();
    job.killed = false;
    job.logged = 0;
    ++job.tries;
    auto process = discovery::ChildProcess::start(
        io_, job.words, [this, &job](ByteView output) { log_output(job, as_text(output)); },
        [this, &job](const discovery::ChildExit& exit) {
            // The process is still in this call.
            boost::asio::post(io_, [kept = std::shared_ptr<discovery::ChildProcess>(std::move(job.process))] {});
            --running_;
            over(job, exit);
            start_what_can();
        });
    if (!process) {
        tell_(event(sentinel::EventLevel::warning, "-script-error", fmt::format("{} 0 0", job.words.front())));
        log::error(part, "{}", process.error().message());
        std::erase_if(jobs_, [&job](const Job& other) { return &other == &job; });
        return;
    }
    job.process = std::move(*process);
    ++running_;
    tell_(event(sentinel::EventLevel::debug, "+script-child", fmt::format("{}", job.process->pid())));
}

void ScriptRunner::over(Job& job, const discovery::ChildExit& exit) {
    tell_(event(sentinel::EventLevel::debug, "-script-child", fmt::format("{} {}", exit.code, exit.signal)));
    const bool again = exit.signal != 0 || exit.code == 1;
    if (again && job.tries < limits_.tries) {
        job.due = net::steady_now() + limits_.first_pause * (std::int64_t{1} << (job.tries - 1));
        log::warning(part, "script {} {}; it is run again later", job.words.front(), to_text(exit));
        return;
    }
    if (exit.signal != 0 || exit.code != 0) {
        tell_(event(sentinel::EventLevel::warning, "-script-error",
                    fmt::format("{} {} {}", job.words.front(), exit.signal, exit.code)));
    }
    std::erase_if(jobs_, [&job](const Job& other) { return &other == &job; });
}

void ScriptRunner::kill_late() {
    const Time now = net::steady_now();
    for (Job& job : jobs_) {
        if (!job.process || job.killed || now - job.started < limits_.longest_run) continue;
        tell_(event(sentinel::EventLevel::warning, "-script-timeout",
                    fmt::format("{} {}", job.words.front(), job.process->pid())));
        job.killed = true;
        job.process->signal(SIGKILL);
    }
}

void ScriptRunner::log_output(Job& job, std::string_view text) {
    while (!text.empty() && job.logged < max_logged) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, std::min(end, max_logged - job.logged));
        if (!line.empty()) log::info(part, "{}: {}", job.words.front(), line);
        job.logged += line.size() + 1;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

void ScriptRunner::arm() {
    std::optional<Time> next;
    const auto consider = [&next](Time when) { next = next ? std::min(*next, when) : when; };
    for (const Job& job : jobs_) {
        if (job.process && !job.killed) consider(job.started + limits_.longest_run);
        if (!job.process && job.due && running_ < limits_.at_once) consider(*job.due);
    }
    if (!next) return;
    timer_.expires_at(net::to_steady(*next));
    timer_.async_wait([this](const net::ErrorCode& error) {
        if (error) return;
        kill_late();
        start_what_can();
    });
}

std::vector<sentinel::ScriptFacts> ScriptRunner::facts() const {
    std::vector<sentinel::ScriptFacts> all;
    for (const Job& job : jobs_) {
        sentinel::ScriptFacts facts;
        facts.words = job.words;
        facts.running = job.process != nullptr;
        if (facts.running) {
            facts.process_id = static_cast<std::uint64_t>(job.process->pid());
            facts.started = job.started;
        }
        facts.due = job.due;
        facts.retries = job.tries;
        all.push_back(std::move(facts));
    }
    return all;
}

}  // namespace holdfast::watch
