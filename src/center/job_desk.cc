#include "center/job_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "command/errors.h"
#include "runtime/log.h"

namespace holdfast::center {

namespace asio = boost::asio;

namespace {

constexpr std::size_t page_size = 1000;
constexpr Duration longest_sleep = std::chrono::seconds(1);
/// Commands of one job whose end at another centre is looked for in one go.
constexpr std::size_t abroad_step = 500;

bool for_later(const Error& error) {
    return error.is(command::Errc::too_many) || error.is(command::Errc::store_unavailable) || error.is(command::Errc::stopping);
}

Result<> check(const control::JobRequest& request, const command::SubmissionLimits& limits, WallTime now) {
    if (request.devices.empty()) {
        return fail(command::Errc::bad_field, request.tag.empty()
                                                  ? std::string("devices: name at least one device, or a tag")
                                                  : fmt::format("tag: no device has the tag \"{}\"", request.tag));
    }
    if (request.devices.size() > command::max_job_devices) {
        return fail(command::Errc::bad_field, fmt::format("devices: {} are more than a job takes ({})", request.devices.size(),
                                                          command::max_job_devices));
    }
    if (!(request.pace >= 0)) return fail(command::Errc::bad_field, "pace: commands a second, 0 for no pace");
    if (request.abort_percent > 100) return fail(command::Errc::bad_field, "abort_percent: a share from 0 (never) to 100");
    // What is wrong with each command is said once, here.
    command::Submission sample = request.command;
    sample.device = request.devices.front();
    auto made = command::make_command(sample, command::CommandId::first_at(now), limits, now);
    if (!made) return std::unexpected(std::move(made).error());
    return {};
}

}  // namespace

JobDesk::JobDesk(asio::io_context& io, const Clock& clock, storage::CommandStore& store, std::string centre,
                 command::SubmissionLimits limits, Hooks hooks)
    : io_(io),
      clock_(clock),
      store_(store),
      centre_(std::move(centre)),
      limits_(limits),
      hooks_(std::move(hooks)),
      timer_(io),
      self_(std::make_shared<JobDesk*>(this)) {}

JobDesk::~JobDesk() {
    stop();
    *self_ = nullptr;
}

void JobDesk::stop() {
    stopped_ = true;
    timer_.cancel();
    running_.clear();
}

void JobDesk::resume() {
    auto jobs = store_.list_jobs(max_running);
    if (!jobs) {
        log::error("centre", "jobs that have not ended cannot be read: {}", jobs.error().message());
        return;
    }
    for (command::Job& job : *jobs) {
        if (job.ended_at || running_.contains(job.id)) continue;
        if (job.centre == centre_ || !hooks_.alive(job.centre)) take_up(std::move(job));
    }
    work_soon();
}

void JobDesk::take_up(command::Job job) {
    const std::string id = job.id;
    const bool adopted = job.centre != centre_;
    job.centre = centre_;
    auto running = std::make_unique<Running>(std::move(job));
    if (auto restored = restore(*running); !restored) {
        log::error("centre", "job {} cannot be taken up: {}", id, restored.error().message());
        return;
    }
    if (adopted) store_.write_job(running->runner.job(), [](const Result<>&) {});
    log::info("centre", "job {} goes on: {} of {} devices have their command", id, running->runner.job().submitted,
              running->runner.job().devices);
    running_.emplace(id, std::move(running));
}

Result<> JobDesk::restore(Running& running) {
    storage::CommandQuery query;
    query.job = running.runner.job().id;
    query.limit = page_size;
    for (;;) {
        const auto page = store_.list(query);
        if (!page) return std::unexpected(page.error());
        for (const command::Command& command : *page) {
            const auto position = command::job_position(*query.job, command.idempotency_key);
            if (!position) continue;
            running.runner.known(*position, command.state);
            if (!is_terminal(command.state)) running.open.emplace(command.id, *position);
        }
        if (page->size() < page_size) break;
        query.before = page->back().id;
    }
    running.runner.restored(moment());
    return {};
}

Result<command::Job> JobDesk::create(control::JobRequest&& request, command::CommandId id) {
    if (auto checked = check(request, limits_, clock_.wall()); !checked) return std::unexpected(std::move(checked).error());
    if (running_.size() >= max_running)
        return fail(command::Errc::too_many, fmt::format("{} jobs run already; wait for one to end", running_.size()));
    command::Job job;
    job.id = id.text();
    job.created_at = clock_.wall();
    job.submitted_by = request.command.submitted_by;
    job.centre = centre_;
    job.tag = std::move(request.tag);
    job.command = std::move(request.command);
    job.command.job = job.id;
    job.command.device.clear();
    job.pace = request.pace;
    job.abort_percent = request.abort_percent;
    job.abort_after = request.abort_after;
    job.devices = static_cast<std::uint32_t>(request.devices.size());
    if (auto created = store_.create_job(job, request.devices); !created) return std::unexpected(std::move(created).error());
    running_.emplace(job.id, std::make_unique<Running>(job));
    work_soon();
    return job;
}

Result<command::Job> JobDesk::get(std::string_view id) {
    if (const auto running = running_.find(id); running != running_.end()) return running->second->runner.job();
    auto job = store_.get_job(id);
    if (!job) return std::unexpected(std::move(job).error());
    if (!*job) return fail(command::Errc::not_found, fmt::format("there is no job {}", id));
    return std::move(**job);
}

Result<std::vector<command::Job>> JobDesk::list(std::size_t limit) {
    auto jobs = store_.list_jobs(limit);
    if (!jobs) return jobs;
    for (command::Job& job : *jobs) {
        if (const auto running = running_.find(job.id); running != running_.end()) job = running->second->runner.job();
    }
    return jobs;
}

Result<command::Job> JobDesk::cancel(std::string_view id) {
    const auto running = running_.find(id);
    if (running == running_.end()) {
        auto job = get(id);
        if (!job) return job;
        if (job->ended_at) return fail(command::Errc::already_ended, fmt::format("job {} has ended already", id));
        return fail(command::Errc::not_found, fmt::format("job {} is run by centre {}; ask there", id, job->centre));
    }
    if (!running->second->runner.stop(command::JobState::cancelled, moment()))
        return fail(command::Errc::already_ended, fmt::format("job {} is ending already", id));
    work_soon();
    return running->second->runner.job();
}

void JobDesk::ended(const command::Command& command) {
    if (command.job.empty()) return;
    const auto running = running_.find(command.job);
    if (running == running_.end()) return;
    const auto position = command::job_position(command.job, command.idempotency_key);
    if (!position) return;
    running->second->open.erase(command.id);
    running->second->runner.ended(*position, command.state, moment());
    work_soon();
}

void JobDesk::work_soon() {
    if (stopped_ || std::exchange(soon_, true)) return;
    asio::post(io_, [self = self_] {
        if (*self != nullptr) (*self)->work();
    });
}

void JobDesk::work() {
    soon_ = false;
    if (stopped_) return;
    for (auto place = running_.begin(); place != running_.end();) {
        Running& running = *place->second;
        work_on(running);
        if (!running.runner.done()) {
            ++place;
            continue;
        }
        log::info("centre", "job {} is {}", place->first, to_string(running.runner.job().state));
        place = running_.erase(place);
    }
    arm();
}

void JobDesk::work_on(Running& running) {
    command::JobRunner& runner = running.runner;
    while (const auto wanted = runner.wanted()) {
        auto devices = store_.job_devices(runner.job().id, wanted->from, wanted->count);
        if (!devices) {
            log::error("centre", "the devices of job {} cannot be read: {}", runner.job().id, devices.error().message());
            break;
        }
        runner.load(wanted->from, std::move(*devices), moment());
    }
    for (command::JobRunner::Due& due : runner.due(moment()))
        submit(running, std::move(due));
    if (runner.take_stop()) take_back(running);
    if (hooks_.others()) look_abroad(running);
    if (runner.take_changed()) {
        store_.write_job(runner.job(), [id = runner.job().id](const Result<>& written) {
            if (!written) log::warning("centre", "the tally of job {} was not recorded: {}", id, written.error().message());
        });
    }
}

void JobDesk::submit(Running& running, command::JobRunner::Due due) {
    std::string device = due.submission.device;
    hooks_.submit(std::move(due.submission), [self = self_, job = running.runner.job().id, position = due.position,
                                              device = std::move(device)](Result<control::Submitted> result) mutable {
        if (*self != nullptr) (*self)->submitted(job, position, std::move(device), std::move(result));
    });
}

void JobDesk::submitted(const std::string& job, std::uint32_t position, std::string device, Result<control::Submitted> result) {
    const auto place = running_.find(job);
    if (place == running_.end()) return;
    Running& running = *place->second;
    if (result) {
        running.runner.taken(position);
        if (is_terminal(result->command.state)) {
            running.runner.ended(position, result->command.state, moment());
        } else {
            running.open.emplace(result->command.id, position);
        }
    } else if (for_later(result.error())) {
        running.runner.postponed(position, std::move(device), moment());
    } else {
        running.runner.refused(position, moment());
    }
    work_soon();
}

void JobDesk::take_back(Running& running) {
    std::vector<command::CommandId> open;
    for (const auto& [id, position] : running.open)
        open.push_back(id);
    for (const command::CommandId id : open)
        hooks_.cancel(id);
}

void JobDesk::look_abroad(Running& running) {
    std::vector<command::CommandId> some;
    for (const auto& [id, position] : running.open) {
        if (some.size() == abroad_step) break;
        some.push_back(id);
    }
    for (const command::CommandId id : some) {
        const auto found = store_.get(id);
        if (!found || !*found || !is_terminal((*found)->state)) continue;
        running.runner.ended(running.open.at(id), (*found)->state, moment());
        running.open.erase(id);
    }
}

void JobDesk::arm() {
    if (running_.empty() || stopped_) {
        timer_.cancel();
        return;
    }
    const Time now = clock_.now();
    Time next = now + longest_sleep;
    for (const auto& [id, running] : running_) {
        if (const auto due = running->runner.next(now)) next = std::min(next, *due);
    }
    timer_.expires_after(std::max(next - now, Duration(std::chrono::milliseconds(1))));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) work();
    });
}

}  // namespace holdfast::center
