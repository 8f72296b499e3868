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

namespace holdfast::queue::testing {

class QueueDirectory {
public:
    QueueDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "holdfast-queue-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) std::abort();
        path_ = name;
    }
    ~QueueDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    QueueDirectory(const QueueDirectory&) = delete;
    QueueDirectory& operator=(const QueueDirectory&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::string file() const { return (path_ / "queue.db").string(); }

private:
    std::filesystem::path path_;
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
