#pragma once
// The file's queue on the contract's stage: two queues on one file, as two processes have them.

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "queue/file_queue.h"
#include "queue_stage.h"
#include "runtime/system_clock.h"
#include "support/scratch_directory.h"

namespace holdfast::queue::testing {

/// Where a queue's file is.
class QueueDirectory {
public:
    [[nodiscard]] const std::filesystem::path& path() const { return scratch_.path(); }
    [[nodiscard]] std::string file() const { return (path() / "queue.db").string(); }

private:
    test::ScratchDirectory scratch_;
};

inline FileQueueOptions quick_options(QueueLimits limits = {}) {
    return {.limits = limits, .busy_timeout = 500ms, .beat = 20ms, .lease = 10s, .retry_min = 5ms, .retry_max = 20ms};
}

class FileQueueStage final : public QueueStage {
public:
    explicit FileQueueStage(QueueLimits limits) : limits_(limits) {}

    boost::asio::io_context& io() override { return io_; }
    Queue& queue() override { return opened(queue_); }
    Queue& other() override { return opened(other_); }

private:
    Queue& opened(std::unique_ptr<FileQueue>& queue) {
        if (!queue) queue = std::move(FileQueue::open(io_, clock_, directory_.file(), quick_options(limits_)).value());
        return *queue;
    }

    QueueLimits limits_;
    QueueDirectory directory_;
    runtime::SystemClock clock_;
    boost::asio::io_context io_;
    std::unique_ptr<FileQueue> queue_;
    std::unique_ptr<FileQueue> other_;
};

inline std::unique_ptr<QueueStage> make_file_stage(QueueLimits limits) {
    return std::make_unique<FileQueueStage>(limits);
}

}  // namespace holdfast::queue::testing
