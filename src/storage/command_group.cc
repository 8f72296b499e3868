#include "storage/command_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "command/errors.h"

namespace holdfast::storage {

std::size_t weight_of(const command::Command& command) noexcept {
    return sizeof(command::Command) + command.device.size() + command.payload.size() + command.result.size() +
           command.attempts.size() * sizeof(command::Attempt);
}

std::size_t CommandGroup::expect(CommandStore::Completion done) {
    answers_.push_back({std::move(done), std::nullopt});
    return answers_.size() - 1;
}

void CommandGroup::add(std::vector<command::Command> commands, CommandStore::Completion done) {
    const std::size_t answer = expect(std::move(done));
    for (command::Command& command : commands) {
        const auto [place, is_new] = places_.try_emplace(command.id, entries_.size());
        if (is_new) {
            bytes_ += weight_of(command);
            entries_.push_back({std::move(command), answer, {}});
        } else {
            merge(entries_[place->second], std::move(command), answer);
        }
    }
}

/// The later form replaces the earlier one, but not one that has ended.
void CommandGroup::merge(Entry& entry, command::Command command, std::size_t answer) {
    if (entry.answer != answer) entry.more_answers.push_back(answer);
    if (command::is_terminal(entry.command.state)) {
        if (entry.command != command) ++lost_races_;
        return;
    }
    bytes_ += weight_of(command);
    bytes_ -= weight_of(entry.command);
    entry.command = std::move(command);
}

void CommandGroup::add(const command::Job& job, CommandStore::Completion done) {
    expect(std::move(done));
    const auto known = std::ranges::find(jobs_, job.id, &command::Job::id);
    if (known == jobs_.end()) {
        jobs_.push_back(job);
    } else if (known->state < command::JobState::finished) {
        *known = job;
    }
}

void CommandGroup::add(Task task, CommandStore::Completion done) {
    tasks_.push_back({std::move(task), expect(std::move(done))});
}

void CommandGroup::inherit_notes(CommandGroup& failed) {
    audit_.insert(audit_.begin(), std::make_move_iterator(failed.audit_.begin()), std::make_move_iterator(failed.audit_.end()));
    failed.audit_.clear();
    told_.insert(told_.begin(), failed.told_.begin(), failed.told_.end());
    failed.told_.clear();
}

void CommandGroup::refuse(const Entry& entry) {
    const Error taken(command::Errc::key_conflict,
                      fmt::format("the idempotency key of command {} belongs to another command", entry.command.id.text()));
    answers_[entry.answer].own = taken;
    for (const std::size_t answer : entry.more_answers)
        answers_[answer].own = taken;
}

Result<void> CommandGroup::write_commands(CommandRows& rows) {
    for (const Entry& entry : entries_) {
        const auto outcome = rows.put(entry.command);
        if (!outcome) return std::unexpected(outcome.error());
        if (*outcome == CommandRows::Outcome::lost_race) ++lost_races_;
        if (*outcome == CommandRows::Outcome::key_taken) refuse(entry);
    }
    return {};
}

Result<void> CommandGroup::run_tasks(CommandFile& file) {
    if (tasks_.empty()) return {};
    // Tasks count what is there.
    if (auto written = file.rows().write_tallies(); !written) return written;
    for (const NumberedTask& task : tasks_) {
        const auto run = task.task(file);
        if (run) continue;
        if (!run.error().is(StorageErrc::in_use)) return run;
        answers_[task.answer].own = run.error();
    }
    return {};
}

Result<void> CommandGroup::write_all(CommandFile& file) {
    if (auto written = write_commands(file.rows()); !written) return written;
    for (const command::Job& job : jobs_) {
        if (auto written = file.rows().put(job); !written) return written;
    }
    for (const CommandStore::AuditEntry& entry : audit_) {
        if (auto written = file.rows().put(entry); !written) return written;
    }
    for (const command::CommandId id : told_) {
        if (auto written = file.rows().mark_webhook_told(id); !written) return written;
    }
    return run_tasks(file);
}

Result<void> CommandGroup::write(CommandFile& file) {
    if (auto begun = file.begin(); !begun) return begun;
    auto written = write_all(file);
    if (written) return file.commit();
    file.roll_back();
    return written;
}

void CommandGroup::answer(const Result<void>& result) {
    for (Answer& answer : std::exchange(answers_, {})) {
        if (!answer.done) continue;
        if (result && answer.own) {
            answer.done(std::unexpected(std::move(*answer.own)));
        } else {
            answer.done(result);
        }
    }
}

}  // namespace holdfast::storage
