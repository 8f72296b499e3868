#pragma once
// The queue for a centre and channels in one process. It holds messages in memory only: what is lost with the process is found
// in the store and sent again.
//
// A publish, a delivery and an acknowledgement each cost the same however much waits. Handlers and completions are called from
// the `io_context`, never from within a method.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>

#include "base/time.h"
#include "queue/distributor.h"
#include "queue/limits.h"
#include "queue/queue.h"

namespace holdfast::queue {

struct MemoryQueueOptions {
    QueueLimits limits = {};
};

class MemoryQueue final : public Queue {
public:
    /// `io` and `clock` outlive the queue. Consumers may outlive it; they get nothing any more.
    MemoryQueue(boost::asio::io_context& io, const Clock& clock, MemoryQueueOptions options);
    ~MemoryQueue() override;
    MemoryQueue(const MemoryQueue&) = delete;
    MemoryQueue& operator=(const MemoryQueue&) = delete;

    void publish(std::vector<OutMessage> messages, Published done = {}) override;
    [[nodiscard]] std::unique_ptr<Consumer> subscribe(std::string topic, std::string group, ConsumerOptions options,
                                                      Handler handler) override;
    [[nodiscard]] std::vector<Poison> poison(std::size_t limit) const override;
    [[nodiscard]] QueueStatus status() const override;

private:
    struct Topic {
        std::deque<Group> groups = {};
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };

    [[nodiscard]] Result<> check_room(const std::vector<OutMessage>& messages) const;
    void put(OutMessage message);
    void left_group(const Group& group, Message& message);
    void set_aside(const Group& group, const Message& message, std::uint32_t times);

    const Clock& clock_;
    const QueueLimits limits_;
    std::unordered_map<std::string, Topic> topics_;
    std::deque<Poison> poison_;
    std::uint64_t published_ = 0;
    std::uint64_t poisoned_ = 0;
    std::shared_ptr<Distributor> distributor_;
};

}  // namespace holdfast::queue
