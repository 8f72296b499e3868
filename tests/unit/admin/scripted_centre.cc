#include "scripted_centre.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::test {

using command::Command;
using command::CommandId;
using command::Errc;
using command::State;

/// A place in a list that ends with its holder.
template <class T>
class ScriptedCentre::Held final : public control::Watching {
public:
    Held(std::list<T>& list, typename std::list<T>::iterator place) : list_(list), item_(&*place) {}
    ~Held() override {
        list_.remove_if([this](const T& item) { return &item == item_; });
    }

private:
    std::list<T>& list_;
    const T* item_;
};

void ScriptedCentre::submit(command::Submission submission, const control::Caller& caller, SubmitDone done) {
    submissions_.push_back(submission);
    if (refusal_) {
        done(std::unexpected(*refusal_));
        return;
    }
    if (submission.device.starts_with("no-")) {
        done(fail(Errc::device_unknown, fmt::format("there is no device '{}'", submission.device)));
        return;
    }
    const WallTime now = clock_.wall();
    if (submission.deadline && *submission.deadline <= now) {
        done(fail(Errc::deadline_passed, "deadline: it has passed already"));
        return;
    }
    if (!submission.idempotency_key.empty()) {
        for (const auto& [id, known] : commands_) {
            if (known.idempotency_key != submission.idempotency_key) continue;
            if (known.name != submission.name) {
                done(fail(Errc::key_conflict, "this key was used for another command"));
            } else {
                done(control::Submitted{.command = known, .repeated = true});
            }
            return;
        }
    }
    Command made;
    made.id = CommandId::make(now, 0, ++made_);
    made.device = submission.device;
    made.name = submission.name;
    made.payload = submission.payload;
    made.content_type = submission.content_type;
    made.created_at = now;
    made.deliver_at = submission.deliver_at;
    made.deadline = submission.deadline.value_or(
        now + std::chrono::duration_cast<std::chrono::milliseconds>(submission.deadline_in.value_or(std::chrono::seconds(30))));
    made.state = submission.deliver_at ? State::scheduled : State::queued;
    made.offline = submission.offline.value_or(submission.wait ? command::Offline::fail : command::Offline::queue);
    made.order = submission.order.value_or(command::Order::device);
    made.retry.attempts = submission.attempts.value_or(made.retry.attempts);
    made.idempotency_key = submission.idempotency_key;
    made.submitted_by = submission.submitted_by;
    made.webhook = submission.webhook;
    made.job = submission.job;
    made.centre = "centre";
    commands_[made.id] = made;
    if (!caller.in_batch) audit(caller, "command.submit", made.id.text(), {});
    tell(made);
    if (at_once_) answer(made.id, State::succeeded, made.payload);
    done(control::Submitted{.command = commands_[made.id]});
}

std::unique_ptr<control::Watching> ScriptedCentre::wait(CommandId id, Time until, CommandDone done) {
    last_wait_ = until - clock_.now();
    const auto found = commands_.find(id);
    if (found == commands_.end()) {
        done(fail(Errc::not_found, "there is no such command"));
        return nullptr;
    }
    if (is_terminal(found->second.state)) {
        done(found->second);
        return nullptr;
    }
    return std::make_unique<Held<Wait>>(waits_, waits_.insert(waits_.end(), Wait{id, std::move(done)}));
}

Result<Command> ScriptedCentre::get(CommandId id) {
    const auto found = commands_.find(id);
    if (found == commands_.end()) return fail(Errc::not_found, fmt::format("there is no command '{}'", id.text()));
    return found->second;
}

Result<std::vector<Command>> ScriptedCentre::list(const storage::CommandQuery& query) {
    std::vector<Command> out;
    for (auto at = commands_.rbegin(); at != commands_.rend() && out.size() < query.limit; ++at) {
        const Command& command = at->second;
        if (query.device && command.device != *query.device) continue;
        if (query.job && command.job != *query.job) continue;
        if (query.before && command.id >= *query.before) continue;
        if (query.from && command.created_at < *query.from) continue;
        if (query.until && command.created_at >= *query.until) continue;
        if (!query.states.empty() && std::ranges::find(query.states, command.state) == query.states.end()) continue;
        out.push_back(command);
    }
    return out;
}

Result<storage::CommandSummary> ScriptedCentre::summary() {
    storage::CommandSummary summary;
    summary.total = commands_.size();
    for (const auto& [id, command] : commands_)
        ++summary.by_state[static_cast<std::size_t>(command.state)];
    return summary;
}

void ScriptedCentre::cancel(CommandId id, const control::Caller& caller, CommandDone done) {
    const auto found = commands_.find(id);
    if (found == commands_.end()) {
        done(fail(Errc::not_found, fmt::format("there is no command '{}'", id.text())));
    } else if (is_terminal(found->second.state)) {
        done(fail(Errc::already_ended, fmt::format("it has ended already: {}", to_string(found->second.state))));
    } else {
        audit(caller, "command.cancel", id.text(), {});
        found->second.reason = command::Reason::cancelled;
        answer(id, State::cancelled, {});
        done(found->second);
    }
}

std::unique_ptr<control::Watching> ScriptedCentre::watch(WatchFilter filter, std::function<void(const Command&)> changed) {
    return std::make_unique<Held<Watch>>(watches_,
                                         watches_.insert(watches_.end(), Watch{std::move(filter), std::move(changed)}));
}

