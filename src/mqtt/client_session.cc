#include "mqtt/client_session.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "mqtt/client_session_send.h"

namespace holdfast::mqtt {

namespace {

/// An outbox of more than this is given back when it is empty.
constexpr std::size_t kept_outbox_capacity = 1024;

}  // namespace

std::string_view name(DisconnectCause cause) noexcept {
    switch (cause) {
        case DisconnectCause::transport_closed:
            return "transport_closed";
        case DisconnectCause::requested:
            return "requested";
        case DisconnectCause::server_disconnect:
            return "server_disconnect";
        case DisconnectCause::connect_timeout:
            return "connect_timeout";
        case DisconnectCause::pong_timeout:
            return "pong_timeout";
        case DisconnectCause::protocol_error:
            return "protocol_error";
    }
    return "unknown";
}

std::string_view name(PublishFailure failure) noexcept {
    switch (failure) {
        case PublishFailure::rejected:
            return "rejected";
        case PublishFailure::session_lost:
            return "session_lost";
        case PublishFailure::not_acceptable:
            return "not_acceptable";
    }
    return "unknown";
}

ClientSession::ClientSession(ClientOptions options) : options_(std::move(options)) {
    complete_options();
}

void ClientSession::set_connect(Connect connect) {
    HF_ASSERT(state_ == State::offline, "what CONNECT says can only change while there is no connection");
    HF_ASSERT(connect.version == options_.connect.version || publishes_.size() == 0,
              "held publishes are encoded in their version");
    options_.connect = std::move(connect);
    complete_options();
}

void ClientSession::complete_options() {
    std::uint32_t largest = options_.max_packet_size;
    if (version() == Version::v5) {
        auto& said = options_.connect.properties.maximum_packet_size;
        if (!said && largest < mqtt::max_packet_size) said = largest;
        if (said) largest = std::min(largest, *said);
    }
    framer_.set_max_size(largest);
}

Result<> ClientSession::transport_opened(Time now) {
    HF_ASSERT(state_ == State::offline, "a session has one connection at a time");
    clear_outbox();
    if (auto encoded = encode(options_.connect, version(), outbox_); !encoded) return encoded;
    framer_.reset();
    limits_ = {};
    pending_.clear();
    aliases_.clear();
    end_told_ = pong_due_ = losing_session_ = false;
    opened_at_ = last_sent_ = now;
    state_ = State::connecting;
    return {};
}

std::optional<ClientEvent> ClientSession::receive(ByteView& input, Time now) {
    HF_ASSERT(state_ != State::offline, "bytes come from a connection");
    if (auto event = next_failed(now)) return event;
    while (state_ != State::closing) {
        const auto packet = framer_.feed(input);
        if (!packet)
            return protocol_fault(errc_for(packet.error()),
                                  "The server sent a packet that is too large, or has no right length.", now);
        if (packet->empty()) return std::nullopt;
        if (auto event = handle(*packet, now)) return event;
    }
    input = {};
    return std::nullopt;
}

std::optional<ClientEvent> ClientSession::transport_closed(Time) {
    HF_ASSERT(state_ != State::offline, "there is no connection to close");
    const bool was_requested = state_ == State::closing;
    state_ = State::offline;
    clear_outbox();
    framer_.reset();
    publishes_.connection_lost();
    pending_.clear();
    std::vector<std::string>().swap(aliases_);
    if (std::exchange(end_told_, true)) return std::nullopt;
    if (was_requested) {
        return client_event::Disconnected{DisconnectCause::requested, ReasonCode::success, "The client disconnected.", {}};
    }
    return client_event::Disconnected{DisconnectCause::transport_closed,
                                      ReasonCode::unspecified_error,
                                      "The connection was closed without a DISCONNECT.",
                                      {}};
}

std::optional<ClientEvent> ClientSession::tick(Time now) {
    if (state_ == State::connecting) {
        const bool is_late = options_.connect_timeout > Duration::zero() && now >= opened_at_ + options_.connect_timeout;
        if (!is_late) return std::nullopt;
        clear_outbox();
        return break_off(DisconnectCause::connect_timeout, ReasonCode::unspecified_error,
                         "The server did not answer CONNECT in time.");
    }
    if (state_ != State::connected) return std::nullopt;
    if (const auto overdue = pong_overdue(); overdue && now >= *overdue) {
        clear_outbox();
        return break_off(DisconnectCause::pong_timeout, ReasonCode::keep_alive_timeout,
                         "The server did not answer PINGREQ in time.");
    }
    if (const auto due = ping_due(); due && now >= *due) {
        send(Pingreq{}, now);
        if (!std::exchange(pong_due_, true)) pinged_at_ = now;
    }
    return next_failed(now);
}

std::optional<Time> ClientSession::next_timer() const noexcept {
    if (state_ == State::connecting && options_.connect_timeout > Duration::zero())
        return opened_at_ + options_.connect_timeout;
    if (state_ != State::connected) return std::nullopt;
    const auto ping = ping_due();
    const auto pong = pong_overdue();
    return ping && pong ? std::min(*ping, *pong) : ping ? ping : pong;
}

/// A tenth of the keep alive is left for the way to the server. [MQTT-3.1.2-20]
std::optional<Time> ClientSession::ping_due() const noexcept {
    if (keep_alive_ == 0) return std::nullopt;
    return last_sent_ + std::chrono::milliseconds(900) * keep_alive_;
}

std::optional<Time> ClientSession::pong_overdue() const noexcept {
    if (!pong_due_ || options_.pong_timeout <= Duration::zero()) return std::nullopt;
    return pinged_at_ + options_.pong_timeout;
}

void ClientSession::sent(std::size_t count) noexcept {
    HF_ASSERT(count <= outbox().size(), "no more was sent than there was");
    outbox_sent_ += count;
    if (outbox_sent_ == outbox_.size()) {
        clear_outbox();
    } else if (outbox_sent_ > outbox_.size() / 2) {
        outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(outbox_sent_));
        outbox_sent_ = 0;
    }
}

