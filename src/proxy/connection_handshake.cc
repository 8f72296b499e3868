// The part of a connection's life from its first byte to its CONNACK.

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "mqtt/connack_view.h"
#include "mqtt/refusal.h"
#include "proxy/connection.h"
#include "proxy/handshake.h"
#include "proxy/refusal_answer.h"

namespace holdfast::proxy {

using fleet::NodeIndex;
using fleet::RefuseReason;
using fleet::TraceKind;

namespace {

std::uint64_t milliseconds_between(Time from, Time to) noexcept {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count()));
}

/// A node that says so may be passed over for the next one: it is busy, going, or not in service.
bool worth_another_node(mqtt::Version version, std::uint8_t code) noexcept {
    if (version != mqtt::Version::v5) return code == static_cast<std::uint8_t>(mqtt::ConnectReturnCode::server_unavailable);
    const auto reason = static_cast<mqtt::ReasonCode>(code);
    return reason == mqtt::ReasonCode::server_unavailable || reason == mqtt::ReasonCode::server_busy ||
           reason == mqtt::ReasonCode::server_shutting_down;
}

/// The size of the packet that `bytes` begin with: 0 while its header is not whole, nothing when there can be none.
std::optional<std::size_t> packet_size(ByteView bytes) noexcept {
    std::size_t length = 0;
    for (std::size_t i = 1; i < bytes.size(); ++i) {
        if (i == 5) return std::nullopt;
        length |= static_cast<std::size_t>(bytes[i] & 0x7F) << (7 * (i - 1));
        if (bytes[i] < 0x80) return length + i + 1;
    }
    return 0;
}

}  // namespace

fleet::Credentials credentials_of(const mqtt::ConnectView& connect, std::string_view source) {
    fleet::Credentials credentials;
    credentials.client_id = connect.client_id;
    credentials.has_username = connect.username.has_value();
    credentials.username = connect.username.value_or(std::string_view{});
    credentials.has_password = connect.password.has_value();
    if (connect.password) credentials.password = as_text(*connect.password);
    credentials.source_address = source;
    credentials.clean_start = connect.clean_start;
    return credentials;
}

Actions Connection::collect(ByteView bytes, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    handshake.connect.insert(handshake.connect.end(), bytes.begin(), bytes.end());
    const auto peek = mqtt::peek_connect(handshake.connect, limits.connect_max_size);
    if (!peek) return connect_faulty(peek.error(), limits, now);
    handshake.version = peek->version;
    if (!peek->whole) return {};

    handshake.asked_at = now;
    handshake.held.assign(handshake.connect.begin() + static_cast<std::ptrdiff_t>(peek->size), handshake.connect.end());
    handshake.connect.resize(peek->size);
    const auto view = mqtt::parse_connect(handshake.connect);
    if (!view) return connect_faulty(view.error(), limits, now);
    handshake.view = *view;
    handshake.version = version_ = view->version;
    Actions actions;
    actions.plan = true;
    return actions;
}

Actions Connection::connect_faulty(const mqtt::ConnectFault& fault, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    if (fault.version) handshake.version = fault.version;
    handshake.refused = refuse_reason_of(fault.reason);
    handshake.plan.trace.add(handshake.refused);
    Actions actions;
    own_packet_ = fault.answer_bytes();
    actions.to_device[0] = own_packet_;
    close_device(actions, own_packet_.empty() ? Close::at_once : Close::after_flush, limits, now);
    actions.report = Report::refused;
    return actions;
}

Actions Connection::plan(const fleet::Snapshot& snapshot, std::string_view source, bool rate_ok, std::uint64_t entropy,
                         const Limits& limits, Time now) {
    HF_ASSERT(phase_ == Phase::collecting && handshake_ && handshake_->view, "a plan is for a whole CONNECT");
    Handshake& handshake = *handshake_;
    handshake.entropy = entropy;
    handshake.source = source;
    if (admission_ != Admission::admitted)
        return refuse(RefuseReason::too_many, answer_for(RefuseReason::too_many), limits, now);
    if (!rate_ok) return refuse(RefuseReason::rate_limited, answer_for(RefuseReason::rate_limited), limits, now);
    handshake.plan = fleet::plan_route(snapshot, credentials_of(*handshake.view, handshake.source), entropy);
    if (handshake.plan.outcome == fleet::PlanOutcome::refuse) {
        return wait_or_refuse(handshake.plan.reason, limits, now);
    }
    return next_candidate(limits, now);
}

