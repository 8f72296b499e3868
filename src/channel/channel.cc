#include "channel/channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>

#include "base/token_bucket.h"
#include "channel/known_requests.h"
#include "channel/node_session.h"
#include "channel/passage.h"
#include "channel/report_outbox.h"
#include "net/steady_time.h"
#include "profile/command_frame.h"
#include "runtime/log.h"

namespace holdfast::channel {

using command::NotSent;
using command::Reason;
using command::Report;
using command::SendUnclear;
using command::Sent;

/// One node, and the requests for its devices.
struct Lane {
    std::shared_ptr<NodeSession> session;
    std::deque<Passage*> waiting;
    /// In the order of publishing, which is that of the PUBACKs. [MQTT-4.6.0-2]
    std::deque<Passage*> published;
};

namespace {

constexpr std::string_view part = "channel";
constexpr Duration wheel_tick = std::chrono::milliseconds(10);
/// A request that nobody can read is offered again a few times, until the queue sets it aside for people to see.
constexpr Duration malformed_pause = std::chrono::milliseconds(100);

std::string text_of(const command::CommandId& id, std::uint16_t attempt) {
    return fmt::format("{} (attempt {})", id.text(), attempt);
}

std::size_t index_of(Reason reason) {
    return std::min(static_cast<std::size_t>(reason), reason_count - 1);
}

}  // namespace

class Channel::Impl final : public NodeSessionUser, public std::enable_shared_from_this<Channel::Impl> {
public:
    Impl(net::IoContext& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
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

    void start();
    void stop();
    void set_profiles(std::shared_ptr<const profile::ProfileTable> profiles);
    [[nodiscard]] ChannelStatus status() const;

    void on_ready(NodeSession& session) override;
    void on_lost(NodeSession& session) override;
    void on_acknowledged(NodeSession& session, mqtt::PublishTicket ticket, mqtt::ReasonCode reason) override;
    void on_message(NodeSession& session, const mqtt::PublishView& message) override;

private:
    using Outcome = decltype(Report::what);

    void sync_nodes();
    void drop_lane(Lane& lane);
    [[nodiscard]] Lane* lane_of(const NodeSession& session);

    void take(const queue::Delivery& delivery);
    [[nodiscard]] bool was_taken_before(const command::Request& request, std::uint64_t delivery);
    void route(Passage& passage);
    void publish(Passage& passage);
    void fill(Lane& lane);
    void expire(Passage& passage);

    void settle(Passage& passage, Outcome outcome);
    void give_back(Passage& passage, Reason reason, std::string detail);
    void forget(Passage& passage);
    void count(const Outcome& outcome);
    [[nodiscard]] queue::OutMessage message_for(const std::string& centre, const Report& report) const;

    void pass_on(KnownRequest& known, std::string_view device, profile::ReplyReading reading);
    void pass_to_every_centre(std::string_view device, profile::ReplyReading reading, std::string_view topic);

    void arm();
    void on_wheel();

    net::IoContext& io_;
    const Clock& clock_;
    queue::Queue& queue_;
    control::DeviceDirectory& directory_;
    std::shared_ptr<const profile::ProfileTable> profiles_;
    Centres centres_;
    ChannelOptions options_;
    ChannelCounts counts_;
    KnownRequests known_;
    TokenBucket unknown_pace_;
    std::map<std::string, std::unique_ptr<Lane>, std::less<>> lanes_;
    std::unordered_map<PassageKey, std::unique_ptr<Passage>, PassageKeyHash> passages_;
    TimerWheel wheel_;
    net::Timer wheel_timer_;
    std::shared_ptr<ReportOutbox> outbox_;
    std::unique_ptr<queue::Consumer> consumer_;
    std::unique_ptr<control::Watching> watching_;
    /// Used again for each publish.
    profile::CommandFrame frame_;
    log::RepeatLimit malformed_log_;
    log::RepeatLimit unreadable_log_;
    log::RepeatLimit stranger_log_;
    log::RepeatLimit lost_report_log_;
    bool armed_ = false;
    bool stopped_ = false;
};

// --- life ---

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

// --- nodes ---

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
    while (!lane.waiting.empty())
        give_back(*lane.waiting.front(), Reason::node_unreachable, why);
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

// --- requests ---

void Channel::Impl::take(const queue::Delivery& delivery) {
    auto request = command::decode_request(as_bytes(delivery.payload));
    if (!request) {
        ++counts_.malformed;
        malformed_log_.write(
            clock_.now(), log::Level::error, part,
            fmt::format("{}: a request from the queue cannot be read: {}; it is set aside after some more tries "
                        "(see the poison messages)",
                        options_.cluster, request.error().message()));
        consumer_->nack(delivery.id, malformed_pause);
        return;
    }
    ++counts_.requests;
    if (was_taken_before(*request, delivery.id)) return;
    known_.remember(*request);
    auto owned = std::make_unique<Passage>();
    Passage& passage = *owned;
    passage.request = std::move(*request);
    passage.redelivered = delivery.times > 1;
    passage.deliveries.push_back(delivery.id);
    passages_.emplace(PassageKey{passage.request.id, passage.request.attempt}, std::move(owned));
    route(passage);
}

// The same attempt once more is never published twice: either it is under way, or what was said about it is said again.
bool Channel::Impl::was_taken_before(const command::Request& request, std::uint64_t delivery) {
    if (const auto under_way = passages_.find({request.id, request.attempt}); under_way != passages_.end()) {
        ++counts_.repeated_requests;
        Passage& passage = *under_way->second;
        if (passage.stage != Passage::Stage::unclear) {
            passage.deliveries.push_back(delivery);
            return true;
        }
        outbox_->add(message_for(request.centre, {.id = request.id,
                                                  .attempt = request.attempt,
                                                  .device = request.device,
                                                  .at = clock_.wall(),
                                                  .what = SendUnclear{passage.lane->session->name(), {}}}),
                     delivery);
        return true;
    }
    KnownRequest* const known = known_.find(request.id);
    if (known == nullptr || known->attempt < request.attempt) return false;
    Report report{.id = request.id, .attempt = request.attempt, .device = request.device, .at = clock_.wall()};
    if (known->attempt > request.attempt) {
        report.what = SendUnclear{{}, "a newer attempt was published after it"};
    } else if (const auto* not_sent = std::get_if<NotSent>(&known->outcome)) {
        report.what = *not_sent;
    } else if (const auto* sent = std::get_if<Sent>(&known->outcome)) {
        report.what = *sent;
    } else if (const auto* unclear = std::get_if<SendUnclear>(&known->outcome)) {
        report.what = *unclear;
    } else {
        return false;
    }
    ++counts_.repeated_requests;
    outbox_->add(message_for(request.centre, report), delivery);
    return true;
}

void Channel::Impl::route(Passage& passage) {
    const command::DevicePlace place = directory_.find(passage.request.device);
    if (!place.known) return give_back(passage, Reason::device_unknown, {});
    if (place.disabled) return give_back(passage, Reason::device_disabled, {});
    if (place.cluster.empty()) return give_back(passage, Reason::no_cluster, {});
    if (place.cluster != options_.cluster) {
        return give_back(passage, Reason::device_offline,
                         fmt::format("the device is no longer on cluster {}, but on {}", options_.cluster, place.cluster));
    }
    if (!place.connected()) return give_back(passage, Reason::device_offline, {});
    const auto lane = lanes_.find(place.node);
    if (lane == lanes_.end()) {
        return give_back(passage, Reason::node_unreachable,
                         fmt::format("the device is on node {}, which cluster {} does not list", place.node, options_.cluster));
    }
    passage.lane = lane->second.get();
    passage.mqtt_version = place.mqtt_version;
    NodeSession& session = *passage.lane->session;
    if (session.has_room() && passage.lane->waiting.empty()) return publish(passage);
    const Time now = clock_.now();
    const Time limit = session.ready() ? now + options_.room_timeout : session.lost_at() + options_.connect_grace;
    if (limit <= now) {
        return give_back(passage, Reason::node_unreachable,
                         fmt::format("no session with node {}: {}", session.name(), session.why()));
    }
    passage.lane->waiting.push_back(&passage);
    const Time deadline = now + std::chrono::duration_cast<Duration>(passage.request.deadline - clock_.wall());
    wheel_.schedule(passage.timer, std::min(limit, deadline));
    arm();
}

// The passage is in no list, and its lane has room.
void Channel::Impl::publish(Passage& passage) {
    const WallTime now = clock_.wall();
    if (now >= passage.request.deadline) return give_back(passage, Reason::deadline_passed, {});
    const profile::Profile& profile = profiles_->of(passage.request.device);
    if (auto made = profile::make_frame(profile, passage.request, passage.mqtt_version, now, frame_); !made)
        return give_back(passage, Reason::not_encodable, made.error().message());
    NodeSession& session = *passage.lane->session;
    const auto ticket = session.publish(frame_);
    if (!ticket) {
        const bool too_large = ticket.error().is(mqtt::Errc::packet_too_large);
        return give_back(passage, too_large ? Reason::not_encodable : Reason::node_refused,
                         fmt::format("node {} does not take it: {}", session.name(), ticket.error().message()));
    }
    passage.ticket = *ticket;
    passage.stage = Passage::Stage::published;
    passage.lane->published.push_back(&passage);
    wheel_.schedule(passage.timer, clock_.now() + options_.puback_timeout);
    arm();
}

void Channel::Impl::fill(Lane& lane) {
    while (!lane.waiting.empty() && lane.session->has_room()) {
        Passage& passage = *lane.waiting.front();
        lane.waiting.pop_front();
        wheel_.cancel(passage.timer);
        publish(passage);
    }
}

void Channel::Impl::on_acknowledged(NodeSession& session, mqtt::PublishTicket ticket, mqtt::ReasonCode reason) {
    Lane* const lane = lane_of(session);
    if (lane == nullptr) return;
    const auto found = std::ranges::find(lane->published, ticket, &Passage::ticket);
    if (found != lane->published.end()) {
        Passage& passage = **found;
        if (mqtt::is_failure(reason)) {
            settle(passage,
                   NotSent{Reason::node_refused, fmt::format("node {} refused it: {}", session.name(), mqtt::name(reason))});
        } else if (reason == mqtt::ReasonCode::no_matching_subscribers) {
            settle(passage,
                   NotSent{Reason::not_subscribed,
                           fmt::format("node {} has nobody who listens on the device's command topic", session.name())});
        } else {
            settle(passage, Sent{session.name()});
        }
    }
    fill(*lane);
}

void Channel::Impl::expire(Passage& passage) {
    NodeSession& session = *passage.lane->session;
    if (passage.stage == Passage::Stage::waiting) {
        if (clock_.wall() >= passage.request.deadline) return give_back(passage, Reason::deadline_passed, {});
        return give_back(passage, Reason::node_unreachable,
                         session.ready() ? fmt::format("node {} acknowledges too slowly to be given more", session.name())
                                         : fmt::format("no session with node {}: {}", session.name(), session.why()));
    }
    if (passage.stage != Passage::Stage::published) return;
    // The centre need not wait any longer, but the PUBACK may still come.
    passage.stage = Passage::Stage::unclear;
    const SendUnclear unclear{
        session.name(), fmt::format("published, and node {} has not said for {} ms whether it has taken it", session.name(),
                                    std::chrono::duration_cast<std::chrono::milliseconds>(options_.puback_timeout).count())};
    if (auto* const known = known_.find(passage.request.id); known != nullptr && known->attempt == passage.request.attempt)
        known->outcome = unclear;
    const Report report{.id = passage.request.id,
                        .attempt = passage.request.attempt,
                        .device = passage.request.device,
                        .at = clock_.wall(),
                        .what = unclear};
    count(report.what);
    for (const std::uint64_t delivery : std::exchange(passage.deliveries, {}))
        outbox_->add(message_for(passage.request.centre, report), delivery);
}

// --- ends ---

void Channel::Impl::give_back(Passage& passage, Reason reason, std::string detail) {
    if (!passage.redelivered) return settle(passage, NotSent{reason, std::move(detail)});
    // Whoever had it before may have published it.
    std::string why = fmt::format("given to a channel before, which may have published it; not published again: {}",
                                  detail.empty() ? command::sentence(reason) : std::string_view(detail));
    settle(passage, SendUnclear{{}, std::move(why)});
}

void Channel::Impl::settle(Passage& passage, Outcome outcome) {
    count(outcome);
    const command::Request& request = passage.request;
    if (auto* const known = known_.find(request.id); known != nullptr && known->attempt == request.attempt) {
        std::visit(
            [known](const auto& what) {
                if constexpr (requires { known->outcome = what; }) known->outcome = what;
            },
            outcome);
    }
    const Report report{.id = request.id,
                        .attempt = request.attempt,
                        .device = request.device,
                        .at = clock_.wall(),
                        .what = std::move(outcome)};
    bool first = true;
    for (const std::uint64_t delivery : passage.deliveries) {
        outbox_->add(message_for(request.centre, report), delivery);
        first = false;
    }
    // It was told that it is unclear, and now it is clear.
    if (first) static_cast<void>(outbox_->add(message_for(request.centre, report)));
    forget(passage);
}

void Channel::Impl::count(const Outcome& outcome) {
    if (const auto* not_sent = std::get_if<NotSent>(&outcome)) {
        ++counts_.not_sent[index_of(not_sent->reason)];
    } else if (std::holds_alternative<Sent>(outcome)) {
        ++counts_.sent;
    } else if (std::holds_alternative<SendUnclear>(outcome)) {
        ++counts_.unclear;
    }
}

void Channel::Impl::forget(Passage& passage) {
    wheel_.cancel(passage.timer);
    if (passage.lane != nullptr) {
        auto& list = passage.stage == Passage::Stage::waiting ? passage.lane->waiting : passage.lane->published;
        // Nearly always the first.
        if (const auto found = std::ranges::find(list, &passage); found != list.end()) list.erase(found);
    }
    passages_.erase({passage.request.id, passage.request.attempt});
}

queue::OutMessage Channel::Impl::message_for(const std::string& centre, const Report& report) const {
    return {"response." + centre, report.device, command::encode(report)};
}

// --- replies ---

void Channel::Impl::on_message(NodeSession& session, const mqtt::PublishView& message) {
    auto reply = profiles_->read_reply(message.topic, message.payload, message.properties);
    if (!reply) {
        ++counts_.unreadable;
        unreadable_log_.write(
            clock_.now(), log::Level::warning, part,
            fmt::format("{}: a reply of {} bytes on {} by way of node {} is about no command ({}); dropped, see "
                        "the device's profile",
                        options_.cluster, message.payload.size(), message.topic, session.name(),
                        profile::to_string(reply.error())));
        return;
    }
    KnownRequest* const known = known_.find(reply->reading.id);
    if (known == nullptr) return pass_to_every_centre(reply->device, std::move(reply->reading), message.topic);
    if (!reply->device.empty() && reply->device != known->device) {
        ++counts_.wrong_device;
        stranger_log_.write(
            clock_.now(), log::Level::warning, part,
            fmt::format("{}: command {} is for device {}, but {} answered it; dropped, look after who may publish "
                        "on its topics",
                        options_.cluster, reply->reading.id.text(), known->device, reply->device));
        return;
    }
    pass_on(*known, known->device, std::move(reply->reading));
}

void Channel::Impl::pass_on(KnownRequest& known, std::string_view device, profile::ReplyReading reading) {
    // More words than this about one command are noise.
    constexpr std::uint16_t most_words = 2 * command::max_attempts;
    if (reading.attempt > known.attempt) reading.attempt = 0;
    const std::uint16_t attempt = reading.attempt == 0 ? known.attempt : reading.attempt;
    const bool last_word = std::holds_alternative<command::Replied>(reading.what);
    const bool said = known.replied == attempt || (!last_word && known.acknowledged == attempt);
    if (said || known.passed_on >= most_words) {
        ++counts_.repeated_replies;
        return;
    }
    Report report{.id = reading.id, .attempt = reading.attempt, .device = std::string(device), .at = clock_.wall()};
    std::visit([&report](auto& what) { report.what = std::move(what); }, reading.what);
    if (!outbox_->add(message_for(known.centre, report))) {
        ++counts_.reports_lost;
        lost_report_log_.write(clock_.now(), log::Level::error, part,
                               fmt::format("{}: the answer to command {} is lost, because the queue takes no reports ({}); the "
                                           "centre will ask the device again",
                                           options_.cluster, text_of(reading.id, attempt), outbox_->trouble()));
        return;
    }
    ++known.passed_on;
    (last_word ? known.replied : known.acknowledged) = attempt;
    ++(last_word ? counts_.replies : counts_.acknowledgements);
}

// After a restart, or when another channel of the cluster sent the request.
void Channel::Impl::pass_to_every_centre(std::string_view device, profile::ReplyReading reading, std::string_view topic) {
    const auto centres = device.empty() || !unknown_pace_.take(clock_.now()) ? std::vector<std::string>{} : centres_();
    if (centres.empty()) {
        ++counts_.unmatched;
        stranger_log_.write(clock_.now(), log::Level::warning, part,
                            fmt::format("{}: a reply on {} is for nobody: command {} is not known here; dropped",
                                        options_.cluster, topic, reading.id.text()));
        return;
    }
    ++counts_.unknown_replies;
    Report report{.id = reading.id, .attempt = reading.attempt, .device = std::string(device), .at = clock_.wall()};
    std::visit([&report](auto& what) { report.what = std::move(what); }, reading.what);
    for (const std::string& centre : centres) {
        if (!outbox_->add(message_for(centre, report))) ++counts_.reports_lost;
    }
}

// --- time ---

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

// --- the channel itself ---

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
