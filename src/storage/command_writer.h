#pragma once
// The thread that writes commands: takes what waits, a group at a time, and tells who waits for it.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/time.h"
#include "storage/command_file.h"
#include "storage/command_group.h"
#include "storage/sqlite_command_store.h"

namespace holdfast::storage {

class CommandWriter {
public:
    CommandWriter(SqliteCommandOptions options, const Clock& clock, std::unique_ptr<CommandFile> file);
    /// Tries once more to write what waits; answers everybody.
    ~CommandWriter();
    CommandWriter(const CommandWriter&) = delete;
    CommandWriter& operator=(const CommandWriter&) = delete;

    void write(std::vector<command::Command> commands, CommandStore::Completion done);
    void write_job(const command::Job& job, CommandStore::Completion done);
    void audit(CommandStore::AuditEntry entry);
    void webhook_told(command::CommandId id);
    /// Runs a task in the next transaction and waits for its end.
    [[nodiscard]] Result<void> run(CommandGroup::Task task);

    [[nodiscard]] StoreStatus status() const;
    [[nodiscard]] bool flush(Duration at_most);

private:
    using Lock = std::unique_lock<std::mutex>;

    // With mutex_ held.
    [[nodiscard]] CommandGroup& last_group();
    [[nodiscard]] bool urgent() const;
    /// The group for one more note; null when too many wait.
    [[nodiscard]] CommandGroup* room_for_note();

    // On the writer's thread, with mutex_ held when called and on return.
    void work();
    void wait_for_work(Lock& lock);
    void write_first(Lock& lock);
    void succeeded(const CommandGroup& group, Duration took);
    void failed(CommandGroup& group, const Error& why);

    const SqliteCommandOptions options_;
    const Clock& clock_;
    std::unique_ptr<CommandFile> file_;  ///< the writer's alone

    mutable std::mutex mutex_;
    std::condition_variable wake_;   ///< for the writer
    std::condition_variable ended_;  ///< for `flush`: a group has ended
    std::deque<CommandGroup> groups_;
    std::uint64_t first_number_ = 1;    ///< of the first group that waits; those before it have ended or are in hand
    std::uint64_t ended_number_ = 0;    ///< of the last group whose end everybody has been told
    std::uint64_t decided_number_ = 0;  ///< of the last group of which it is known what became of it
    std::uint64_t failed_number_ = 0;   ///< of the last group that failed
    std::size_t waiting_ = 0;           ///< commands, those in hand included
    std::size_t waiting_bytes_ = 0;
    std::size_t flushing_ = 0;
    bool notes_dropped_ = false;  ///< and the log has said so
    bool stopping_ = false;
    Duration pause_{};  ///< before the next try; zero while all is well
    StoreStatus status_;

    std::thread thread_;
};

}  // namespace holdfast::storage
