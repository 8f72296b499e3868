#pragma once
// The queue for a centre and channels that are processes of one machine: one SQLite file that all of them open.
//
// A publish is answered when it is in the file, where it survives the end of any process; a power loss may take back the last
// moments, which the centre finds in its store and sends again. A group's messages are parted by their keys' hashes into 16
// parts, and each part belongs to one process at a time, which alone reads it and keeps its keys' order; the parts are shared
// evenly among the processes that consume the group. A process that ends gives its parts back; one that is killed is found by
// the lock file that it no longer holds, one that hangs by its lease that runs out, and its parts go to the others. What was
// with its consumers is delivered again.
//
// Each process has one thread that works on the file. It takes all that waits into one transaction, and is woken by its own
// process and, through inotify on the file's log, by the others.

#include <array>
#include <bitset>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/time.h"
#include "queue/distributor.h"
#include "queue/limits.h"
#include "queue/queue.h"

namespace holdfast::queue {

struct FileQueueOptions {
    QueueLimits limits = {};
    Duration busy_timeout = std::chrono::seconds(2);  ///< how long one transaction waits for the other processes
    Duration beat = std::chrono::seconds(1);          ///< how often a process shows that it lives, and looks after the others
    Duration lease = std::chrono::seconds(10);        ///< how long a process that hangs keeps its parts
    Duration retry_min = std::chrono::milliseconds(50);
    Duration retry_max = std::chrono::seconds(2);
};

class QueueWorker;
class QueueReads;
struct FetchedMessage;
struct PublishAnswer;

class FileQueue final : public Queue {
public:
    static constexpr std::size_t parts = 16;
    using Parts = std::bitset<parts>;

    /// Opens the file, or makes it. Its directory must exist. `io` and `clock` outlive the queue; consumers may outlive it, and
    /// get nothing any more. Errors: unavailable, with a sentence.
    [[nodiscard]] static Result<std::unique_ptr<FileQueue>> open(boost::asio::io_context& io, const Clock& clock,
                                                                 const std::string& path, FileQueueOptions options);
    /// Writes what waits, and gives back what it has of the groups.
    ~FileQueue() override;
    FileQueue(const FileQueue&) = delete;
    FileQueue& operator=(const FileQueue&) = delete;

    void publish(std::vector<OutMessage> messages, Published done = {}) override;
    /// Waits until the file knows of the group.
    [[nodiscard]] std::unique_ptr<Consumer> subscribe(std::string topic, std::string group, ConsumerOptions options,
                                                      Handler handler) override;
    [[nodiscard]] std::vector<Poison> poison(std::size_t limit) const override;
    [[nodiscard]] QueueStatus status() const override;

private:
    /// A group as this process consumes it.
    struct Consumed {
        Group group = {};
        std::uint64_t session = 0;                   ///< counts the times that this process has joined it
        std::array<std::uint32_t, parts> held = {};  ///< messages of each part that are here
        Parts yielding = {};                         ///< parts that others are to have
    };

    FileQueue(boost::asio::io_context& io, const Clock& clock, FileQueueOptions options);
    [[nodiscard]] Distributor::Hooks hooks();
    /// From the worker's thread: runs on `io` if the queue still lives then.
    void run_later(std::function<void(FileQueue&)> what);
    static void answer(const std::weak_ptr<FileQueue*>& queue, std::vector<PublishAnswer>& answers);
    void fetched(std::size_t index, std::uint64_t session, std::vector<FetchedMessage>& messages);
    void yield(std::size_t index, std::uint64_t session, Parts which);
    void lost(std::size_t index);
    void drop(Consumed& consumed, Parts which);
    void left(Consumed& consumed, const Message& message);
    void release_drained(Consumed& consumed);

    boost::asio::io_context& io_;
    const FileQueueOptions options_;
    std::deque<Consumed> consumed_;
    std::uint64_t published_ = 0;
    std::size_t publishing_bytes_ = 0;  ///< handed to the worker and not answered
    std::shared_ptr<Distributor> distributor_;
    std::unique_ptr<QueueReads> reads_;
    std::shared_ptr<FileQueue*> alive_;  ///< empty when the queue has ended
    std::unique_ptr<QueueWorker> worker_;
};

}  // namespace holdfast::queue
