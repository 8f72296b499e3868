#pragma once
// The file of a queue: its tables, and the statements of the one connection with which a process works on it. All methods but
// `open` and the two looks belong between `begin` and `commit`. Blocking; one thread at a time.

#include <bitset>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "queue/distributor.h"
#include "queue/file_queue.h"
#include "queue/limits.h"
#include "storage/sqlite.h"

namespace holdfast::queue {

/// Which part of a group a key's messages are in; the same in every process and release.
[[nodiscard]] std::uint32_t part_of(std::string_view key) noexcept;

/// A message that was read, and how often it was delivered before.
struct FetchedMessage {
    MessagePtr message;
    std::uint32_t times;
};

class QueueFile {
public:
    using Parts = FileQueue::Parts;

    [[nodiscard]] static Result<QueueFile> open(const std::string& path, Duration busy_timeout, QueueLimits limits);
    [[nodiscard]] static Result<storage::Database> open_for_reading(const std::string& path, Duration busy_timeout);

    // --- looks, without a transaction ---

    /// Grows when processes, consumers or parts change.
    [[nodiscard]] Result<std::int64_t> changes();
    [[nodiscard]] Result<bool> has_after(std::int64_t group, std::uint64_t number);

    [[nodiscard]] Result<void> begin();
    [[nodiscard]] Result<void> commit();
    void roll_back() noexcept;

    // --- messages ---

    /// An error of the file is the outer one; `full` and `too_large` are the inner one, and then nothing was written.
    [[nodiscard]] Result<Result<void>> publish(const std::vector<OutMessage>& messages);
    [[nodiscard]] Result<void> acknowledge(std::int64_t group, std::uint64_t number, std::size_t size);
    [[nodiscard]] Result<void> set_times(std::int64_t group, std::uint64_t number, std::uint32_t times);
    [[nodiscard]] Result<void> set_aside(std::int64_t group, const Message& message, std::uint32_t times, WallTime now);
    /// Reads on behind `cursor`, which moves, until `take` wants no more. `wanted` says whether a message is to be read.
    [[nodiscard]] Result<void> fetch(std::int64_t group, std::uint64_t& cursor,
                                     const std::function<bool(std::uint64_t number, std::uint32_t part)>& wanted,
                                     const std::function<bool(FetchedMessage)>& take);

    // --- who consumes what ---

    [[nodiscard]] Result<std::int64_t> add_process(std::int64_t until);
    /// False when others have given it up.
    [[nodiscard]] Result<bool> renew_process(std::int64_t process, std::int64_t until);
    struct Process {
        std::int64_t id = 0;
        std::int64_t until = 0;
    };
    [[nodiscard]] Result<std::vector<Process>> other_processes(std::int64_t process);
    /// `died`: what was with its consumers counts as delivered.
    [[nodiscard]] Result<void> remove_process(std::int64_t process, bool died);
    [[nodiscard]] Result<std::int64_t> join(std::string_view topic, std::string_view name, std::int64_t process);
    /// For a process that was given up and is back.
    [[nodiscard]] Result<void> rejoin(std::int64_t group, std::int64_t process);
    [[nodiscard]] Result<void> leave(std::int64_t group, std::int64_t process);
    [[nodiscard]] Result<std::vector<std::int64_t>> processes_of(std::int64_t group);
    struct Part {
        std::int64_t owner = 0;  ///< 0: nobody
        bool died = false;       ///< its last owner ended without giving it back
        std::uint64_t fetched = 0;
    };
    [[nodiscard]] Result<std::array<Part, FileQueue::parts>> parts_of(std::int64_t group);
    [[nodiscard]] Result<void> take_part(std::int64_t group, std::uint32_t part, std::int64_t process, const Part& before,
                                         WallTime now);
    [[nodiscard]] Result<void> release_parts(std::int64_t group, Parts parts, std::int64_t process);
    [[nodiscard]] Result<void> note_fetched(std::int64_t group, std::int64_t process, std::uint64_t number);

private:
    QueueFile(storage::Database database, QueueLimits limits) : database_(std::move(database)), limits_(limits) {}
    [[nodiscard]] Result<storage::Statement*> prepared(std::string_view sql);
    template <class... Values>
    [[nodiscard]] Result<void> run(std::string_view sql, const Values&... values);
    struct Room {
        std::int64_t group = 0;
        std::int64_t messages = 0;
        std::int64_t bytes = 0;
    };
    [[nodiscard]] Result<std::vector<Room>> rooms_of(const std::string& topic);
    [[nodiscard]] Result<Result<void>> check_room(const std::vector<OutMessage>& messages);
    [[nodiscard]] Result<void> insert(const OutMessage& message);
    void count(std::int64_t group, std::int64_t messages, std::int64_t bytes);
    [[nodiscard]] Result<void> write_counts();
    [[nodiscard]] Result<void> note_change();
    [[nodiscard]] Result<void> count_deliveries_of_the_dead(std::int64_t group, std::uint32_t part, std::uint64_t fetched,
                                                            WallTime now);

    storage::Database database_;
    QueueLimits limits_;
    std::unordered_map<std::string, storage::Statement> statements_;
    std::unordered_map<std::int64_t, Room> counts_;             ///< changes of this transaction, not written yet
    std::unordered_map<std::string, std::vector<Room>> rooms_;  ///< read in this transaction
    std::uint64_t next_number_ = 0;                             ///< 0: not read in this transaction
    bool numbers_used_ = false;
};

}  // namespace holdfast::queue
