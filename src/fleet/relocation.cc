#include "fleet/relocation.h"

#include <algorithm>

#include "base/assert.h"

namespace holdfast::fleet {

namespace {

// A tenth of a second's worth at once keeps wake-ups few without making bursts that hurt.
TokenBucket bucket(Pace pace, Time now) {
    return {pace, std::max(1.0, pace / 10), now};
}

}  // namespace

std::string_view to_string(EndCause cause) noexcept {
    switch (cause) {
        case EndCause::moved:
            return "moved";
        case EndCause::drained:
            return "drained";
        case EndCause::node_down:
            return "node_down";
        case EndCause::node_left:
            return "node_left";
        case EndCause::superseded:
            return "superseded";
        case EndCause::device_disabled:
            return "device_disabled";
        case EndCause::device_removed:
            return "device_removed";
        case EndCause::ended_by_operator:
            return "ended_by_operator";
    }
    return "unknown";
}

std::string_view to_string(JobState state) noexcept {
    switch (state) {
        case JobState::running:
            return "running";
        case JobState::done:
            return "done";
        case JobState::cancelled:
            return "cancelled";
    }
    return "unknown";
}

JobId Relocation::start(EndCause cause, std::string subject, Pace pace, std::vector<ConnectionId> connections, Moment moment,
                        bool keep_open) {
    if (running_.size() >= max_jobs) return JobId::none();
    const JobId id(++last_id_);
    JobStatus status{.id = id, .cause = cause, .subject = std::move(subject), .pace = pace, .started = moment.wall};
    status.left = connections.size();
    running_.push_back({std::move(status), bucket(pace, moment.now), {connections.begin(), connections.end()}, keep_open});
    if (connections.empty() && !keep_open) finish(running_.size() - 1, JobState::done, moment.wall);
    return id;
}

Relocation::Job* Relocation::running(JobId job) noexcept {
    const auto found = std::ranges::find(running_, job, [](const Job& j) { return j.status.id; });
    return found == running_.end() ? nullptr : &*found;
}

void Relocation::finish(std::size_t position, JobState state, WallTime wall) {
    JobStatus status = std::move(running_[position].status);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(position));
    if (turn_ > position) --turn_;
    status.state = state;
    status.ended = wall;
    if (ended_.size() < max_finished) ended_.push_back(status);
    finished_.push_front(std::move(status));
    if (finished_.size() > max_finished) finished_.pop_back();
}

bool Relocation::add(JobId job, ConnectionId connection) {
    Job* found = running(job);
    if (found == nullptr) return false;
    found->queue.push_back(connection);
    ++found->status.left;
    return true;
}

void Relocation::note_routed(JobId job) noexcept {
    if (Job* found = running(job)) ++found->status.routed;
}

std::vector<ConnectionId> Relocation::take_queue(JobId job) {
    Job* found = running(job);
    if (found == nullptr) return {};
    std::vector<ConnectionId> taken(found->queue.begin(), found->queue.end());
    found->queue.clear();
    found->status.left = 0;
    found->status.done += taken.size();
    return taken;
}

bool Relocation::cancel(JobId job, WallTime wall) {
    const Job* found = running(job);
    if (found == nullptr) return false;
    finish(static_cast<std::size_t>(found - running_.data()), JobState::cancelled, wall);
    return true;
}

bool Relocation::set_pace(JobId job, Pace pace, Time now) {
    Job* found = running(job);
    if (found == nullptr) return false;
    found->status.pace = pace;
    found->tokens = bucket(pace, now);
    return true;
}

void Relocation::keep_open(JobId job, bool open, WallTime wall) {
    Job* found = running(job);
    if (found == nullptr) return;
    found->open = open;
    if (!open && found->queue.empty()) finish(static_cast<std::size_t>(found - running_.data()), JobState::done, wall);
}

void Relocation::due(Moment moment, std::vector<EndOrder>& out) {
    std::size_t idle = 0;  // jobs in a row that had nothing due
    std::size_t batch = 0;
    while (batch < max_batch && idle < running_.size()) {
        if (turn_ >= running_.size()) turn_ = 0;
        Job& job = running_[turn_];
        if (job.queue.empty() || !job.tokens.take(moment.now)) {
            ++idle;
            ++turn_;
            continue;
        }
        idle = 0;
        ++batch;
        out.push_back({job.queue.front(), job.status.cause});
        job.queue.pop_front();
        ++job.status.done;
        --job.status.left;
        const std::size_t position = turn_++;
        if (job.queue.empty() && !job.open) finish(position, JobState::done, moment.wall);
    }
}

std::optional<Time> Relocation::next(Time now) {
    std::optional<Time> next;
    for (Job& job : running_) {
        if (job.queue.empty()) continue;
        const Time at = job.tokens.next(now);
        if (!next || at < *next) next = at;
    }
    return next;
}

std::size_t Relocation::queued(JobId job) const noexcept {
    const auto found = std::ranges::find(running_, job, [](const Job& j) { return j.status.id; });
    return found == running_.end() ? 0 : found->queue.size();
}

std::vector<JobStatus> Relocation::jobs() const {
    std::vector<JobStatus> jobs;
    jobs.reserve(running_.size() + finished_.size());
    for (auto job = running_.rbegin(); job != running_.rend(); ++job)
        jobs.push_back(job->status);
    jobs.insert(jobs.end(), finished_.begin(), finished_.end());
    return jobs;
}

std::optional<JobStatus> Relocation::find(JobId job) const {
    const auto run = std::ranges::find(running_, job, [](const Job& j) { return j.status.id; });
    if (run != running_.end()) return run->status;
    const auto ended = std::ranges::find(finished_, job, &JobStatus::id);
    return ended != finished_.end() ? std::optional<JobStatus>(*ended) : std::nullopt;
}

}  // namespace holdfast::fleet
