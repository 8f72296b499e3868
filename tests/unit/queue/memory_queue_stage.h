#pragma once
// The in-process queue on the contract's stage.

#include <memory>

#include "queue/memory_queue.h"
#include "queue_stage.h"
#include "runtime/system_clock.h"

namespace holdfast::queue::testing {

class MemoryQueueStage final : public QueueStage {
public:
    explicit MemoryQueueStage(QueueLimits limits) : queue_(io_, clock_, {.limits = limits}) {}

    boost::asio::io_context& io() override { return io_; }
    Queue& queue() override { return queue_; }
    Queue& other() override { return queue_; }

private:
    runtime::SystemClock clock_;
    boost::asio::io_context io_;
    MemoryQueue queue_;
};

inline std::unique_ptr<QueueStage> make_memory_stage(QueueLimits limits) {
    return std::make_unique<MemoryQueueStage>(limits);
}

}  // namespace holdfast::queue::testing
