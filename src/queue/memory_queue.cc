#include "queue/memory_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <list>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/assert.h"

namespace holdfast::queue {
namespace {

/// Handlers called before the thread is lent to others.
constexpr int deliveries_a_turn = 256;

struct Group;

struct Message {
    std::string key;
    std::string payload;
    std::size_t groups_left = 0;  ///< that have not acknowledged it
    [[nodiscard]] std::size_t size() const { return key.size() + payload.size(); }
};

struct Item {
    std::shared_ptr<Message> message;
    std::uint32_t times = 0;
};

/// One key's messages of one group, oldest first; only the first of them can be out.
struct Lane {
    enum class Place : std::uint8_t { idle, ready, out, delayed };
    Group* group = nullptr;
    std::list<Item> items = {};
    Place place = Place::idle;
};

/// A consumer as the queue sees it.
struct Member {
    Group* group = nullptr;
    std::size_t window = 1;
    Queue::Handler handler = {};
    std::unordered_map<std::uint64_t, Lane*> out = {};
    bool waits = false;  ///< stands in the group's `roomy`
    bool ended = false;
};

struct Topic;

struct Group {
    Topic* topic = nullptr;
    std::string name = {};
    std::unordered_map<std::string, Lane> lanes = {};
    std::deque<Lane*> ready = {};                    ///< whose first message can go out
    std::deque<std::shared_ptr<Member>> roomy = {};  ///< consumers with room in their windows, in turn
    bool runnable = false;                           ///< stands in the queue's `runnable_`
};

struct Topic {
    std::string name = {};
    std::vector<std::unique_ptr<Group>> groups = {};
    std::size_t messages = 0;
    std::size_t bytes = 0;
};

}  // namespace

class MemoryQueueState : public std::enable_shared_from_this<MemoryQueueState> {
public:
    MemoryQueueState(boost::asio::io_context& io, const Clock& clock, MemoryQueueOptions options)
        : io_(io), clock_(clock), limits_(options.limits), timer_(io) {}

    void publish(std::vector<OutMessage> messages, Queue::Published done);
    [[nodiscard]] std::shared_ptr<Member> subscribe(const std::string& topic, std::string group, std::size_t window,
                                                    Queue::Handler handler);
    void ack(const std::shared_ptr<Member>& member, std::uint64_t id);
    void nack(const std::shared_ptr<Member>& member, std::uint64_t id, Duration delay);
    void end(const std::shared_ptr<Member>& member);
    /// Calls no handler any more.
    void close();
    [[nodiscard]] std::vector<Poison> poison(std::size_t limit) const;
    [[nodiscard]] QueueStatus status() const;

private:
    [[nodiscard]] Topic& topic_of(const std::string& name);
    [[nodiscard]] Result<> check_room(const std::vector<OutMessage>& messages) const;
    void put(OutMessage message);
    void make_ready(Lane& lane);
    void make_runnable(Group& group);
    /// Takes what was out; null when that consumer has no such message.
    [[nodiscard]] Lane* take_back(const std::shared_ptr<Member>& member, std::uint64_t id);
    void stand_in_line(const std::shared_ptr<Member>& member);
    void drop_first(Lane& lane);
    void give_back(Lane& lane, Duration delay);
    void set_aside(Lane& lane);
    void turn_soon();
    void turn();
    [[nodiscard]] bool deliver_one(Group& group);
    void arm();
    void end_delays();

