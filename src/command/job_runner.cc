#include "command/job_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace holdfast::command {

namespace {

constexpr std::string_view key_start = "job/";

std::uint32_t total(const std::array<std::uint32_t, 10>& tally) {
    return std::accumulate(tally.begin(), tally.end(), std::uint32_t{0});
}

}  // namespace

std::string job_key(std::string_view job, std::uint32_t position) {
    return fmt::format("{}{}/{}", key_start, job, position);
}

std::optional<std::uint32_t> job_position(std::string_view job, std::string_view key) noexcept {
    if (!key.starts_with(key_start)) return std::nullopt;
    key.remove_prefix(key_start.size());
    if (!key.starts_with(job) || key.size() < job.size() + 2 || key[job.size()] != '/') return std::nullopt;
    key.remove_prefix(job.size() + 1);
    std::uint32_t position = 0;
    const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), position);
    if (error != std::errc{} || end != key.data() + key.size()) return std::nullopt;
    return position;
}

JobRunner::JobRunner(Job job)
    : job_(std::move(job)), pace_(job_.pace), decided_(job_.devices, false), ended_(job_.devices, false) {
    HF_ASSERT(job_.devices <= max_job_devices, "a job's devices are counted before it runs");
}

void JobRunner::known(std::uint32_t position, State state) {
    if (position >= job_.devices || decided_[position]) return;
    decided_[position] = true;
    ++open_;
    if (!is_terminal(state)) return;
    ended_[position] = true;
    --open_;
    ++found_[static_cast<std::size_t>(state)];
}

void JobRunner::restored(Moment moment) {
    // What was counted before stays counted: the store forgets ended commands after a time.
    std::uint32_t missing = 0;
    for (std::uint32_t i = 0; i < std::min(job_.submitted, job_.devices); ++i) {
        if (decided_[i]) continue;
        decided_[i] = true;
        ended_[i] = true;
        ++missing;
    }
    job_.refused = std::min(job_.refused, missing);
    for (std::size_t state = 0; state < found_.size(); ++state)
        job_.ended[state] = std::max(job_.ended[state], found_[state]);
    while (job_.submitted < job_.devices && decided_[job_.submitted])
        ++job_.submitted;
    loaded_ = job_.submitted;
    // A stopped job was perhaps about to take back its open commands.
    stop_wanted_ = job_.state == JobState::stopping;
    changed_ = true;
    finish_if_done(moment);
}

std::optional<JobRunner::Wanted> JobRunner::wanted() const {
    if (job_.state != JobState::running || waiting_.size() >= max_batch) return std::nullopt;
    std::uint32_t from = loaded_;
    while (from < job_.devices && decided_[from])
        ++from;
    if (from >= job_.devices) return std::nullopt;
    return Wanted{.from = from, .count = std::min<std::size_t>(max_batch, job_.devices - from)};
}

void JobRunner::load(std::uint32_t from, std::vector<std::string> devices, Moment moment) {
    if (job_.state != JobState::running || from < loaded_ || from >= job_.devices) return;
    std::uint32_t position = from;
    for (std::string& device : devices) {
        if (position >= job_.devices) break;
        if (!decided_[position]) waiting_.push_back({position, std::move(device)});
        ++position;
    }
    if (devices.empty()) {
        // The list ends early; what is not there cannot be sent.
        for (; position < job_.devices; ++position) {
            if (decided_[position]) continue;
            ++job_.refused;
            ended_[position] = true;
            decide(position);
        }
    }
    loaded_ = position;
    finish_if_done(moment);
}