Actions Connection::next_candidate(const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    const std::size_t count = std::min(handshake.plan.candidates.size(), limits.max_candidates);
    if (handshake.committed || handshake.candidate >= count) {
        return wait_or_refuse(RefuseReason::nodes_unreachable, limits, now);
    }
    node_ = handshake.plan.candidates[handshake.candidate].node;
    handshake.plan.trace.add(TraceKind::connecting, node_);
    handshake.attempt_at = now;
    phase_ = Phase::connecting;
    deadline_ = now + limits.node_connect_timeout;
    Actions actions;
    actions.connect = node_;
    return actions;
}

Actions Connection::node_connected(const Limits& limits, Time now) {
    HF_ASSERT(phase_ == Phase::connecting, "a node connects only when asked to");
    phase_ = Phase::greeting;
    node_done_ = false;
    deadline_ = now + limits.connack_timeout;
    handshake_->greeting.clear();
    handshake_->greeting_passed = 0;
    from_node_ = {};
    Actions actions;
    actions.to_node[0] = handshake_->connect;
    return actions;
}

Actions Connection::node_failed(NodeFailure failure, int system_error, const Limits& limits, Time now) {
    HF_ASSERT(phase_ == Phase::connecting || phase_ == Phase::greeting, "only a candidate fails");
    TraceKind kind = TraceKind::hung_up;
    if (failure == NodeFailure::refused) kind = TraceKind::connect_refused;
    if (failure == NodeFailure::unreachable) kind = TraceKind::unreachable;
    handshake_->plan.trace.add(kind, node_, static_cast<std::uint8_t>(std::clamp(system_error, 0, 255)));
    return candidate_failed(limits, now);
}

Actions Connection::candidate_failed(const Limits& limits, Time now) {
    const NodeIndex failed = node_;
    node_done_ = true;
    ++handshake_->candidate;
    Actions actions = next_candidate(limits, now);
    actions.drop_node = true;
    // While it waits the same node is tried again and again.
    const bool known = handshake_->wait && std::exchange(handshake_->wait->failed, failed) == failed;
    if (!known) actions.trouble = failed;
    return actions;
}

Actions Connection::greeting_bytes(ByteView bytes, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    ByteBuffer& greeting = handshake.greeting;
    greeting.erase(greeting.begin(),
                   greeting.begin() + static_cast<std::ptrdiff_t>(std::exchange(handshake.greeting_passed, 0)));
    const bool collected = !greeting.empty();
    if (collected) {
        greeting.insert(greeting.end(), bytes.begin(), bytes.end());
        bytes = greeting;
    }
    std::size_t passed = 0;
    while (passed < bytes.size()) {
        const ByteView rest = bytes.subspan(passed);
        const auto type = mqtt::packet_type(rest[0]);
        const bool is_auth = type == mqtt::PacketType::auth && handshake.view->authentication_method;
        const auto size = packet_size(rest);
        if ((!is_auth && type != mqtt::PacketType::connack) || !size || *size > limits.greeting_max_size) {
            return greeting_faulty(limits, now);
        }
        if (*size == 0 || *size > rest.size()) break;
        if (!is_auth) {
            const auto connack = mqtt::parse_connack(rest.first(*size), version_);
            if (!connack) return greeting_faulty(limits, now);
            if (connack->accepted()) return connack_accepts(*connack, bytes, limits, now);
            return connack_refuses(*connack, bytes.first(passed + *size), passed == 0, limits, now);
        }
        passed += *size;
    }
    if (collected) {
        handshake.greeting_passed = passed;
    } else {
        greeting.assign(bytes.begin() + static_cast<std::ptrdiff_t>(passed), bytes.end());
    }
    return passed != 0 ? authentication_steps(bytes.first(passed), limits, now) : Actions{};
}

Actions Connection::greeting_faulty(const Limits& limits, Time now) {
    handshake_->plan.trace.add(TraceKind::protocol_error, node_);
    return candidate_failed(limits, now);
}

// MQTT5 4.12: from the first AUTH on, the exchange is between the device and this node.
Actions Connection::authentication_steps(ByteView packets, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    Actions actions;
    deadline_ = now + limits.connack_timeout;
    relay_from_node(packets, limits, now, actions);
    if (!std::exchange(handshake.committed, true) && !handshake.held.empty()) {
        relay_from_device(handshake.held, limits, now, actions);
    }
    return actions;
}

