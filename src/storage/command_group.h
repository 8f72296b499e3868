#pragma once
// What is to be written in one transaction: whole records, each command at most once in its newest form, and who is to be told.
// One thread at a time.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "storage/command_file.h"
#include "storage/command_store.h"

namespace holdfast::storage {

class CommandGroup {
public:
    /// Something to do inside the transaction. An error of it that is `in_use` is its own; others end the transaction.
    using Task = std::function<Result<void>(CommandFile&)>;

    void add(std::vector<command::Command> commands, CommandStore::Completion done);
    void add(const command::Job& job, CommandStore::Completion done);
    void add(Task task, CommandStore::Completion done);
    /// Notes, for which nobody waits.
    void add(CommandStore::AuditEntry entry) { audit_.push_back(std::move(entry)); }
    void add_webhook_told(command::CommandId id) { told_.push_back(id); }
    /// Takes the notes of a group that was not written, before its own.
    void inherit_notes(CommandGroup& failed);

    /// In one transaction; durable when it returns. After an error nothing was written.
    [[nodiscard]] Result<void> write(CommandFile& file);
    /// Tells everybody: `result`, or what went wrong with his own.
    void answer(const Result<void>& result);

    [[nodiscard]] bool empty() const noexcept { return answers_.empty() && notes() == 0; }
    [[nodiscard]] bool urgent() const noexcept { return !answers_.empty(); }
    [[nodiscard]] bool has_tasks() const noexcept { return !tasks_.empty(); }
    [[nodiscard]] std::size_t commands() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t notes() const noexcept { return audit_.size() + told_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t lost_races() const noexcept { return lost_races_; }

private:
    struct Answer {
        CommandStore::Completion done;
        std::optional<Error> own;  ///< what went wrong with his alone
    };
    struct Entry {
        command::Command command;
        std::size_t answer;                     ///< who is to be told
        std::vector<std::size_t> more_answers;  ///< and those whose form of the command was replaced by or with it
    };
    struct NumberedTask {
        Task task;
        std::size_t answer;
    };

    std::size_t expect(CommandStore::Completion done);
    void merge(Entry& entry, command::Command command, std::size_t answer);
    [[nodiscard]] Result<void> write_all(CommandFile& file);
    [[nodiscard]] Result<void> write_commands(CommandRows& rows);
    [[nodiscard]] Result<void> run_tasks(CommandFile& file);
    void refuse(const Entry& entry);

    std::vector<Entry> entries_;
    std::unordered_map<command::CommandId, std::size_t> places_;
    std::vector<command::Job> jobs_;
    std::vector<NumberedTask> tasks_;
    std::vector<CommandStore::AuditEntry> audit_;
    std::vector<command::CommandId> told_;
    std::vector<Answer> answers_;
    std::size_t bytes_ = 0;
    std::uint64_t lost_races_ = 0;
};

/// Bytes of a command's texts, payload and result.
[[nodiscard]] std::size_t weight_of(const command::Command& command) noexcept;

}  // namespace holdfast::storage
