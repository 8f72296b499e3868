#pragma once
// Where the contract of queues is tried: an adapter, an event loop, and consumers that note what they get. Another adapter
// joins by making a stage of its own and adding it to the list in queue_contract_test.cc.

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "queue/limits.h"
#include "queue/queue.h"

namespace holdfast::queue::testing {

using namespace std::chrono_literals;

/// Longer than anything here takes on a slow machine; only a failure waits this long.
constexpr auto patience = 30s;

class QueueStage {
public:
    virtual ~QueueStage() = default;

    virtual boost::asio::io_context& io() = 0;
    virtual Queue& queue() = 0;
    /// Another process' view of the same messages, where the adapter has that; else the same queue.
    virtual Queue& other() = 0;

    /// Runs the event loop until it is so. False when that takes too long.
    template <class Condition>
    bool run_until(Condition condition) {
        const auto give_up = std::chrono::steady_clock::now() + patience;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > give_up) return false;
            io().restart();
            io().run_one_for(5ms);
        }
        return true;
    }

    /// Publishes and waits for the answer.
    Result<> publish(Queue& to, std::vector<OutMessage> messages) {
        std::optional<Result<>> answer;
        to.publish(std::move(messages), [&answer](Result<> result) { answer = std::move(result); });
        if (!run_until([&] { return answer.has_value(); })) return fail(QueueErrc::unavailable, "no answer came");
        return *answer;
    }
    Result<> publish(std::vector<OutMessage> messages) { return publish(queue(), std::move(messages)); }
    Result<> publish(std::string topic, std::string key, std::string payload) {
        return publish({{std::move(topic), std::move(key), std::move(payload)}});
    }
};

using StageMaker = std::function<std::unique_ptr<QueueStage>(QueueLimits)>;

/// A consumer that notes what it gets.
class Reader {
public:
    enum class Manner : std::uint8_t { acknowledges, keeps };
    struct Got {
        std::uint64_t id;
        std::string key;
        std::string payload;
        std::uint32_t times;
    };

    Reader(Queue& queue, std::string topic, std::string group, Manner manner = Manner::acknowledges, std::size_t window = 256) {
        consumer_ = queue.subscribe(std::move(topic), std::move(group), {.window = window}, [this, manner](const Delivery& it) {
            EXPECT_TRUE(subscribed_);
            got.push_back({it.id, std::string(it.key), std::string(it.payload), it.times});
            if (manner == Manner::acknowledges) consumer_->ack(it.id);
        });
        subscribed_ = true;
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

    void ack(std::size_t index) { consumer_->ack(got.at(index).id); }
    void nack(std::size_t index, Duration delay = {}) { consumer_->nack(got.at(index).id, delay); }
    void end() { consumer_.reset(); }

    [[nodiscard]] std::vector<std::string> payloads(std::optional<std::string> key = {}) const {
        std::vector<std::string> all;
        for (const Got& one : got) {
            if (!key || one.key == *key) all.push_back(one.payload);
        }
        return all;
    }
    [[nodiscard]] bool has(std::string_view payload) const {
        for (const Got& one : got) {
            if (one.payload == payload) return true;
        }
        return false;
    }

    std::vector<Got> got;

private:
    bool subscribed_ = false;
    std::unique_ptr<Consumer> consumer_;
};

}  // namespace holdfast::queue::testing
