// The way of requests through a channel: from the queue to the node, and their reports back.

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "channel/channel_impl.h"

namespace holdfast::channel {

using command::NotSent;
using command::Reason;
using command::Report;
using command::SendUnclear;
using command::Sent;

namespace {

constexpr std::string_view part = "channel";
/// A request that nobody can read is offered again a few times, until the queue sets it aside for people to see.
constexpr Duration malformed_pause = std::chrono::milliseconds(100);

std::size_t index_of(Reason reason) {
    return std::min(static_cast<std::size_t>(reason), reason_count - 1);
}

}  // namespace

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
                     {&delivery, 1});
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
    outbox_->add(message_for(request.centre, report), {&delivery, 1});
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
        if (!follows_device(passage)) publish(passage);
    }
}

// A request that has waited for a node goes after its device when that is on another one by now.
bool Channel::Impl::follows_device(Passage& passage) {
    constexpr std::uint8_t most_moves = 3;
    const command::DevicePlace place = directory_.find(passage.request.device);
    passage.mqtt_version = place.connected() ? place.mqtt_version : passage.mqtt_version;
    const bool stays = place.cluster == options_.cluster && place.node == passage.lane->session->name();
    if (stays || passage.moves >= most_moves) return false;
    ++passage.moves;
    wheel_.cancel(passage.timer);
    if (const auto found = std::ranges::find(passage.lane->waiting, &passage); found != passage.lane->waiting.end())
        passage.lane->waiting.erase(found);
    passage.lane = nullptr;
    route(passage);
    return true;
}

void Channel::Impl::on_acknowledged(NodeSession& session, mqtt::PublishTicket ticket, mqtt::ReasonCode reason) {
    Lane* const lane = lane_of(session);
    if (lane == nullptr) return;
    const auto found = std::ranges::find(lane->published, ticket, &Passage::ticket);
    if (found != lane->published.end()) {
        Passage& passage = **found;
        if (mqtt::is_failure(reason)) {
            give_back(passage, Reason::node_refused, fmt::format("node {} refused it: {}", session.name(), mqtt::name(reason)));
        } else if (reason == mqtt::ReasonCode::no_matching_subscribers) {
            give_back(passage, Reason::not_subscribed,
                      fmt::format("node {} has nobody who listens on the device's command topic", session.name()));
        } else {
            settle(passage, Sent{session.name()});
        }
    }
    fill(*lane);
}

void Channel::Impl::expire(Passage& passage) {
    NodeSession& session = *passage.lane->session;
    if (passage.stage == Passage::Stage::waiting) {
        if (follows_device(passage)) return;
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
    outbox_->add(message_for(passage.request.centre, report), passage.deliveries);
    passage.deliveries.clear();
}

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
    if (std::holds_alternative<NotSent>(report.what) && consumer_) {
        // Before the word that it was not sent: otherwise another channel could get it, and send it, after that was believed.
        for (const std::uint64_t delivery : passage.deliveries)
            consumer_->ack(delivery);
        passage.deliveries.clear();
    }
    outbox_->add(message_for(request.centre, report), passage.deliveries);
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

}  // namespace holdfast::channel
