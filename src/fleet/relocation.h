#pragma once
// Ending connections at a pace. Each cause (a node drained, left or down, a device or many moved) is a job with its own queue
// and its own number per second; jobs take turns, so that none starves another. Ended devices come back by themselves and are
// planned anew.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "base/token_bucket.h"
#include "fleet/ids.h"

namespace holdfast::fleet {

/// Why the fleet has a connection ended.
enum class EndCause : std::uint8_t {
    moved,       ///< its route is another now
    drained,     ///< its node is being emptied
    node_down,   ///< its node does not answer
    node_left,   ///< its cluster no longer lists its node
    superseded,  ///< the device opened a newer connection on another node
    device_disabled,
    device_removed,
    ended_by_operator,  ///< an operator ended this one connection
};
[[nodiscard]] std::string_view to_string(EndCause cause) noexcept;

/// An order to the data-plane thread `connection.thread()`: end it in the way its protocol version understands. A connection
/// that is already gone is no error.
struct EndOrder {
    ConnectionId connection = {};
    EndCause cause = EndCause::moved;
    friend bool operator==(const EndOrder&, const EndOrder&) = default;
};

/// Connections a second; 0 = all at once (still handed out in batches).
using Pace = double;

enum class JobState : std::uint8_t { running, done, cancelled };
[[nodiscard]] std::string_view to_string(JobState state) noexcept;

/// A job as operators see it.
struct JobStatus {
    JobId id = {};
    EndCause cause = EndCause::moved;
    std::string subject = {};  ///< a sentence's subject, e.g. "drain of east-1"
    Pace pace = 0;
    JobState state = JobState::running;
    std::uint64_t done = 0;    ///< connections ordered to end
    std::uint64_t left = 0;    ///< connections that wait for it (of a move of many: so far)
    std::uint64_t routed = 0;  ///< of a move of many: devices whose route was changed, connected or not
    WallTime started{};
    WallTime ended{};
};

class Relocation {
public:
    static constexpr std::size_t max_jobs = 256;     ///< running at once
    static constexpr std::size_t max_finished = 64;  ///< kept to be shown
    static constexpr std::size_t max_batch = 512;    ///< orders per call of due()

    /// Starts a job over `connections`; none when max_jobs run already. `keep_open`: more will be added; otherwise an empty job
    /// is done at once.
    JobId start(EndCause cause, std::string subject, Pace pace, std::vector<ConnectionId> connections, Moment moment,
                bool keep_open = false);
    /// Adds to a running job; false when it is not running.
    bool add(JobId job, ConnectionId connection);
    /// Counts a device whose route was changed by a move of many.
    void note_routed(JobId job) noexcept;
    /// Takes all that waits out of a running job.
    [[nodiscard]] std::vector<ConnectionId> take_queue(JobId job);
    /// Connections that wait in a running job.
    [[nodiscard]] std::size_t queued(JobId job) const noexcept;
    /// False when there is no such running job.
    bool cancel(JobId job, WallTime wall);
    bool set_pace(JobId job, Pace pace, Time now);
    /// A job that is kept open goes on running with an empty queue, until it no longer is.
    void keep_open(JobId job, bool open, WallTime wall);

    /// Orders that are due at `now`, appended to `out`; at most max_batch in one call (call again when next() is not in the
    /// future).
    void due(Moment moment, std::vector<EndOrder>& out);
    /// When something will be due; nothing when no job waits.
    [[nodiscard]] std::optional<Time> next(Time now);

    /// Jobs that ended since this was last called, by being done or cancelled; the last max_finished of them.
    [[nodiscard]] std::vector<JobStatus> take_ended() { return std::exchange(ended_, {}); }

    /// Running jobs first, then finished ones, newest first.
    [[nodiscard]] std::vector<JobStatus> jobs() const;
    [[nodiscard]] std::optional<JobStatus> find(JobId job) const;

private:
    struct Job {
        JobStatus status = {};
        TokenBucket tokens;
        std::deque<ConnectionId> queue = {};
        bool open = false;
    };
    [[nodiscard]] Job* running(JobId job) noexcept;
    void finish(std::size_t position, JobState state, WallTime wall);

    std::vector<Job> running_;
    std::deque<JobStatus> finished_;
    std::vector<JobStatus> ended_;
    std::size_t turn_ = 0;
    std::uint32_t last_id_ = 0;
};

}  // namespace holdfast::fleet
