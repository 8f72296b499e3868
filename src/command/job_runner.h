#pragma once
// Runs one job: says which devices' commands are to be submitted now, keeps its tally, and stops it when too many fail. A
// machine. Its user loads devices from the store, submits what is due, and tells what became of it.
//
// Each command of a job has the idempotency key `job/<job id>/<position>`, so that a device whose command was recorded just
// before a crash is found again, and never gets a second one.
//
// Threads: one at a time.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "command/job.h"
#include "command/pace.h"
#include "command/state.h"
#include "command/submission.h"

namespace holdfast::command {

[[nodiscard]] std::string job_key(std::string_view job, std::uint32_t position);
/// The position in a key of this job; nothing for any other text.
[[nodiscard]] std::optional<std::uint32_t> job_position(std::string_view job, std::string_view key) noexcept;

class JobRunner {
public:
    static constexpr std::size_t max_batch = 256;                    ///< submissions in one call of due(), devices in one load
    static constexpr std::size_t max_undecided = 1024;               ///< submissions given out whose fate has not been told
    static constexpr Duration full_pause = std::chrono::seconds(1);  ///< after postponed()

    /// A new job, or one from the store. For one from the store, tell all its commands by `known` and then call `restored`.
    explicit JobRunner(Job job);

    /// From the store: the command at this position exists, in this state.
    void known(std::uint32_t position, State state);
    /// The rest of the job's history follows: positions before `Job::submitted` without a command were refused, or their
    /// commands have been removed since.
    void restored(Moment moment);

    /// Devices that are to be loaded next, and handed to `load`; nothing when there are enough.
    struct Wanted {
        std::uint32_t from = 0;
        std::size_t count = 0;
        friend bool operator==(const Wanted&, const Wanted&) = default;
    };
    [[nodiscard]] std::optional<Wanted> wanted() const;
    /// The devices from that position on, in their order. Empty where there should be some: the job counts them as refused.
    void load(std::uint32_t from, std::vector<std::string> devices, Moment moment);

    /// What is to be submitted now. Each is answered by exactly one of taken, refused and postponed, with its position.
    struct Due {
        std::uint32_t position = 0;
        Submission submission = {};
    };
    [[nodiscard]] std::vector<Due> due(Moment moment);
    /// When there will be more; nothing while there is none, or while devices are wanted first.
    [[nodiscard]] std::optional<Time> next(Time now) const;

    void taken(std::uint32_t position);
    void refused(std::uint32_t position, Moment moment);
    /// The centre has no room now; it comes again a little later.
    void postponed(std::uint32_t position, std::string device, Moment moment);
    /// One of its commands has ended. May be told twice, and before `taken`.
    void ended(std::uint32_t position, State state, Moment moment);

    /// Submits no further commands. `as`: cancelled or aborted. False when it does not run any more.
    bool stop(JobState as, Moment moment);
    /// True once after it was stopped, by a person or by its criterion: its open commands are to be taken back (job_stopped).
    [[nodiscard]] bool take_stop() noexcept;

    [[nodiscard]] const Job& job() const noexcept { return job_; }
    /// True when the record has changed since the last call.
    [[nodiscard]] bool take_changed() noexcept;
    [[nodiscard]] bool done() const noexcept { return job_.ended_at.has_value(); }

private:
    struct Waiting {
        std::uint32_t position = 0;
        std::string device = {};
    };

    void decide(std::uint32_t position);
    void count_end(std::uint32_t position, State state);
    void finish_if_done(Moment moment);
    void check_abort(Moment moment);

    Job job_;
    Pace pace_;
    std::vector<bool> decided_;  ///< by position: a command, or refused
    std::vector<bool> ended_;
    std::array<std::uint32_t, 10> found_ = {};  ///< ended commands in the store, by State
    std::deque<Waiting> waiting_;
    std::uint32_t loaded_ = 0;   ///< positions before this have been loaded, or need not be
    std::size_t undecided_ = 0;  ///< given out, fate not told
    std::uint32_t open_ = 0;     ///< commands that have not ended
    Time not_before_ = Time::min();
    Moment last_ = {};  ///< when something was last due or ended
    bool stop_wanted_ = false;
    bool changed_ = false;
};

}  // namespace holdfast::command
