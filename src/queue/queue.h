#pragma once
// The transport between the command centre and its channels: topics with consumer groups, at least once, in order per key. The
// database is the truth; what the queue loses is found and sent again, what it delivers twice is merged.
//
// Within a group each message goes to one consumer. A message is the consumer's until it is acknowledged or the consumer goes
// away; then it goes to another one. While a message of a key is not acknowledged, later ones of that key wait. A message that
// was delivered too often without being acknowledged is set aside and shown (poison), and the key goes on.
//
// Threads: every method and every callback on the thread that runs the `io` of the adapter.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace holdfast::queue {

enum class QueueErrc : std::uint16_t {
    full,         ///< the topic holds as much as it may; try again later
    too_large,    ///< larger than the queue takes
    unavailable,  ///< the queue cannot be reached or written now
    closed        ///< the queue has ended
};
const ErrorCategory& error_category(QueueErrc) noexcept;

struct OutMessage {
    std::string topic = {};
    std::string key = {};
    std::string payload = {};
};

struct Delivery {
    std::uint64_t id = 0;  ///< for ack and nack; means something to this consumer only
    std::string_view key = {};
    std::string_view payload = {};
    std::uint32_t times = 1;  ///< how often it has been delivered, this time included
};

struct ConsumerOptions {
    /// Deliveries that may be unacknowledged at a time.
    std::size_t window = 256;
};

/// One member of a group. Its end gives back what it has not acknowledged.
class Consumer {
public:
    virtual ~Consumer() = default;
    /// Done with. Unknown ids are ignored: the message may have been given to another consumer meanwhile.
    virtual void ack(std::uint64_t id) = 0;
    /// Not now: delivered again after `delay`, to whichever consumer; counts as a delivery.
    virtual void nack(std::uint64_t id, Duration delay) = 0;
};

/// A message that nobody could do anything with.
struct Poison {
    std::string topic = {};
    std::string group = {};
    std::string key = {};
    std::string payload = {};
    std::uint32_t times = 0;
    WallTime set_aside_at{};
};

struct QueueStatus {
    bool ok = true;
    std::string sentence = {};  ///< while not ok: what is wrong and what helps
    std::uint64_t waiting = 0;  ///< not yet acknowledged, all topics
    std::uint64_t published = 0;
    std::uint64_t redelivered = 0;
    std::uint64_t poisoned = 0;
};

class Queue {
public:
    /// Called once: the queue has all of the messages, or none of them.
    using Published = std::function<void(Result<>)>;
    using Handler = std::function<void(const Delivery&)>;

    virtual ~Queue() = default;

    /// Topics and groups need no declaration; a group sees what is published from its first `subscribe` on, and keeps its place
    /// when all its consumers are gone.
    virtual void publish(std::vector<OutMessage> messages, Published done = {}) = 0;

    /// The handler is never called before `subscribe` returns, nor after the consumer's end. It may acknowledge at once.
    [[nodiscard]] virtual std::unique_ptr<Consumer> subscribe(std::string topic, std::string group, ConsumerOptions options,
                                                              Handler handler) = 0;

    /// Set aside, oldest first, at most `limit`.
    [[nodiscard]] virtual std::vector<Poison> poison(std::size_t limit) const = 0;
    [[nodiscard]] virtual QueueStatus status() const = 0;
};

}  // namespace holdfast::queue
