#pragma once
// The store's writer thread: takes what waits, makes it durable in groups, tries again when the disk refuses, and makes the
// file anew when it was taken away. `SqliteFleetStore` is its face.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "storage/fleet_file.h"
#include "storage/pending_changes.h"
#include "storage/sqlite_fleet_store.h"

namespace holdfast::storage {

class GroupWriter {
public:
    /// `file` is open; the thread starts with the first call of `write`, `replace` or `flush`.
    GroupWriter(SqliteOptions options, const Clock& clock, std::unique_ptr<FleetFile> file);
    /// Commits what waits if the disk lets it, then answers the remaining completions with false.
    ~GroupWriter();
    GroupWriter(const GroupWriter&) = delete;
    GroupWriter& operator=(const GroupWriter&) = delete;

    /// Only before the thread has started.
    [[nodiscard]] Result<fleet::FleetImage> load();
    void write(std::vector<fleet::Change> changes, FleetStore::Completion completion);
    void replace(fleet::FleetImage image);
    [[nodiscard]] StoreStatus status() const;
    [[nodiscard]] bool flush(Duration at_most);

private:
    struct Waiting {
        std::uint64_t number;
        FleetStore::Completion completion;
    };
    struct Image {
        std::uint64_t number;
        fleet::FleetImage records;
        [[nodiscard]] std::size_t size() const {
            return records.clusters.size() + records.nodes.size() + records.devices.size();
        }
    };
    using Lock = std::unique_lock<std::mutex>;

    // On any thread, with mutex_ held.
    void start();
    [[nodiscard]] bool has_work() const;
    [[nodiscard]] bool hurried() const;
    [[nodiscard]] std::size_t waiting() const;

    // On the writer's thread. Those with a Lock have mutex_ held when they are called and when they return.
    void run();
    void wait_for_work(Lock& lock);
    void take_work();
    void answer_durable(Lock& lock);
    void end(Lock& lock);
    void ask_for_image();
    [[nodiscard]] Result<void> attempt();
    [[nodiscard]] std::unexpected<Error> taken_away() const;
    [[nodiscard]] Result<void> check_file();
    [[nodiscard]] Result<void> open_again();
    [[nodiscard]] Result<void> commit_work();
    void failed(Lock& lock, const Error& why);
    void succeeded();

    const SqliteOptions options_;
    const Clock& clock_;

    // The writer's alone once it runs.
    std::unique_ptr<FleetFile> file_;             ///< null while it could not be opened again
    FileIdentity known_;                          ///< the file that is ours
    bool image_needed_ = false;                   ///< the file does not hold everything that was durable
    std::optional<Time> asked_at_;                ///< when the owner was asked for an image
    Duration pause_;                              ///< before the next try after a failure
    std::optional<PendingChanges::Batch> batch_;  ///< in hand, kept over failures
    std::optional<Image> image_;                  ///< the same

    // Guarded by mutex_.
    mutable std::mutex mutex_;
    std::condition_variable wake_;     ///< for the writer: work, hurry, the end
    std::condition_variable durable_;  ///< for `flush`
    PendingChanges pending_;
    std::optional<Image> replacement_;  ///< handed in, not yet taken
    std::deque<Waiting> completions_;   ///< by number, rising
    std::uint64_t last_number_ = 0;
    std::uint64_t durable_number_ = 0;
    std::size_t in_hand_ = 0;   ///< changes that the writer has taken and not yet committed
    std::size_t flushing_ = 0;  ///< callers of `flush` that wait
    bool stopping_ = false;
    StoreStatus status_;

    std::thread thread_;
};

}  // namespace holdfast::storage