void ScriptedCentre::create_job(control::JobRequest request, const control::Caller& caller,
                                std::function<void(Result<command::Job>)> done) {
    command::Job job;
    job.id = CommandId::make(clock_.wall(), 1, ++made_).text();
    job.created_at = clock_.wall();
    job.submitted_by = caller.name;
    job.centre = "centre";
    job.tag = request.tag;
    job.command = request.command;
    job.pace = request.pace;
    job.abort_percent = request.abort_percent;
    job.abort_after = request.abort_after;
    job.devices = static_cast<std::uint32_t>(request.devices.size());
    for (const std::string& device : request.devices) {
        command::Submission submission = request.command;
        submission.device = device;
        submission.job = job.id;
        submit(std::move(submission), caller, [&job](const Result<control::Submitted>& submitted) {
            ++job.submitted;
            if (!submitted) {
                ++job.refused;
            } else if (is_terminal(submitted->command.state)) {
                ++job.ended[static_cast<std::size_t>(submitted->command.state)];
            }
        });
    }
    if (at_once_) {
        job.state = command::JobState::finished;
        job.ended_at = clock_.wall();
    }
    jobs_[job.id] = job;
    audit(caller, "job.create", job.id, {});
    done(job);
}

Result<command::Job> ScriptedCentre::get_job(std::string_view id) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) return fail(Errc::not_found, fmt::format("there is no job '{}'", id));
    return found->second;
}

Result<std::vector<command::Job>> ScriptedCentre::list_jobs(std::size_t limit) {
    std::vector<command::Job> out;
    for (auto at = jobs_.rbegin(); at != jobs_.rend() && out.size() < limit; ++at)
        out.push_back(at->second);
    return out;
}

void ScriptedCentre::cancel_job(std::string_view id, const control::Caller& caller,
                                std::function<void(Result<command::Job>)> done) {
    const auto found = jobs_.find(id);
    if (found == jobs_.end()) {
        done(fail(Errc::not_found, fmt::format("there is no job '{}'", id)));
        return;
    }
    if (found->second.ended_at) {
        done(fail(Errc::already_ended, "the job has ended already"));
        return;
    }
    audit(caller, "job.cancel", std::string(id), {});
    found->second.state = command::JobState::cancelled;
    found->second.ended_at = clock_.wall();
    done(found->second);
}

Result<std::vector<storage::CommandStore::AuditEntry>> ScriptedCentre::audit_log(std::size_t limit) {
    std::vector<storage::CommandStore::AuditEntry> out(audit_.rbegin(), audit_.rend());
    out.resize(std::min(limit, out.size()));
    return out;
}

std::vector<queue::Poison> ScriptedCentre::poison(std::size_t) {
    return {{.topic = "response.centre",
             .group = "centre",
             .key = "meter-7",
             .payload = "\x01\x02",
             .times = 5,
             .set_aside_at = clock_.wall()}};
}

control::CentreStatus ScriptedCentre::status() {
    control::CentreStatus status;
    status.name = "centre";
    status.waiting_callers = waits_.size();
    status.channels.push_back({.cluster = "east", .connected = true, .sentence = {}});
    return status;
}

void ScriptedCentre::answer(CommandId id, State state, std::string result) {
    Command& command = commands_.at(id);
    command.state = state;
    command.executed = state == State::succeeded ? command::Executed::yes : command::Executed::unknown;
    if (state == State::succeeded) command.reason = command::Reason::device_succeeded;
    if (state == State::failed) command.reason = command::Reason::device_failed;
    command.result = std::move(result);
    command.ended_at = clock_.wall();
    command.attempts.push_back({.number = 1,
                                .fate = command::Attempt::Fate::answered,
                                .queued_at = command.created_at,
                                .sent_at = command.created_at,
                                .ended_at = command.ended_at,
                                .node = "east-1"});
    tell(command);
    std::vector<CommandDone> ready;
    for (auto at = waits_.begin(); at != waits_.end(); ++at) {
        if (at->id == id) ready.push_back(at->done);
    }
    for (const CommandDone& done : ready)
        done(command);
}

void ScriptedCentre::end_waits() {
    std::vector<Wait> ready(waits_.begin(), waits_.end());
    for (const Wait& wait : ready)
        wait.done(commands_.at(wait.id));
}

std::vector<CommandId> ScriptedCentre::ids() const {
    std::vector<CommandId> out;
    for (const auto& [id, command] : commands_)
        out.push_back(id);
    return out;
}

void ScriptedCentre::tell(const Command& command) {
    for (const Watch& watch : watches_) {
        if (watch.filter.device && *watch.filter.device != command.device) continue;
        if (watch.filter.job && *watch.filter.job != command.job) continue;
        if (watch.filter.id && *watch.filter.id != command.id) continue;
        watch.changed(command);
    }
}

void ScriptedCentre::audit(const control::Caller& caller, std::string_view action, std::string object, std::string detail) {
    audit_.push_back({.at = clock_.wall(),
                      .who = caller.name,
                      .source = caller.source,
                      .action = std::string(action),
                      .object = std::move(object),
                      .detail = std::move(detail)});
}

}  // namespace holdfast::test
