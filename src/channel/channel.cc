#include "channel/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "channel/channel_impl.h"
#include "net/steady_time.h"

namespace holdfast::channel {

using command::Reason;
using command::SendUnclear;

namespace {

constexpr Duration wheel_tick = std::chrono::milliseconds(10);

}  // namespace

Channel::Impl::Impl(net::IoContext& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
                    std::shared_ptr<const profile::ProfileTable> profiles, Centres centres, ChannelOptions options)
    : io_(io),
      clock_(clock),
      queue_(queue),
      directory_(directory),
      profiles_(std::move(profiles)),
      centres_(std::move(centres)),
      options_(std::move(options)),
      known_(options_.max_known),
      unknown_pace_(options_.unknown_replies_per_second, options_.unknown_replies_per_second, net::steady_now()),
      wheel_(wheel_tick, net::steady_now()),
      wheel_timer_(io) {}

void Channel::Impl::start() {
    outbox_ =
        std::make_shared<ReportOutbox>(io_, queue_, options_.max_reports, [weak = weak_from_this()](std::uint64_t delivery) {
            const auto self = weak.lock();
            if (self && self->consumer_) self->consumer_->ack(delivery);
        });
    watching_ = directory_.watch_nodes([weak = weak_from_this()] {
        if (const auto self = weak.lock(); self && !self->stopped_) self->sync_nodes();
    });
    sync_nodes();
    consumer_ = queue_.subscribe("request." + options_.cluster, "channel", {.window = options_.window},
                                 [weak = weak_from_this()](const queue::Delivery& delivery) {
                                     if (const auto self = weak.lock(); self && !self->stopped_) self->take(delivery);
                                 });
}

void Channel::Impl::stop() {
    if (std::exchange(stopped_, true)) return;
    watching_.reset();
    consumer_.reset();
    if (outbox_) outbox_->stop();
    wheel_timer_.cancel();
    for (const auto& [name, lane] : lanes_)
        lane->session->stop();
    for (const auto& [key, passage] : passages_)
        wheel_.cancel(passage->timer);
    passages_.clear();
    lanes_.clear();
}

void Channel::Impl::set_profiles(std::shared_ptr<const profile::ProfileTable> profiles) {
    profiles_ = std::move(profiles);
    for (const auto& [name, lane] : lanes_)
        lane->session->set_filters(profiles_->reply_filters());
}

ChannelStatus Channel::Impl::status() const {
    ChannelStatus status;
    status.cluster = options_.cluster;
    for (const auto& [name, lane] : lanes_) {
        const NodeSession& session = *lane->session;
        status.nodes.push_back({.name = name,
                                .connected = session.ready(),
                                .in_flight = lane->published.size(),
                                .waiting = lane->waiting.size(),
                                .sentence = session.ready() ? std::string{} : session.why(),
                                .sessions = session.sessions()});
    }
    status.under_way = passages_.size();
    status.known = known_.size();
    status.reports_waiting = outbox_ ? outbox_->waiting() : 0;
    status.counts = counts_;
    if (outbox_ && !outbox_->trouble().empty()) {
        status.ok = false;
        status.sentence = "the queue takes no reports: " + outbox_->trouble();
    } else if (!status.nodes.empty() && std::ranges::none_of(status.nodes, &NodeStatus::connected)) {
        status.ok = false;
        status.sentence = fmt::format("no session with any node of {}: {}", options_.cluster, status.nodes.front().sentence);
    }
    return status;
}

void Channel::Impl::sync_nodes() {
    const auto places = directory_.nodes(options_.cluster);
    for (auto at = lanes_.begin(); at != lanes_.end();) {
        const bool listed = std::ranges::any_of(places, [&](const auto& place) { return place.name == at->first; });
        if (listed) {
            ++at;
            continue;
        }
        const auto gone = std::move(at->second);
        at = lanes_.erase(at);
        drop_lane(*gone);
    }
    for (const auto& place : places) {
        auto& lane = lanes_[place.name];
        if (lane) {
            lane->session->set_place(place);
            continue;
        }
        lane = std::make_unique<Lane>();
        lane->session = std::make_shared<NodeSession>(io_, options_, place, profiles_->reply_filters(), *this);
        lane->session->start();
    }
}

void Channel::Impl::drop_lane(Lane& lane) {
    lane.session->stop();
    const std::string why = fmt::format("node {} is no longer one of {}", lane.session->name(), options_.cluster);
    while (!lane.waiting.empty()) {
        Passage& passage = *lane.waiting.front();
        if (!follows_device(passage)) give_back(passage, Reason::node_unreachable, why);
    }
    while (!lane.published.empty()) {
        Passage& passage = *lane.published.front();
        passage.stage == Passage::Stage::unclear ? forget(passage) : settle(passage, SendUnclear{lane.session->name(), why});
    }
}

Lane* Channel::Impl::lane_of(const NodeSession& session) {
    const auto found = lanes_.find(session.name());
    return found != lanes_.end() && found->second->session.get() == &session ? found->second.get() : nullptr;
}

void Channel::Impl::on_ready(NodeSession& session) {
    if (Lane* const lane = lane_of(session)) fill(*lane);
}

void Channel::Impl::on_lost(NodeSession& session) {
    Lane* const lane = lane_of(session);
    if (lane == nullptr) return;
    while (!lane->published.empty()) {
        Passage& passage = *lane->published.front();
        if (passage.stage == Passage::Stage::unclear) {
            forget(passage);
        } else {
            settle(passage, SendUnclear{session.name(), fmt::format("published, and the session with node {} ended before it "
                                                                    "said whether it has taken it: {}",
                                                                    session.name(), session.why())});
        }
    }
    // Those that wait for room wait for the session now.
    const Time until = session.lost_at() + options_.connect_grace;
    for (Passage* const passage : lane->waiting)
        wheel_.schedule(passage->timer, std::min(passage->timer.deadline(), until));
    arm();
}

void Channel::Impl::arm() {
    if (armed_ || stopped_) return;
    const auto next = wheel_.next_tick();
    if (!next) return;
    armed_ = true;
    wheel_timer_.expires_at(net::to_steady(*next));
    wheel_timer_.async_wait([weak = weak_from_this()](const net::ErrorCode& error) {
        const auto self = weak.lock();
        if (error || !self || self->stopped_) return;
        self->armed_ = false;
        self->on_wheel();
    });
}

void Channel::Impl::on_wheel() {
    wheel_.advance(clock_.now(), [this](WheelTimer& timer) { expire(static_cast<Passage::Timer&>(timer).owner); });
    arm();
}

Channel::Channel(net::IoContext& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
                 std::shared_ptr<const profile::ProfileTable> profiles, Centres centres, ChannelOptions options)
    : impl_(std::make_shared<Impl>(io, clock, queue, directory, std::move(profiles), std::move(centres), std::move(options))) {}

Channel::~Channel() {
    stop();
}

void Channel::start() {
    impl_->start();
}

void Channel::stop() {
    impl_->stop();
}

void Channel::set_profiles(std::shared_ptr<const profile::ProfileTable> profiles) {
    impl_->set_profiles(std::move(profiles));
}

ChannelStatus Channel::status() const {
    return impl_->status();
}

}  // namespace holdfast::channel