void ClientSession::clear_outbox() noexcept {
    if (outbox_.capacity() > kept_outbox_capacity) ByteBuffer().swap(outbox_);
    outbox_.clear();
    outbox_sent_ = 0;
}

void ClientSession::disconnect(Time now, ReasonCode reason, std::optional<std::uint32_t> session_expiry) {
    if (state_ != State::connecting && state_ != State::connected) return;
    Disconnect packet;
    if (version() == Version::v5) {
        packet.reason = reason;
        packet.properties.session_expiry_interval = session_expiry;
    }
    // A reason that DISCONNECT may not carry is a mistake of the caller's; the goodbye is said all the same.
    if (!encode(packet, version(), outbox_)) static_cast<void>(encode(Disconnect{}, version(), outbox_));
    last_sent_ = now;
    state_ = State::closing;
}

std::optional<ClientEvent> ClientSession::next_failed(Time now) {
    if (state_ != State::connected) return std::nullopt;
    if (losing_session_) {
        if (HeldPublish* lost = publishes_.first_sent()) {
            const PublishTicket ticket = lost->ticket;
            publishes_.finish(*lost);
            return client_event::PublishFailed{ticket, PublishFailure::session_lost, ReasonCode::unspecified_error};
        }
        losing_session_ = false;
        send_held(now);
    }
    HeldPublish* next = publishes_.next_to_send();
    if (next == nullptr || next->packet.empty() || obstacle(next->qos, next->retain, next->packet.size()).empty())
        return std::nullopt;
    const PublishTicket ticket = next->ticket;
    const bool was_sent = next->packet_id != 0;
    publishes_.finish(*next);
    send_held(now);
    return client_event::PublishFailed{ticket, was_sent ? PublishFailure::session_lost : PublishFailure::not_acceptable,
                                       ReasonCode::implementation_specific_error};
}

std::optional<ClientEvent> ClientSession::break_off(DisconnectCause cause, ReasonCode reason, std::string_view sentence) {
    state_ = State::closing;
    end_told_ = true;
    return client_event::Disconnected{cause, reason, sentence, reference_};
}

std::optional<ClientEvent> ClientSession::protocol_fault(Errc code, std::string_view sentence, Time now) {
    const ReasonCode reason = reason_code_for(code);
    // 3.x has no word for it, and its plain DISCONNECT would discard the will.
    if (version() == Version::v5) send(Disconnect{reason, {}}, now);
    reference_.clear();
    return break_off(DisconnectCause::protocol_error, reason, sentence);
}

}  // namespace holdfast::mqtt
