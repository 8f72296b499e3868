#pragma once
// The jobs of a centre: each is run by a command::JobRunner, fed from the store, and its tally kept there.
//
// Threads: the control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "command/job_runner.h"
#include "control/command_port.h"
#include "storage/command_store.h"

namespace holdfast::center {

class JobDesk {
public:
    struct Hooks {
        std::function<void(command::Submission submission, control::CommandPort::SubmitDone done)> submit;
        /// Takes a command of a stopped job back.
        std::function<void(command::CommandId id)> cancel;
        /// True while this centre lives; the jobs of others are taken over.
        std::function<bool(std::string_view centre)> alive;
        /// True when commands may be with other centres, whose ends are found in the store only.
        std::function<bool()> others;
    };

    static constexpr std::size_t max_running = 1000;

    JobDesk(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store, std::string centre,
            command::SubmissionLimits limits, Hooks hooks);
    ~JobDesk();
    JobDesk(const JobDesk&) = delete;
    JobDesk& operator=(const JobDesk&) = delete;

    /// Takes up the jobs of this centre, and of those that are gone, that have not ended.
    void resume();
    void stop();

    /// Errors: bad_field, too_many, store_unavailable. Durable when it returns.
    [[nodiscard]] Result<command::Job> create(control::JobRequest&& request, command::CommandId id);
    [[nodiscard]] Result<command::Job> cancel(std::string_view id);
    [[nodiscard]] Result<command::Job> get(std::string_view id);
    [[nodiscard]] Result<std::vector<command::Job>> list(std::size_t limit);

    /// A command has ended, durably.
    void ended(const command::Command& command);

private:
    struct Running {
        explicit Running(command::Job job) : runner(std::move(job)) {}
        command::JobRunner runner;
        /// Its commands that have not ended, and their positions.
        std::unordered_map<command::CommandId, std::uint32_t> open;
    };

    void take_up(command::Job job);
    [[nodiscard]] Result<> restore(Running& running);
    void work();
    void work_on(Running& running);
    void submit(Running& running, command::JobRunner::Due due);
    void submitted(const std::string& job, std::uint32_t position, std::string device, Result<control::Submitted> result);
    void take_back(Running& running);
    void look_abroad(Running& running);
    void work_soon();
    void arm();
    [[nodiscard]] Moment moment() const noexcept { return {clock_.now(), clock_.wall()}; }

    boost::asio::io_context& io_;
    const Clock& clock_;
    storage::CommandStore& store_;
    std::string centre_;
    command::SubmissionLimits limits_;
    Hooks hooks_;
    boost::asio::steady_timer timer_;
    std::map<std::string, std::unique_ptr<Running>, std::less<>> running_;
    bool soon_ = false;
    bool stopped_ = false;
    std::shared_ptr<JobDesk*> self_;
};

}  // namespace holdfast::center
