#include "queue/memory_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace holdfast::queue {

MemoryQueue::MemoryQueue(boost::asio::io_context& io, const Clock& clock, MemoryQueueOptions options)
    : clock_(clock), limits_(options.limits) {
    distributor_ = std::make_shared<Distributor>(
        io, clock, limits_.max_deliveries,
        Distributor::Hooks{.acknowledged = [this](Group& group, Message& message) { left_group(group, message); },
                           .came_back = {},
                           .set_aside =
                               [this](Group& group, Message& message, std::uint32_t times) {
                                   set_aside(group, message, times);
                                   left_group(group, message);
                               },
                           .last_consumer_ended = {}});
}

MemoryQueue::~MemoryQueue() {
    distributor_->close();
}

Result<> MemoryQueue::check_room(const std::vector<OutMessage>& messages) const {
    struct Added {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };
    std::unordered_map<std::string, Added> added;
    for (const OutMessage& message : messages) {
        const std::size_t size = message.key.size() + message.payload.size();
        if (size > limits_.max_message_size) return too_large(message.topic, size, limits_);
        Added& here = added[message.topic];
        ++here.messages;
        here.bytes += size;
    }
    for (const auto& [name, more] : added) {
        const auto topic = topics_.find(name);
        // What no group wants is not held.
        if (topic == topics_.end()) continue;
        const Topic& held = topic->second;
        if (held.messages + more.messages > limits_.max_messages || held.bytes + more.bytes > limits_.max_bytes)
            return full(name, held.messages);
    }
    return {};
}

void MemoryQueue::put(OutMessage message) {
    const auto found = topics_.find(message.topic);
    if (found == topics_.end()) return;
    Topic& topic = found->second;
    const auto shared = std::make_shared<Message>();
    shared->key = std::move(message.key);
    shared->payload = std::move(message.payload);
    shared->groups_left = topic.groups.size();
    ++topic.messages;
    topic.bytes += shared->size();
    for (Group& group : topic.groups)
        distributor_->put(group, shared, 0);
}

void MemoryQueue::publish(std::vector<OutMessage> messages, Published done) {
    Result<> result = check_room(messages);
    if (result) {
        published_ += messages.size();
        for (OutMessage& message : messages)
            put(std::move(message));
    }
    distributor_->answer(std::move(done), std::move(result));
}

std::unique_ptr<Consumer> MemoryQueue::subscribe(std::string topic_name, std::string group_name, ConsumerOptions options,
                                                 Handler handler) {
    Topic& topic = topics_[topic_name];
    auto group = std::ranges::find(topic.groups, group_name, &Group::name);
    if (group == topic.groups.end()) {
        topic.groups.emplace_back();
        group = std::prev(topic.groups.end());
        group->topic = std::move(topic_name);
        group->name = std::move(group_name);
    }
    return distributor_->subscribe(*group, options, std::move(handler));
}

void MemoryQueue::left_group(const Group& group, Message& message) {
    if (--message.groups_left > 0) return;
    Topic& topic = topics_.find(group.topic)->second;
    --topic.messages;
    topic.bytes -= message.size();
}

void MemoryQueue::set_aside(const Group& group, const Message& message, std::uint32_t times) {
    ++poisoned_;
    if (poison_.size() >= limits_.max_poison && !poison_.empty()) poison_.pop_front();
    if (limits_.max_poison == 0) return;
    poison_.push_back({.topic = group.topic,
                       .group = group.name,
                       .key = message.key,
                       .payload = message.payload,
                       .times = times,
                       .set_aside_at = clock_.wall()});
}

std::vector<Poison> MemoryQueue::poison(std::size_t limit) const {
    return {poison_.begin(), poison_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, poison_.size()))};
}

QueueStatus MemoryQueue::status() const {
    QueueStatus status{.published = published_, .redelivered = distributor_->redelivered(), .poisoned = poisoned_};
    for (const auto& [name, topic] : topics_)
        status.waiting += topic.messages;
    return status;
}

}  // namespace holdfast::queue