    boost::asio::io_context& io_;
    const Clock& clock_;
    const QueueLimits limits_;
    std::unordered_map<std::string, Topic> topics_;
    std::deque<Group*> runnable_;  ///< with something to deliver and somebody to take it
    std::vector<std::pair<Queue::Published, Result<>>> answers_;
    std::multimap<Time, Lane*> delayed_;
    std::deque<Poison> poison_;
    QueueStatus status_;
    std::uint64_t last_id_ = 0;
    bool turning_ = false;  ///< a turn is posted
    bool closed_ = false;
    boost::asio::steady_timer timer_;
    std::optional<Time> armed_for_;
};

Topic& MemoryQueueState::topic_of(const std::string& name) {
    Topic& topic = topics_[name];
    if (topic.name.empty()) topic.name = name;
    return topic;
}

Result<> MemoryQueueState::check_room(const std::vector<OutMessage>& messages) const {
    std::unordered_map<std::string_view, std::pair<std::size_t, std::size_t>> added;
    for (const OutMessage& message : messages) {
        const std::size_t size = message.key.size() + message.payload.size();
        if (size > limits_.max_message_size) {
            return fail(QueueErrc::too_large, fmt::format("a message of {} bytes for {} is larger than the {} the queue takes",
                                                          size, message.topic, limits_.max_message_size));
        }
        auto& [count, bytes] = added[message.topic];
        ++count;
        bytes += size;
    }
    for (const auto& [name, more] : added) {
        const auto topic = topics_.find(std::string(name));
        // What no group wants is not held.
        if (topic == topics_.end()) continue;
        if (topic->second.messages + more.first > limits_.max_messages ||
            topic->second.bytes + more.second > limits_.max_bytes) {
            return fail(QueueErrc::full, fmt::format("the topic {} holds {} messages and takes no more until some of them "
                                                     "have been dealt with",
                                                     name, topic->second.messages));
        }
    }
    return {};
}

void MemoryQueueState::put(OutMessage message) {
    const auto found = topics_.find(message.topic);
    if (found == topics_.end()) return;
    Topic& topic = found->second;
    auto shared = std::make_shared<Message>(std::move(message.key), std::move(message.payload), topic.groups.size());
    ++topic.messages;
    topic.bytes += shared->size();
    for (const auto& group : topic.groups) {
        Lane& lane = group->lanes[shared->key];
        lane.group = group.get();
        lane.items.push_back({shared});
        if (lane.place == Lane::Place::idle) make_ready(lane);
    }
}

void MemoryQueueState::publish(std::vector<OutMessage> messages, Queue::Published done) {
    Result<> result = check_room(messages);
    if (result) {
        status_.published += messages.size();
        for (OutMessage& message : messages)
            put(std::move(message));
    }
    if (!done) return;
    answers_.emplace_back(std::move(done), std::move(result));
    turn_soon();
}

std::shared_ptr<Member> MemoryQueueState::subscribe(const std::string& topic_name, std::string group_name, std::size_t window,
                                                    Queue::Handler handler) {
    Topic& topic = topic_of(topic_name);
    const auto known = std::ranges::find(topic.groups, group_name, &Group::name);
    Group* group = known == topic.groups.end() ? nullptr : known->get();
    if (group == nullptr) {
        group = topic.groups.emplace_back(std::make_unique<Group>()).get();
        group->topic = &topic;
        group->name = std::move(group_name);
    }
    auto member = std::make_shared<Member>();
    member->group = group;
    member->window = std::max<std::size_t>(window, 1);
    member->handler = std::move(handler);
    stand_in_line(member);
    return member;
}

Lane* MemoryQueueState::take_back(const std::shared_ptr<Member>& member, std::uint64_t id) {
    const auto found = member->out.find(id);
    if (found == member->out.end()) return nullptr;
    Lane* lane = found->second;
    member->out.erase(found);
    stand_in_line(member);
    return lane;
}

void MemoryQueueState::ack(const std::shared_ptr<Member>& member, std::uint64_t id) {
    if (Lane* lane = take_back(member, id)) drop_first(*lane);
}

void MemoryQueueState::nack(const std::shared_ptr<Member>& member, std::uint64_t id, Duration delay) {
    if (Lane* lane = take_back(member, id)) give_back(*lane, delay);
}

void MemoryQueueState::end(const std::shared_ptr<Member>& member) {
    member->ended = true;
    std::erase(member->group->roomy, member);
    for (const auto& [id, lane] : std::exchange(member->out, {}))
        give_back(*lane, Duration::zero());
}

void MemoryQueueState::close() {
    closed_ = true;
    timer_.cancel();
}

/// If its window has room and it does not stand there already.
void MemoryQueueState::stand_in_line(const std::shared_ptr<Member>& member) {
    if (member->waits || member->ended || member->out.size() >= member->window) return;
    member->waits = true;
    member->group->roomy.push_back(member);
    make_runnable(*member->group);
}

void MemoryQueueState::make_ready(Lane& lane) {
    lane.place = Lane::Place::ready;
    lane.group->ready.push_back(&lane);
    make_runnable(*lane.group);
}

void MemoryQueueState::make_runnable(Group& group) {
    if (group.runnable || group.ready.empty() || group.roomy.empty()) return;
    group.runnable = true;
    runnable_.push_back(&group);
    turn_soon();
}

/// Forgets the lane's first message, and the lane when it was the last.
void MemoryQueueState::drop_first(Lane& lane) {
    const std::shared_ptr<Message> message = std::move(lane.items.front().message);
    lane.items.pop_front();
    Topic& topic = *lane.group->topic;
    if (--message->groups_left == 0) {
        --topic.messages;
        topic.bytes -= message->size();
    }
    if (!lane.items.empty()) {
        make_ready(lane);
    } else {
        lane.group->lanes.erase(message->key);
    }
}

void MemoryQueueState::give_back(Lane& lane, Duration delay) {
    if (lane.items.front().times >= limits_.max_deliveries) {
        set_aside(lane);
    } else if (delay > Duration::zero()) {
        lane.place = Lane::Place::delayed;
        delayed_.emplace(clock_.now() + delay, &lane);
        arm();
    } else {
        make_ready(lane);
    }
}

void MemoryQueueState::set_aside(Lane& lane) {
    const Item& item = lane.items.front();
    ++status_.poisoned;
    if (poison_.size() >= limits_.max_poison && !poison_.empty()) poison_.pop_front();
    if (limits_.max_poison > 0) {
        poison_.push_back({.topic = lane.group->topic->name,
                           .group = lane.group->name,
                           .key = item.message->key,
                           .payload = item.message->payload,
                           .times = item.times,
                           .set_aside_at = clock_.wall()});
    }
    drop_first(lane);
}

void MemoryQueueState::arm() {
    if (closed_ || delayed_.empty() || (armed_for_ && *armed_for_ <= delayed_.begin()->first)) return;
    armed_for_ = delayed_.begin()->first;
    timer_.expires_after(std::max(*armed_for_ - clock_.now(), Duration::zero()));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        self->armed_for_.reset();
        self->end_delays();
        self->arm();
    });
}

