// How a command comes into the centre, and how one is taken back.

#include <fmt/format.h>

#include <utility>

#include "center/command_center.h"
#include "runtime/log.h"

namespace holdfast::center {

namespace {

std::string key_of(const command::Command& command) {
    std::string key = command.submitted_by;
    key.push_back('\0');
    key += command.idempotency_key;
    return key;
}

Error conflict(const command::Command& earlier) {
    return {command::Errc::key_conflict,
            fmt::format("idempotency_key: \"{}\" was used for another command, {}; use a new key for a new command",
                        earlier.idempotency_key, earlier.id.text())};
}

}  // namespace

void CommandCenter::submit(command::Submission submission, const control::Caller& caller, SubmitDone done) {
    if (!running_) {
        done(fail(command::Errc::stopping, "this command centre ends; ask again in a moment"));
        return;
    }
    if (!responses_) {
        done(fail(command::Errc::stopping, "this command centre is starting; ask again in a moment"));
        return;
    }
    if (!caller.name.empty()) submission.submitted_by = caller.name;
    auto command = command::make_command(submission, new_id(), options_.limits, clock_.wall());
    if (!command) {
        done(std::unexpected(std::move(command).error()));
        return;
    }
    if (!command->idempotency_key.empty() && answer_repetition(*command, done)) return;
    if (gate_.closed()) {
        done(fail(command::Errc::store_unavailable,
                  fmt::format("the command was not taken, because it cannot be recorded: {}", gate_.why_closed())));
        return;
    }
    // Commands of a job, or of a batch, are in its own record.
    if (submission.job.empty() && !caller.in_batch)
        audit(caller, "command.submit", command->id.text(), fmt::format("{} for {}", command->name, command->device));
    const std::string_view owner = lease_.owner_of(command->device);
    command->centre = owner;
    if (owner == lease_.name()) {
        submit_here(std::move(*command), std::move(done));
    } else {
        submit_abroad(std::move(*command), owner, std::move(done));
    }
}

void CommandCenter::submit_here(command::Command command, SubmitDone done) {
    const command::CommandId id = command.id;
    std::string key;
    if (!command.idempotency_key.empty()) {
        key = key_of(command);
        recording_keys_.emplace(key, command);
    }
    if (auto taken = dispatcher_.submit(std::move(command), moment()); !taken) {
        if (!key.empty()) recording_keys_.erase(key);
        done(std::unexpected(std::move(taken).error()));
        return;
    }
    accepting_[id].push_back(std::move(done));
    settle_soon();
}

// Recorded here, so that the sender's answer is as good as any; the owner finds it by the word it is sent, or else in the
// store.
void CommandCenter::submit_abroad(command::Command command, std::string_view owner, SubmitDone done) {
    const command::DevicePlace place = directory_.find(command.device);
    if (!place.known) {
        done(fail(command::Errc::device_unknown, fmt::format("device: there is no device \"{}\"", command.device)));
        return;
    }
    if (place.disabled) {
        done(fail(command::Errc::device_disabled, fmt::format("device: {} is disabled", command.device)));
        return;
    }
    if (place.cluster.empty()) {
        done(fail(command::Errc::no_cluster, fmt::format("device: no cluster serves {}", command.device)));
        return;
    }
    const command::CommandId id = command.id;
    const std::string device = command.device;
    if (!command.idempotency_key.empty()) recording_keys_.emplace(key_of(command), command);
    accepting_[id].push_back(
        [this, device, owner = std::string(owner), done = std::move(done)](Result<control::Submitted> result) {
            if (result) queue_.publish({{handover_topic(owner), device, result->command.id.text()}});
            done(std::move(result));
        });
    command::DispatcherEffects effects;
    effects.accepted.push_back(id);
    effects.writes.push_back(std::move(command));
    gate_.enter(std::move(effects), {});
}

bool CommandCenter::answer_repetition(const command::Command& command, SubmitDone& done) {
    if (const auto recording = recording_keys_.find(key_of(command)); recording != recording_keys_.end()) {
        const command::Command& earlier = recording->second;
        if (earlier.body_hash != command.body_hash) {
            done(std::unexpected(conflict(earlier)));
        } else {
            accepting_[earlier.id].push_back([done = std::move(done)](Result<control::Submitted> result) {
                if (result) result->repeated = true;
                done(std::move(result));
            });
        }
        return true;
    }
    auto earlier = store_.find_key(command.submitted_by, command.idempotency_key);
    if (!earlier) {
        done(
            fail(command::Errc::store_unavailable,
                 fmt::format("the command was not taken, because its key cannot be looked up: {}", earlier.error().message())));
        return true;
    }
    if (!*earlier) return false;
    if ((*earlier)->body_hash != command.body_hash) {
        done(std::unexpected(conflict(**earlier)));
    } else {
        done(control::Submitted{.command = std::move(**earlier), .repeated = true});
    }
    return true;
}

void CommandCenter::answer_accepted(const command::Command& command) {
    const auto accepting = accepting_.find(command.id);
    if (accepting == accepting_.end()) return;
    const auto senders = std::move(accepting->second);
    accepting_.erase(accepting);
    if (!command.idempotency_key.empty()) recording_keys_.erase(key_of(command));
    for (const SubmitDone& done : senders)
        done(control::Submitted{.command = command, .repeated = false});
}

void CommandCenter::give_back(std::vector<command::CommandId>&& ids, const Error& why) {
    const Error error(command::Errc::store_unavailable,
                      fmt::format("the command was not taken, because it cannot be recorded: {}", why.message()));
    for (const command::CommandId id : ids) {
        dispatcher_.forget(id);
        std::erase_if(recording_keys_, [id](const auto& entry) { return entry.second.id == id; });
        const auto accepting = accepting_.find(id);
        if (accepting == accepting_.end()) continue;
        const auto senders = std::move(accepting->second);
        accepting_.erase(accepting);
        for (const SubmitDone& done : senders)
            done(std::unexpected(error));
    }
}

void CommandCenter::cancel(command::CommandId id, const control::Caller& caller, CommandDone done) {
    if (!running_) {
        done(fail(command::Errc::stopping, "this command centre ends; ask again in a moment"));
        return;
    }
    if (dispatcher_.find(id) == nullptr) {
        auto found = store_.get(id);
        if (!found) {
            done(std::unexpected(std::move(found).error()));
            return;
        }
        if (!*found) {
            done(fail(command::Errc::not_found, fmt::format("there is no command {}", id.text())));
            return;
        }
        if (is_terminal((*found)->state)) {
            done(fail(command::Errc::already_ended,
                      fmt::format("{} has ended already: {}", id.text(), to_string((*found)->state))));
            return;
        }
        if ((*found)->centre != lease_.name()) {
            audit(caller, "command.cancel", id.text(), {});
            queue_.publish({{handover_topic((*found)->centre), (*found)->device, "-" + id.text()}});
            // The owner's word is in the store a moment later; until then the command is shown as it is.
            (*found)->cancel_wanted = true;
            done(std::move(**found));
            return;
        }
        // Due so far ahead that it was left to the store.
        dispatcher_.restore(std::move(**found), moment());
    }
    audit(caller, "command.cancel", id.text(), {});
    cancel_held(id, caller, std::move(done));
}

void CommandCenter::cancel_held(command::CommandId id, const control::Caller& caller, CommandDone done) {
    // A job that is stopped has no caller.
    const bool by_job = caller.source.empty();
    const std::string detail = caller.name.empty() ? std::string() : fmt::format("by {}", caller.name);
    const auto reason = by_job ? command::Reason::job_stopped : command::Reason::cancelled;
    if (auto cancelled = dispatcher_.cancel(id, reason, detail, moment()); !cancelled) {
        done(std::unexpected(std::move(cancelled).error()));
        return;
    }
    cancelling_[id].push_back(std::move(done));
    settle_soon();
}

}  // namespace holdfast::center
