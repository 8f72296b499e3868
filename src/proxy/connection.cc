#include "proxy/connection.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "mqtt/refusal.h"
#include "proxy/handshake.h"
#include "proxy/refusal_answer.h"

namespace holdfast::proxy {

using fleet::RefuseReason;
using fleet::TraceKind;

namespace {
/// DISCONNECT with reason 0x00: the node discards the will and keeps the session as agreed. The same bytes in every version.
constexpr std::array<Byte, 2> client_goodbye = {0xE0, 0x00};

/// The packets of a malformed piece that are whole.
ByteView up_to_boundary(ByteView bytes, const mqtt::Walk& walk) noexcept {
    return walk.last_boundary == mqtt::Walk::none ? ByteView{} : bytes.first(walk.last_boundary);
}

struct RestOfPacket {
    ByteView bytes;
    bool ok;
};

/// What of `bytes` belongs to the packet that `walker` is in: nothing when it is at a boundary.
template <class OnPacket>
RestOfPacket rest_of_packet(mqtt::PacketWalker& walker, ByteView bytes, OnPacket&& on_packet) {
    std::size_t taken = 0;
    while (taken < bytes.size() && !walker.at_boundary()) {
        const std::size_t step = std::clamp<std::size_t>(walker.body_left(), 1, bytes.size() - taken);
        if (!walker.walk(bytes.subspan(taken, step), on_packet).ok) return {{}, false};
        taken += step;
    }
    return {bytes.first(taken), true};
}
}  // namespace

Connection::Connection(const Limits& limits, Admission admission, Time now)
    : admission_(admission), deadline_(now + limits.connect_deadline), handshake_(std::make_unique<Handshake>()) {}

Connection::~Connection() = default;

Actions Connection::device_bytes(ByteView bytes, const Limits& limits, Time now) {
    Actions actions;
    switch (phase_) {
        case Phase::collecting:
            return collect(bytes, limits, now);
        case Phase::waiting:
        case Phase::connecting:
        case Phase::greeting:
            if (handshake_->committed) {
                relay_from_device(bytes, limits, now, actions);
            } else {
                handshake_->held.insert(handshake_->held.end(), bytes.begin(), bytes.end());
            }
            return actions;
        case Phase::relaying:
            relay_from_device(bytes, limits, now, actions);
            return actions;
        case Phase::parting:
            finish_from_device(bytes, limits, now, actions);
            return actions;
        case Phase::refusing:
        case Phase::closing:
        case Phase::ended:
            return actions;
    }
    return actions;
}

bool Connection::wants_device_bytes(const Limits& limits) const noexcept {
    if (phase_ != Phase::waiting && phase_ != Phase::connecting && phase_ != Phase::greeting) return true;
    return !handshake_->device_ended && (handshake_->committed || handshake_->held.size() < limits.held_max);
}

Actions Connection::node_bytes(ByteView bytes, const Limits& limits, Time now) {
    Actions actions;
    if (phase_ == Phase::greeting) return greeting_bytes(bytes, limits, now);
    if (phase_ == Phase::relaying) relay_from_node(bytes, limits, now, actions);
    if (phase_ == Phase::parting) finish_from_node(bytes, limits, now, actions);
    return actions;
}

void Connection::relay_from_device(ByteView bytes, const Limits& limits, Time now, Actions& actions) {
    if (node_done_) return;
    if (follower_ != nullptr && follower_->wants_from_device()) follower_->more_from_device(bytes);
    const mqtt::Walk walk = from_device_.walk(bytes, [this, bytes](const mqtt::WalkedPacket& packet) {
        note_from_device(packet);
        if (packet.type() == mqtt::PacketType::puback && follower_ != nullptr) follower_->puback(packet, bytes);
    });
    if (phase_ == Phase::relaying) deadline_ = now + std::chrono::milliseconds(idle_limit_ms_);
    actions.to_node[0] = walk.ok ? bytes : up_to_boundary(bytes, walk);
    bytes_from_device_ += actions.to_node[0].size();
    if (!walk.ok) device_is_malformed(actions, limits, now);
}

void Connection::device_is_malformed(Actions& actions, const Limits& limits, Time now) {
    set_end_reason(EndReason::device_malformed);
    // The will is the node's to publish: no DISCONNECT in the device's name.
    close_node(actions, Close::after_flush, limits, now);
    if (!opened_) {
        handshake_->refused = RefuseReason::malformed;
        handshake_->plan.trace.add(RefuseReason::malformed);
        actions.report = Report::refused;
        // No DISCONNECT before a CONNACK that accepts [MQTT-3.14.0-1].
        own_packet_ = mqtt::refusal_for(version_, mqtt::RefusalReason::malformed, handshake_->view->refusal_details());
        actions.to_device[1] = own_packet_;
    } else if (from_node_.at_boundary()) {
        actions.to_device[1] = goodbye_to_device(mqtt::ReasonCode::malformed_packet);
    }
    close_device(actions, Close::after_flush, limits, now);
}

void Connection::relay_from_node(ByteView bytes, const Limits& limits, Time now, Actions& actions) {
    if (device_done_) return;
    if (follower_ != nullptr && follower_->wants_from_node()) follower_->more_from_node(bytes, limits.followed_topics);
    const mqtt::Walk walk = from_node_.walk(bytes, [this, bytes, &limits](const mqtt::WalkedPacket& packet) {
        note_from_node(packet);
        if (AcknowledgementFollower::is_followable(packet.first_byte)) follow(packet, bytes, limits);
    });
    actions.to_device[0] = walk.ok ? bytes : up_to_boundary(bytes, walk);
    bytes_to_device_ += actions.to_device[0].size();
    if (walk.ok) return;
    set_end_reason(EndReason::node_malformed);
    close_node(actions, Close::at_once, limits, now);
    if (walk.last_boundary != mqtt::Walk::none) {
        actions.to_device[1] = goodbye_to_device(mqtt::ReasonCode::unspecified_error);
    }
    close_device(actions, Close::after_flush, limits, now);
}

void Connection::note_from_device(const mqtt::WalkedPacket& packet) noexcept {
    ++packets_from_device_;
    device_said_goodbye_ |= packet.type() == mqtt::PacketType::disconnect;
}

void Connection::note_from_node(const mqtt::WalkedPacket& packet) noexcept {
    ++packets_to_device_;
    node_said_goodbye_ |= packet.type() == mqtt::PacketType::disconnect;
}

void Connection::follow(const mqtt::WalkedPacket& packet, ByteView piece, const Limits& limits) {
    if (limits.followed_topics.empty()) return;
    if (follower_ == nullptr) follower_ = std::make_unique<AcknowledgementFollower>(version_);
    follower_->publish(packet, piece, limits.followed_topics);
}

void Connection::finish_from_device(ByteView bytes, const Limits& limits, Time now, Actions& actions) {
    const auto rest =
        rest_of_packet(from_device_, bytes, [this](const mqtt::WalkedPacket& packet) { note_from_device(packet); });
    bytes_from_device_ += rest.bytes.size();
    actions.to_node[0] = rest.bytes;
    if (!rest.ok || parted()) finish_parting(actions, limits, now);
}

void Connection::finish_from_node(ByteView bytes, const Limits& limits, Time now, Actions& actions) {
    const auto rest = rest_of_packet(from_node_, bytes, [this](const mqtt::WalkedPacket& packet) { note_from_node(packet); });
    bytes_to_device_ += rest.bytes.size();
    actions.to_device[0] = rest.bytes;
    if (!rest.ok || parted()) finish_parting(actions, limits, now);
}

ByteView Connection::goodbye_to_device(mqtt::ReasonCode reason) {
    own_packet_ = mqtt::disconnect_for(version_, reason);
    return own_packet_;
}

Actions Connection::end(EndReason reason, const Limits& limits, Time now) {
    Actions actions;
    switch (phase_) {
        case Phase::collecting:
            set_end_reason(reason);
            handshake_->refused = RefuseReason::going_away;
            handshake_->plan.trace.add(RefuseReason::going_away);
            close_device(actions, Close::at_once, limits, now);
            actions.report = Report::refused;
            return actions;
        case Phase::waiting:
        case Phase::connecting:
        case Phase::greeting:
        case Phase::refusing: {
            const bool had_node = phase_ == Phase::connecting || phase_ == Phase::greeting;
            note_wait(now);
            handshake_->refused = RefuseReason::going_away;
            handshake_->answer = answer_for(RefuseReason::going_away);
            handshake_->plan.trace.add(RefuseReason::going_away);
            set_end_reason(reason);
            node_done_ = true;
            actions = send_refusal(limits, now);
            actions.drop_node = had_node;
            return actions;
        }
        case Phase::relaying:
            return part(reason, limits, now);
        case Phase::parting:
        case Phase::closing:
        case Phase::ended:
            return actions;
    }
    return actions;
}

// Each direction is cut at its own next boundary; both sides stay open until both are there, because the rest of a packet still
// has to come from the one and go to the other.
Actions Connection::part(EndReason reason, const Limits& limits, Time now) {
    set_end_reason(reason);
    phase_ = Phase::parting;
    deadline_ = now + limits.parting_deadline;
    Actions actions;
    // A node that is down will neither take the rest of a packet nor bring it.
    if (reason == EndReason::node_down) close_node(actions, Close::at_once, limits, now);
    if (node_done_ || parted()) finish_parting(actions, limits, now);
    return actions;
}

bool Connection::parted() const noexcept {
    return from_device_.at_boundary() && from_node_.at_boundary();
}

void Connection::finish_parting(Actions& actions, const Limits& limits, Time now) {
    part_node(actions, limits, now);
    if (device_done_) return;
    if (from_node_.at_boundary() && !node_said_goodbye_) actions.to_device[1] = goodbye_to_device(goodbye_for(end_reason_));
    close_device(actions, Close::after_flush, limits, now);
}

void Connection::part_node(Actions& actions, const Limits& limits, Time now) {
    if (node_done_) return;
    if (from_device_.at_boundary() && !device_said_goodbye_) actions.to_node[1] = client_goodbye;
    close_node(actions, Close::after_flush, limits, now);
}

Actions Connection::device_closed(bool broken, const Limits& limits, Time now) {
    Actions actions;
    const bool trying = phase_ == Phase::waiting || phase_ == Phase::connecting || phase_ == Phase::greeting;
    if (trying && !broken && !handshake_->committed && !handshake_->held.empty() && !handshake_->device_ended) {
        // It said what it had to say and did not wait for its CONNACK: its words still go to the node that accepts it.
        handshake_->device_ended = true;
        return actions;
    }
    const bool hopeful = trying || phase_ == Phase::collecting || phase_ == Phase::refusing;
    if (hopeful) {
        if (handshake_->refused == RefuseReason::none) handshake_->refused = RefuseReason::gave_up;
        // Nothing is told of a connection that never said a word: load balancers and port scanners make many.
        if (!handshake_->connect.empty()) {
            note_wait(now);
            handshake_->plan.trace.add(handshake_->refused);
            actions.report = Report::refused;
        }
    }
    set_end_reason(device_said_goodbye_ ? EndReason::device_disconnected
                   : broken             ? EndReason::device_broken
                                        : EndReason::device_closed);
    if (phase_ == Phase::connecting) actions.drop_node = true;
    // Its parting had begun: the node is told what it would have been told.
    if (phase_ == Phase::parting) part_node(actions, limits, now);
    close_device(actions, Close::at_once, limits, now);
    close_node(actions, hopeful ? Close::at_once : Close::after_flush, limits, now);
    return actions;
}

Actions Connection::node_closed(bool broken, const Limits& limits, Time now) {
    if (phase_ == Phase::greeting) return node_failed(NodeFailure::hung_up, 0, limits, now);
    Actions actions;
    set_end_reason(device_said_goodbye_ ? EndReason::device_disconnected
                   : node_said_goodbye_ ? EndReason::node_disconnected
                   : broken             ? EndReason::node_broken
                                        : EndReason::node_closed);
    close_node(actions, Close::at_once, limits, now);
    if (phase_ == Phase::parting) finish_parting(actions, limits, now);
    // A v5 device learns that it may come back at once; others see the end of the stream.
    const bool silent = !device_said_goodbye_ && !node_said_goodbye_ && !device_done_;
    if (silent && from_node_.at_boundary()) actions.to_device[1] = goodbye_to_device(goodbye_for(end_reason_));
    close_device(actions, Close::after_flush, limits, now);
    return actions;
}

Actions Connection::timer_fired(const Limits& limits, Time now) {
    Actions actions;
    switch (phase_) {
        case Phase::collecting:
            handshake_->refused = RefuseReason::timed_out;
            handshake_->plan.trace.add(RefuseReason::timed_out);
            close_device(actions, Close::at_once, limits, now);
            actions.report = Report::refused;
            return actions;
        case Phase::waiting:
            actions.plan_again = true;
            return actions;
        case Phase::connecting:
        case Phase::greeting: {
            const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - handshake_->attempt_at).count();
            handshake_->plan.trace.add(
                phase_ == Phase::connecting ? TraceKind::connect_timed_out : TraceKind::connack_timed_out, node_, 0,
                static_cast<std::uint64_t>(waited));
            return candidate_failed(limits, now);
        }
        case Phase::refusing:
            return send_refusal(limits, now);
        case Phase::relaying:
            // [MQTT-3.1.2-22] The will is the node's to publish: its connection ends without DISCONNECT.
            set_end_reason(EndReason::device_silent);
            close_node(actions, Close::at_once, limits, now);
            if (from_node_.at_boundary()) actions.to_device[1] = goodbye_to_device(goodbye_for(EndReason::device_silent));
            close_device(actions, Close::after_flush, limits, now);
            return actions;
        case Phase::parting:
            finish_parting(actions, limits, now);
            return actions;
        case Phase::closing:
            phase_ = Phase::ended;
            actions.close_device = actions.close_node = Close::at_once;
            return actions;
        case Phase::ended:
            return actions;
    }
    return actions;
}

std::optional<Time> Connection::timer() const noexcept {
    if (phase_ == Phase::ended) return std::nullopt;
    if (phase_ == Phase::relaying && idle_limit_ms_ == 0) return std::nullopt;
    return deadline_;
}

void Connection::close_device(Actions& actions, Close how, const Limits& limits, Time now) {
    if (device_done_) return;
    device_done_ = true;
    actions.close_device = how;
    if (node_done_) {
        phase_ = Phase::closing;
        deadline_ = now + limits.linger;
    }
}

void Connection::close_node(Actions& actions, Close how, const Limits& limits, Time now) {
    if (node_done_) return;
    node_done_ = true;
    actions.close_node = how;
    if (device_done_) {
        phase_ = Phase::closing;
        deadline_ = now + limits.linger;
    }
}

void Connection::set_end_reason(EndReason reason) noexcept {
    if (end_reason_ == EndReason::none) end_reason_ = reason;
}

}  // namespace holdfast::proxy
