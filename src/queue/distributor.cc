#include "queue/distributor.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <unordered_set>
#include <utility>

namespace holdfast::queue {
namespace {

/// Handlers called before the thread is lent to others.
constexpr int deliveries_a_turn = 256;

}  // namespace

struct Member {
    Group* group = nullptr;
    std::size_t window = 1;
    Queue::Handler handler = {};
    std::unordered_map<std::uint64_t, Group::Lane*> out = {};
    bool waits = false;  ///< stands in the group's `roomy`
    bool ended = false;
};

class DistributorConsumer final : public Consumer {
public:
    DistributorConsumer(std::weak_ptr<Distributor> distributor, std::shared_ptr<Member> member)
        : distributor_(std::move(distributor)), member_(std::move(member)) {}
    ~DistributorConsumer() override {
        member_->ended = true;
        if (const auto distributor = distributor_.lock()) distributor->end(member_);
    }
    DistributorConsumer(const DistributorConsumer&) = delete;
    DistributorConsumer& operator=(const DistributorConsumer&) = delete;

    void ack(std::uint64_t id) override {
        if (const auto distributor = distributor_.lock()) distributor->ack(member_, id);
    }
    void nack(std::uint64_t id, Duration delay) override {
        if (const auto distributor = distributor_.lock()) distributor->nack(member_, id, delay);
    }

private:
    std::weak_ptr<Distributor> distributor_;
    std::shared_ptr<Member> member_;
};

void Distributor::put(Group& group, MessagePtr message, std::uint32_t times) {
    Lane& lane = group.lanes[message->key];
    lane.group = &group;
    lane.items.push_back({std::move(message), times});
    if (lane.place == Lane::Place::idle) make_ready(lane);
}

void Distributor::drop(Group& group, const std::function<bool(const Message&)>& which) {
    const auto unwanted = [&](const Lane::Item& item) { return which(*item.message); };
    std::unordered_set<const Lane*> empty;
    for (auto& [key, lane] : group.lanes) {
        const auto first = lane.place == Lane::Place::out ? std::next(lane.items.begin()) : lane.items.begin();
        lane.items.erase(std::remove_if(first, lane.items.end(), unwanted), lane.items.end());
        if (lane.items.empty()) empty.insert(&lane);
    }
    std::erase_if(group.ready, [&](const Lane* lane) { return empty.contains(lane); });
    std::erase_if(delayed_, [&](const auto& one) { return empty.contains(one.second); });
    std::erase_if(group.lanes, [&](const auto& one) { return empty.contains(&one.second); });
}

std::unique_ptr<Consumer> Distributor::subscribe(Group& group, ConsumerOptions options, Queue::Handler handler) {
    auto member = std::make_shared<Member>();
    member->group = &group;
    member->window = std::max<std::size_t>(options.window, 1);
    member->handler = std::move(handler);
    ++group.members;
    stand_in_line(member);
    return std::make_unique<DistributorConsumer>(weak_from_this(), std::move(member));
}

void Distributor::answer(Queue::Published done, Result<> result) {
    if (!done) return;
    answers_.emplace_back(std::move(done), std::move(result));
    turn_soon();
}

void Distributor::close() {
    closed_ = true;
    hooks_ = {};
    timer_.cancel();
}

void Distributor::end(const std::shared_ptr<Member>& member) {
    if (closed_) return;
    Group& group = *member->group;
    std::erase(group.roomy, member);
    for (const auto& [id, lane] : std::exchange(member->out, {}))
        give_back(*lane, Duration::zero());
    if (--group.members == 0 && hooks_.last_consumer_ended) hooks_.last_consumer_ended(group);
}

Group::Lane* Distributor::take_back(const std::shared_ptr<Member>& member, std::uint64_t id) {
    const auto found = member->out.find(id);
    if (closed_ || found == member->out.end()) return nullptr;
    Lane* lane = found->second;
    member->out.erase(found);
    stand_in_line(member);
    return lane;
}

void Distributor::ack(const std::shared_ptr<Member>& member, std::uint64_t id) {
    Lane* lane = take_back(member, id);
    if (lane == nullptr) return;
    const MessagePtr message = lane->items.front().message;
    drop_first(*lane);
    if (hooks_.acknowledged) hooks_.acknowledged(*member->group, *message);
}

void Distributor::nack(const std::shared_ptr<Member>& member, std::uint64_t id, Duration delay) {
    if (Lane* lane = take_back(member, id)) give_back(*lane, delay);
}

/// If its window has room and it does not stand there already.
void Distributor::stand_in_line(const std::shared_ptr<Member>& member) {
    if (member->waits || member->ended || member->out.size() >= member->window) return;
    member->waits = true;
    member->group->roomy.push_back(member);
    make_runnable(*member->group);
}

void Distributor::make_ready(Lane& lane) {
    lane.place = Lane::Place::ready;
    lane.group->ready.push_back(&lane);
    make_runnable(*lane.group);
}

void Distributor::make_runnable(Group& group) {
    if (group.runnable || group.ready.empty() || group.roomy.empty()) return;
    group.runnable = true;
    runnable_.push_back(&group);
    turn_soon();
}

/// Forgets the lane's first message, and the lane when it was the last.
void Distributor::drop_first(Lane& lane) {
    const MessagePtr message = std::move(lane.items.front().message);
    lane.items.pop_front();
    if (!lane.items.empty()) {
        make_ready(lane);
    } else {
        lane.group->lanes.erase(message->key);
    }
}

void Distributor::give_back(Lane& lane, Duration delay) {
    const Lane::Item item = lane.items.front();
    Group& group = *lane.group;
    if (item.times >= max_deliveries_) {
        drop_first(lane);
        if (hooks_.set_aside) hooks_.set_aside(group, *item.message, item.times);
        return;
    }
    if (delay > Duration::zero()) {
        lane.place = Lane::Place::delayed;
        delayed_.emplace(clock_.now() + delay, &lane);
        arm();
    } else {
        make_ready(lane);
    }
    if (hooks_.came_back) hooks_.came_back(group, *item.message, item.times);
}

void Distributor::arm() {
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

void Distributor::end_delays() {
    const Time now = clock_.now();
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        Lane* lane = delayed_.begin()->second;
        delayed_.erase(delayed_.begin());
        make_ready(*lane);
    }
}

void Distributor::turn_soon() {
    if (std::exchange(turning_, true)) return;
    boost::asio::post(io_, [self = shared_from_this()] { self->turn(); });
}

void Distributor::turn() {
    turning_ = false;
    for (auto& [done, result] : std::exchange(answers_, {}))
        done(std::move(result));
    for (int left = deliveries_a_turn; left > 0 && !runnable_.empty() && !closed_; --left) {
        Group& group = *runnable_.front();
        runnable_.pop_front();
        group.runnable = false;
        if (deliver_one(group) && !closed_) make_runnable(group);
    }
    if (!runnable_.empty() && !closed_) turn_soon();
}

bool Distributor::deliver_one(Group& group) {
    if (group.ready.empty() || group.roomy.empty()) return false;
    Lane& lane = *group.ready.front();
    group.ready.pop_front();
    const std::shared_ptr<Member> member = std::move(group.roomy.front());
    group.roomy.pop_front();
    member->waits = false;

    Lane::Item& item = lane.items.front();
    lane.place = Lane::Place::out;
    if (++item.times > 1) ++redelivered_;
    const std::uint64_t id = ++last_id_;
    member->out.emplace(id, &lane);
    stand_in_line(member);
    // The handler may acknowledge, which takes the lane and its items away.
    const MessagePtr message = item.message;
    member->handler({.id = id, .key = message->key, .payload = message->payload, .times = item.times});
    return true;
}

}  // namespace holdfast::queue
