#pragma once
// The thread with which a process works on a queue's file: takes what its process wants written, one transaction for all that
// waits, shares the groups' parts with the other processes, and reads what has come for its consumers.

#include <cstdint>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/time.h"
#include "queue/file_queue.h"
#include "queue/file_waker.h"
#include "queue/process_lock.h"
#include "queue/queue_file.h"

namespace holdfast::queue {

/// What became of a publish.
struct PublishAnswer {
    Queue::Published done;
    Result<> result;
    std::size_t bytes;  ///< as in `QueueWorker::Publish`
};

class QueueWorker {
public:
    using Parts = FileQueue::Parts;

    /// What it tells the queue, on the worker's thread.
    struct Told {
        std::function<void(std::vector<PublishAnswer>)> published;
        std::function<void(std::size_t index, std::uint64_t session, std::vector<FetchedMessage>)> fetched;
        std::function<void(std::size_t index, std::uint64_t session, Parts)>
            yield;                                    ///< give these parts back when they are drained
        std::function<void(std::size_t index)> lost;  ///< other processes have taken everything of this group
    };

    // What a process wants. `index` names a group that it consumes, from 0 without gaps.
    struct Publish {
        std::vector<OutMessage> messages;
        Queue::Published done;
        std::size_t bytes;
    };
    struct Join {
        std::size_t index;
        std::uint64_t session;
        std::string topic;
        std::string name;
        std::shared_ptr<std::promise<void>> tried;
    };
    struct Leave {
        std::size_t index;
    };
    struct Acknowledge {
        std::size_t index;
        std::uint64_t number;
        std::size_t size;
    };
    struct SetTimes {
        std::size_t index;
        std::uint64_t number;
        std::uint32_t times;
    };
    struct SetAside {
        std::size_t index;
        Message message;
        std::uint32_t times;
    };
    struct Release {
        std::size_t index;
        Parts parts;
    };
    using Wish = std::variant<Publish, Join, Leave, Acknowledge, SetTimes, SetAside, Release>;

    QueueWorker(const Clock& clock, std::string path, FileQueueOptions options, QueueFile file, FileWaker waker, Told told);
    /// Does what is wished, once, and leaves.
    ~QueueWorker();
    QueueWorker(const QueueWorker&) = delete;
    QueueWorker& operator=(const QueueWorker&) = delete;

    void wish(Wish wish);
    /// Only `ok` and `sentence`.
    [[nodiscard]] QueueStatus status() const;

private:
    /// What of a group is this process'.
    struct Tenure {
        std::int64_t group = 0;
        std::uint64_t session = 0;
        std::uint64_t cursor = 0;  ///< everything up to it has been read or is not ours
        bool consumed = false;
        Parts owned = {};
        Parts yielding = {};
    };
    struct Loaded {
        std::uint32_t part;
        std::size_t size;
    };
    struct Cache {
        std::unordered_map<std::uint64_t, Loaded> messages;  ///< that are with the process
        std::size_t bytes = 0;
        void add(const Message& message);
        void remove(std::uint64_t number);
        void remove(Parts parts);
    };

    void work();
    [[nodiscard]] bool take_wishes();
    [[nodiscard]] bool something_to_do();
    /// True when it has read messages, so that more may wait.
    bool turn(bool last);
    [[nodiscard]] Result<void> transact(bool last);
    [[nodiscard]] Result<void> stay_registered();
    [[nodiscard]] Result<void> look_after_others();
    [[nodiscard]] Result<void> do_wishes();
    [[nodiscard]] Result<void> share_parts(std::size_t index);
    [[nodiscard]] Result<void> fetch(std::size_t index);
    [[nodiscard]] bool has_room(std::size_t index) const;

    [[nodiscard]] Result<void> grant(Publish& wish);
    [[nodiscard]] Result<void> grant(Join& wish);
    [[nodiscard]] Result<void> grant(Leave& wish);
    [[nodiscard]] Result<void> grant(Acknowledge& wish);
    [[nodiscard]] Result<void> grant(SetTimes& wish);
    [[nodiscard]] Result<void> grant(SetAside& wish);
    [[nodiscard]] Result<void> grant(Release& wish);

    void succeeded();
    void failed(const Error& why);
    [[nodiscard]] std::int64_t lease_end() const;
    template <class... Arguments>
    void tell_after(const std::function<void(Arguments...)>& whom, std::type_identity_t<Arguments>... arguments);

    const Clock& clock_;
    const std::string path_;
    const FileQueueOptions options_;
    const Told told_;
    QueueFile file_;
    FileWaker waker_;

    // The worker's alone.
    std::int64_t process_ = 0;  ///< 0: not registered
    std::optional<ProcessLock> lock_;
    std::vector<Tenure> tenures_;
    std::vector<Cache> caches_;
    std::vector<Wish> wishes_;                                 ///< in hand, kept over failures but for publishes
    std::vector<std::function<void()>> to_tell_;               ///< after the transaction
    std::vector<std::pair<std::size_t, MessagePtr>> fetched_;  ///< in this transaction, by group
    std::vector<std::pair<Publish*, Result<void>>> published_;
    std::int64_t seen_changes_ = -1;
    std::optional<std::int64_t> new_changes_;
    Time next_beat_{};
    Duration pause_{};  ///< before the next try; zero while all is well

    mutable std::mutex mutex_;
    std::vector<Wish> mailbox_;
    bool stopping_ = false;
    QueueStatus status_;

    std::thread thread_;
};

}  // namespace holdfast::queue
