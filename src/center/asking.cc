// What is asked of the centre: one command or many, their ends, jobs, and how everything is.

#include <fmt/format.h>

#include <utility>

#include "center/command_center.h"

namespace holdfast::center {

std::unique_ptr<control::Watching> CommandCenter::wait(command::CommandId id, Time until, CommandDone done) {
    bool abroad = false;
    if (dispatcher_.find(id) == nullptr) {
        auto found = store_.get(id);
        if (!found || !*found) {
            done(found ? fail(command::Errc::not_found, fmt::format("there is no command {}", id.text()))
                       : std::unexpected(std::move(found).error()));
            return nullptr;
        }
        if (is_terminal((*found)->state)) {
            done(std::move(**found));
            return nullptr;
        }
        abroad = (*found)->centre != lease_.name();
    }
    if (!running_ || waiting_.size() >= options_.max_waiting_callers) {
        done(fail(command::Errc::too_many, "too many callers wait for commands; ask again in a moment"));
        return nullptr;
    }
    auto ticket = waiting_.add(id, until, abroad, std::move(done));
    if (abroad && waiting_.abroad().size() == 1) look_abroad();
    return ticket;
}

Result<command::Command> CommandCenter::get(command::CommandId id) {
    if (const command::Command* held = dispatcher_.find(id); held != nullptr && !is_terminal(held->state)) return *held;
    auto found = store_.get(id);
    if (!found) return std::unexpected(std::move(found).error());
    if (!*found) return fail(command::Errc::not_found, fmt::format("there is no command {}", id.text()));
    return std::move(**found);
}

Result<std::vector<command::Command>> CommandCenter::list(const storage::CommandQuery& query) {
    return store_.list(query);
}

Result<storage::CommandSummary> CommandCenter::summary() {
    return store_.summary();
}

std::unique_ptr<control::Watching> CommandCenter::watch(WatchFilter filter,
                                                        std::function<void(const command::Command&)> changed) {
    if (watchers_.size() >= options_.max_watchers) return nullptr;
    return watchers_.add([filter = std::move(filter), changed = std::move(changed)](const command::Command& command) {
        const bool fits = (!filter.id || *filter.id == command.id) && (!filter.device || *filter.device == command.device) &&
                          (!filter.job || *filter.job == command.job);
        if (fits) changed(command);
    });
}

void CommandCenter::create_job(control::JobRequest request, const control::Caller& caller,
                               std::function<void(Result<command::Job>)> done) {
    if (!request.tag.empty()) request.devices = directory_.tagged(request.tag, {}, command::max_job_devices);
    request.command.submitted_by = caller.name;
    auto job = jobs_.create(std::move(request), new_id());
    if (job) audit(caller, "job.create", job->id, fmt::format("{} for {} devices", job->command.name, job->devices));
    done(std::move(job));
}

Result<command::Job> CommandCenter::get_job(std::string_view id) {
    return jobs_.get(id);
}

Result<std::vector<command::Job>> CommandCenter::list_jobs(std::size_t limit) {
    return jobs_.list(limit);
}

void CommandCenter::cancel_job(std::string_view id, const control::Caller& caller,
                               std::function<void(Result<command::Job>)> done) {
    auto job = jobs_.cancel(id);
    if (job) audit(caller, "job.cancel", job->id, {});
    done(std::move(job));
}

Result<std::vector<storage::CommandStore::AuditEntry>> CommandCenter::audit_log(std::size_t limit) {
    return store_.audit_log(limit);
}

std::vector<queue::Poison> CommandCenter::poison(std::size_t limit) {
    return queue_.poison(limit);
}

control::CentreStatus CommandCenter::status() {
    control::CentreStatus status;
    status.name = lease_.name();
    status.counts = dispatcher_.counts();
    status.waiting_callers = waiting_.size();
    status.store = store_.status();
    status.queue = queue_.status();
    if (channels_) status.channels = channels_();
    return status;
}

}  // namespace holdfast::center
