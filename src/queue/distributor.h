#pragma once
// What every queue of ours does inside its process: hand the messages of a group to its consumers, in order per key, within
// their windows, again when they come back, and aside when they came back too often. Where messages come from and what becomes
// of them outside is the owner's business.
//
// All on the thread of the `io_context`. Handlers and answers are called from it, never from within a method, and each step
// costs the same however much waits.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "queue/queue.h"

namespace holdfast::queue {

struct Message {
    std::string key = {};
    std::string payload = {};
    std::uint64_t number = 0;     ///< the owner's name for it
    std::uint32_t part = 0;       ///< for the owner
    std::size_t groups_left = 0;  ///< for the owner
    [[nodiscard]] std::size_t size() const noexcept { return key.size() + payload.size(); }
};
using MessagePtr = std::shared_ptr<Message>;

/// A consumer as the queue sees it.
struct Member;

/// One group of one topic.
struct Group {
    /// One key's messages, oldest first; only the first of them can be out.
    struct Lane {
        struct Item {
            MessagePtr message;
            std::uint32_t times = 0;
        };
        enum class Place : std::uint8_t { idle, ready, out, delayed };
        Group* group = nullptr;
        std::list<Item> items = {};
        Place place = Place::idle;
    };

    std::string topic = {};
    std::string name = {};
    std::size_t index = 0;  ///< for the owner
    std::size_t members = 0;
    std::unordered_map<std::string, Lane> lanes = {};
    std::deque<Lane*> ready = {};                    ///< whose first message can go out
    std::deque<std::shared_ptr<Member>> roomy = {};  ///< consumers with room in their windows, in turn
    bool runnable = false;                           ///< something to deliver, and noted as such
};

class Distributor : public std::enable_shared_from_this<Distributor> {
public:
    /// Tells the owner what became of a message.
    struct Hooks {
        std::function<void(Group&, Message&)> acknowledged;
        std::function<void(Group&, Message&, std::uint32_t times)> came_back;
        std::function<void(Group&, Message&, std::uint32_t times)> set_aside;
        std::function<void(Group&)> last_consumer_ended;
    };

    /// `io` and `clock` outlive it. It must be made as a shared pointer.
    Distributor(boost::asio::io_context& io, const Clock& clock, std::uint32_t max_deliveries, Hooks hooks)
        : io_(io), clock_(clock), max_deliveries_(max_deliveries), hooks_(std::move(hooks)), timer_(io) {}

    /// The last of its key. `times`: how often it was delivered before. The group must stay where it is.
    void put(Group& group, MessagePtr message, std::uint32_t times);
    /// Forgets messages that are not with a consumer now, without telling the owner.
    void drop(Group& group, const std::function<bool(const Message&)>& which);

    [[nodiscard]] std::unique_ptr<Consumer> subscribe(Group& group, ConsumerOptions options, Queue::Handler handler);
    /// Calls `done` soon.
    void answer(Queue::Published done, Result<> result);
    /// Calls no handler and no hook any more; answers still come.
    void close();

    [[nodiscard]] std::uint64_t redelivered() const noexcept { return redelivered_; }

private:
    friend class DistributorConsumer;
    using Lane = Group::Lane;

    void ack(const std::shared_ptr<Member>& member, std::uint64_t id);
    void nack(const std::shared_ptr<Member>& member, std::uint64_t id, Duration delay);
    void end(const std::shared_ptr<Member>& member);
    /// Takes what was out; null when that consumer has no such message.
    [[nodiscard]] Lane* take_back(const std::shared_ptr<Member>& member, std::uint64_t id);
    void stand_in_line(const std::shared_ptr<Member>& member);
    void make_ready(Lane& lane);
    void make_runnable(Group& group);
    void drop_first(Lane& lane);
    void give_back(Lane& lane, Duration delay);
    void turn_soon();
    void turn();
    [[nodiscard]] bool deliver_one(Group& group);
    void arm();
    void end_delays();

    boost::asio::io_context& io_;
    const Clock& clock_;
    const std::uint32_t max_deliveries_;
    Hooks hooks_;
    boost::asio::steady_timer timer_;
    std::optional<Time> armed_for_;
    std::multimap<Time, Lane*> delayed_;
    std::deque<Group*> runnable_;
    std::vector<std::pair<Queue::Published, Result<>>> answers_;
    std::uint64_t last_id_ = 0;
    std::uint64_t redelivered_ = 0;
    bool turning_ = false;  ///< a turn is posted
    bool closed_ = false;
};

}  // namespace holdfast::queue