void MemoryQueueState::end_delays() {
    const Time now = clock_.now();
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        Lane* lane = delayed_.begin()->second;
        delayed_.erase(delayed_.begin());
        make_ready(*lane);
    }
}

void MemoryQueueState::turn_soon() {
    if (std::exchange(turning_, true)) return;
    boost::asio::post(io_, [self = shared_from_this()] { self->turn(); });
}

void MemoryQueueState::turn() {
    turning_ = false;
    for (auto& [done, result] : std::exchange(answers_, {}))
        done(std::move(result));
    for (int left = deliveries_a_turn; left > 0 && !runnable_.empty() && !closed_; --left) {
        Group& group = *runnable_.front();
        runnable_.pop_front();
        group.runnable = false;
        if (deliver_one(group)) make_runnable(group);
    }
    if (!runnable_.empty() && !closed_) turn_soon();
}

bool MemoryQueueState::deliver_one(Group& group) {
    if (group.ready.empty() || group.roomy.empty()) return false;
    Lane& lane = *group.ready.front();
    group.ready.pop_front();
    const std::shared_ptr<Member> member = std::move(group.roomy.front());
    group.roomy.pop_front();
    member->waits = false;

    Item& item = lane.items.front();
    lane.place = Lane::Place::out;
    if (++item.times > 1) ++status_.redelivered;
    const std::uint64_t id = ++last_id_;
    member->out.emplace(id, &lane);
    stand_in_line(member);
    // The handler may acknowledge, which takes the lane and its items away.
    const std::shared_ptr<Message> message = item.message;
    member->handler({.id = id, .key = message->key, .payload = message->payload, .times = item.times});
    return true;
}

std::vector<Poison> MemoryQueueState::poison(std::size_t limit) const {
    return {poison_.begin(), poison_.begin() + static_cast<std::ptrdiff_t>(std::min(limit, poison_.size()))};
}

QueueStatus MemoryQueueState::status() const {
    QueueStatus status = status_;
    for (const auto& [name, topic] : topics_)
        status.waiting += topic.messages;
    return status;
}

namespace {

class MemoryConsumer final : public Consumer {
public:
    MemoryConsumer(std::weak_ptr<MemoryQueueState> queue, std::shared_ptr<Member> member)
        : queue_(std::move(queue)), member_(std::move(member)) {}
    ~MemoryConsumer() override {
        if (const auto queue = queue_.lock()) queue->end(member_);
    }
    MemoryConsumer(const MemoryConsumer&) = delete;
    MemoryConsumer& operator=(const MemoryConsumer&) = delete;

    void ack(std::uint64_t id) override {
        if (const auto queue = queue_.lock()) queue->ack(member_, id);
    }
    void nack(std::uint64_t id, Duration delay) override {
        if (const auto queue = queue_.lock()) queue->nack(member_, id, delay);
    }

private:
    std::weak_ptr<MemoryQueueState> queue_;
    std::shared_ptr<Member> member_;
};

}  // namespace

MemoryQueue::MemoryQueue(boost::asio::io_context& io, const Clock& clock, MemoryQueueOptions options)
    : state_(std::make_shared<MemoryQueueState>(io, clock, options)) {}

MemoryQueue::~MemoryQueue() {
    state_->close();
}

void MemoryQueue::publish(std::vector<OutMessage> messages, Published done) {
    state_->publish(std::move(messages), std::move(done));
}

std::unique_ptr<Consumer> MemoryQueue::subscribe(std::string topic, std::string group, ConsumerOptions options,
                                                 Handler handler) {
    return std::make_unique<MemoryConsumer>(state_,
                                            state_->subscribe(topic, std::move(group), options.window, std::move(handler)));
}

std::vector<Poison> MemoryQueue::poison(std::size_t limit) const {
    return state_->poison(limit);
}

QueueStatus MemoryQueue::status() const {
    return state_->status();
}

}  // namespace holdfast::queue