Actions Connection::connack_accepts(const mqtt::ConnackView& connack, ByteView bytes, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    handshake.plan.trace.add(TraceKind::accepted, node_, 0, milliseconds_between(handshake.asked_at, now));
    // A name for one connection only leads nobody back, and would fill the fleet with devices that are never seen again.
    const bool comes_back = connack.session_expiry.value_or(handshake.view->session_expiry) != 0;
    if (comes_back) handshake.assigned_id = connack.assigned_client_id;
    // [MQTT-3.2.2-21] Server Keep Alive replaces what the device asked for; 0 turns the mechanism off [MQTT-3.1.2-22].
    const std::uint32_t keep_alive = connack.server_keep_alive.value_or(handshake.view->keep_alive);
    idle_limit_ms_ = static_cast<std::uint32_t>(static_cast<double>(keep_alive) * 1000.0 * limits.idle_factor);
    phase_ = Phase::relaying;
    opened_ = true;
    deadline_ = now + std::chrono::milliseconds(idle_limit_ms_);
    Actions actions;
    actions.report = Report::opened;
    relay_from_node(bytes, limits, now, actions);
    if (!handshake.committed && !handshake.held.empty()) relay_from_device(handshake.held, limits, now, actions);
    if (handshake.device_ended) {
        set_end_reason(device_said_goodbye_ ? EndReason::device_disconnected : EndReason::device_closed);
        close_node(actions, Close::after_flush, limits, now);
        close_device(actions, Close::after_flush, limits, now);
    }
    return actions;
}

// `packets` are the CONNACK and what of an AUTH exchange came with it; `first`: nothing did.
Actions Connection::connack_refuses(const mqtt::ConnackView& connack, ByteView packets, bool first, const Limits& limits,
                                    Time now) {
    Handshake& handshake = *handshake_;
    handshake.plan.trace.add(TraceKind::answered, node_, connack.code, static_cast<std::uint64_t>(version_));
    const std::size_t count = std::min(handshake.plan.candidates.size(), limits.max_candidates);
    const bool may_go_on = first && !handshake.committed && handshake.candidate + 1 < count;
    if (may_go_on && worth_another_node(version_, connack.code)) return candidate_failed(limits, now);
    handshake.refused = RefuseReason::node_refused;
    handshake.plan.trace.add(RefuseReason::node_refused);
    Actions actions;
    actions.to_device[0] = packets;
    close_node(actions, Close::at_once, limits, now);
    close_device(actions, Close::after_flush, limits, now);
    actions.report = Report::refused;
    return actions;
}

Actions Connection::refuse(RefuseReason reason, mqtt::RefusalReason answer, const Limits& limits, Time now) {
    Handshake& handshake = *handshake_;
    handshake.refused = reason;
    handshake.answer = answer;
    // The planner has traced its refusal itself.
    const auto traced = handshake.plan.trace.steps();
    const bool told = !traced.empty() && traced.back().kind == TraceKind::refused;
    if (!told) handshake.plan.trace.add(reason);
    node_done_ = true;
    Actions actions;
    if (worth_a_delay(reason) && limits.refusal_delay > Duration::zero()) {
        phase_ = Phase::refusing;
        const auto most = static_cast<std::uint64_t>(limits.refusal_delay.count());
        deadline_ = now + Duration(static_cast<Duration::rep>(handshake.entropy % most));
        return actions;
    }
    return send_refusal(limits, now);
}

Actions Connection::send_refusal(const Limits& limits, Time now) {
    const Handshake& handshake = *handshake_;
    Actions actions;
    mqtt::RefusalDetails details;
    if (handshake.view) details = handshake.view->refusal_details(fleet::sentence(handshake.refused));
    own_packet_ = mqtt::refusal_for(version_, handshake.answer, details);
    actions.to_device[0] = own_packet_;
    close_device(actions, own_packet_.empty() ? Close::at_once : Close::after_flush, limits, now);
    actions.report = Report::refused;
    return actions;
}

Connection::Story Connection::take_story() {
    HF_ASSERT(handshake_ != nullptr, "a story is told once");
    const std::unique_ptr<Handshake> handshake = std::move(handshake_);
    Story story;
    story.version = handshake->version;
    story.refused = handshake->refused;
    story.asked_at = handshake->asked_at;
    story.device = handshake->plan.device_id();
    if (handshake->view) story.username = handshake->view->username.value_or(std::string_view{});
    if (opened_) story.kind = handshake->plan.candidates[handshake->candidate].kind;
    story.assigned_id = std::move(handshake->assigned_id);
    story.plan = std::move(handshake->plan);
    story.plan.single_id = {};
    return story;
}

}  // namespace holdfast::proxy