std::vector<JobRunner::Due> JobRunner::due(Moment moment) {
    std::vector<Due> due;
    last_ = moment;
    if (job_.state != JobState::running || moment.now < not_before_) return due;
    while (!waiting_.empty() && due.size() < max_batch && undecided_ < max_undecided && pace_.next(moment.now) <= moment.now) {
        Waiting next = std::move(waiting_.front());
        waiting_.pop_front();
        if (decided_[next.position]) continue;
        static_cast<void>(pace_.reserve(moment.now));
        Submission submission = job_.command;
        submission.device = std::move(next.device);
        submission.idempotency_key = job_key(job_.id, next.position);
        submission.job = job_.id;
        submission.submitted_by = job_.submitted_by;
        submission.wait = false;
        due.push_back({next.position, std::move(submission)});
        ++undecided_;
    }
    return due;
}

std::optional<Time> JobRunner::next(Time now) const {
    if (job_.state != JobState::running || waiting_.empty() || undecided_ >= max_undecided) return std::nullopt;
    return std::max(pace_.next(now), not_before_);
}

void JobRunner::decide(std::uint32_t position) {
    decided_[position] = true;
    changed_ = true;
    // Told in order, so that after a restart everything before it is known to be decided.
    while (job_.submitted < job_.devices && decided_[job_.submitted])
        ++job_.submitted;
}

void JobRunner::taken(std::uint32_t position) {
    HF_ASSERT(undecided_ > 0 && position < job_.devices, "only what was given out is taken");
    --undecided_;
    if (!decided_[position]) {
        ++open_;
        decide(position);
    }
    // Its end may have been told already, and be the last.
    finish_if_done(last_);
}

void JobRunner::refused(std::uint32_t position, Moment moment) {
    HF_ASSERT(undecided_ > 0 && position < job_.devices, "only what was given out is refused");
    --undecided_;
    if (!decided_[position]) {
        ++job_.refused;
        ended_[position] = true;
        decide(position);
    }
    finish_if_done(moment);
}

void JobRunner::postponed(std::uint32_t position, std::string device, Moment moment) {
    HF_ASSERT(undecided_ > 0 && position < job_.devices, "only what was given out is postponed");
    --undecided_;
    waiting_.push_front({position, std::move(device)});
    not_before_ = moment.now + full_pause;
    finish_if_done(moment);
}

void JobRunner::count_end(std::uint32_t position, State state) {
    if (!decided_[position]) {
        ++open_;
        decide(position);
    }
    ended_[position] = true;
    --open_;
    ++job_.ended[static_cast<std::size_t>(state)];
    changed_ = true;
}

void JobRunner::ended(std::uint32_t position, State state, Moment moment) {
    last_ = moment;
    if (position >= job_.devices || !is_terminal(state) || ended_[position]) return;
    count_end(position, state);
    check_abort(moment);
    finish_if_done(moment);
}

void JobRunner::check_abort(Moment moment) {
    if (job_.state != JobState::running || job_.abort_percent == 0) return;
    const std::uint64_t all = total(job_.ended);
    const std::uint64_t failed = all - job_.ended[static_cast<std::size_t>(State::succeeded)];
    if (all >= job_.abort_after && failed * 100 > std::uint64_t{job_.abort_percent} * all) stop(JobState::aborted, moment);
}

bool JobRunner::stop(JobState as, Moment moment) {
    HF_ASSERT(as == JobState::cancelled || as == JobState::aborted, "a job is stopped by a person or by its criterion");
    if (job_.state != JobState::running) return false;
    job_.state = JobState::stopping;
    job_.stop_as = as;
    waiting_.clear();
    stop_wanted_ = true;
    changed_ = true;
    finish_if_done(moment);
    return true;
}

bool JobRunner::take_stop() noexcept {
    return std::exchange(stop_wanted_, false);
}

bool JobRunner::take_changed() noexcept {
    return std::exchange(changed_, false);
}

void JobRunner::finish_if_done(Moment moment) {
    if (done() || undecided_ > 0 || open_ > 0) return;
    if (job_.state == JobState::running && job_.submitted < job_.devices) return;
    job_.state = job_.state == JobState::stopping ? job_.stop_as : JobState::finished;
    job_.ended_at = moment.wall;
    changed_ = true;
}

}  // namespace holdfast::command
