// What a client session does with the packets of its server.

#include <algorithm>
#include <string>
#include <type_traits>
#include <utility>

#include "mqtt/client_session_send.h"

namespace holdfast::mqtt {

namespace {

constexpr std::string_view bad_connack = "The server sent a CONNACK that breaks a rule.";

/// A v5 code for an identifier that the other side does not know; 3.x has none.
ReasonCode not_found(Version version) {
    return version == Version::v5 ? ReasonCode::packet_identifier_not_found : ReasonCode::success;
}

}  // namespace

std::optional<ClientEvent> ClientSession::handle(ByteView packet, Time now) {
    const PacketType type = packet_type(packet[0]);
    if (type == PacketType::connack) return handle_connack(packet, now);
    if (state_ == State::connecting && type != PacketType::auth) {
        return protocol_fault(Errc::unexpected_packet, "The server sent a packet before CONNACK.", now);  // [MQTT-3.2.0-1]
    }
    if (type == PacketType::publish) return handle_publish(packet, now);
    const bool has_only_id = packet.size() == 4 && packet[1] == 2;
    const bool is_ack = type >= PacketType::puback && type <= PacketType::pubcomp;
    if (is_ack && has_only_id && packet[0] == (type == PacketType::pubrel ? 0x62 : static_cast<unsigned>(type) << 4)) {
        const auto packet_id = static_cast<std::uint16_t>(packet[2] << 8 | packet[3]);
        if (packet_id != 0) return handle_small_ack(type, packet_id, ReasonCode::success, now);
    }
    auto decoded = decode(packet, version(), Direction::to_client);
    if (decoded) return handle_decoded(std::move(*decoded), now);
    sentence_ = "The server sent what is not acceptable: " + decoded.error().message();
    for (const Errc code : {Errc::protocol_error, Errc::unexpected_packet}) {
        if (decoded.error().is(code)) return protocol_fault(code, sentence_, now);
    }
    return protocol_fault(Errc::malformed_packet, sentence_, now);
}

std::optional<ClientEvent> ClientSession::handle_decoded(Packet packet, Time now) {
    return std::visit(
        [&](auto& one) -> std::optional<ClientEvent> {
            using Kind = std::remove_cvref_t<decltype(one)>;
            if constexpr (requires { Kind::type; }) {
                return handle_small_ack(Kind::type, one.packet_id, one.reason, now);
            } else if constexpr (std::is_same_v<Kind, Suback>) {
                return handle_request_answer(PacketType::suback, one.packet_id, std::move(one.codes), now);
            } else if constexpr (std::is_same_v<Kind, Unsuback>) {
                return handle_request_answer(PacketType::unsuback, one.packet_id, std::move(one.codes), now);
            } else if constexpr (std::is_same_v<Kind, Pingresp>) {
                return handle_pingresp(now);
            } else if constexpr (std::is_same_v<Kind, Disconnect>) {
                return handle_disconnect(std::move(one));
            } else if constexpr (std::is_same_v<Kind, Auth>) {
                return handle_auth(std::move(one), now);
            } else {
                return protocol_fault(Errc::unexpected_packet, "The server sent a packet that only clients send.", now);
            }
        },
        packet);
}

std::optional<ClientEvent> ClientSession::handle_connack(ByteView packet, Time now) {
    if (state_ != State::connecting) return protocol_fault(Errc::protocol_error, "The server sent a second CONNACK.", now);
    const auto connack = parse_connack(packet, version());
    if (!connack) return protocol_fault(connack.error(), bad_connack, now);
    if (!connack->accepted()) {
        state_ = State::closing;
        end_told_ = true;
        return client_event::Refused{*connack};
    }
    const bool clean_start = options_.connect.clean_start;
    if (clean_start && connack->session_present)
        return protocol_fault(Errc::protocol_error, bad_connack, now);  // [MQTT-3.2.2-2]
    take_limits(*connack);
    // 3.1 does not say whether the session is there; it is when it was asked for.
    const bool has_session = version() == Version::v31 ? !clean_start : connack->session_present;
    if (!has_session) inbound_exactly_once_.clear();
    losing_session_ = !has_session && publishes_.first_sent() != nullptr;
    state_ = State::connected;
    if (!losing_session_) send_held(now);
    return client_event::Connected{*connack, keep_alive_};
}

void ClientSession::take_limits(const ConnackView& connack) {
    keep_alive_ = connack.server_keep_alive.value_or(options_.connect.keep_alive);  // [MQTT-3.2.2-21]
    if (!connack.assigned_client_id.empty()) options_.connect.client_id = connack.assigned_client_id;
    for (const PropertyView& property : connack.properties) {
        switch (property.id) {
            case PropertyId::maximum_packet_size:
                limits_.maximum_packet_size = property.number;
                break;
            case PropertyId::receive_maximum:
                limits_.receive_maximum = static_cast<std::uint16_t>(property.number);
                break;
            case PropertyId::maximum_qos:
                limits_.maximum_qos = static_cast<QoS>(property.number);
                break;
            case PropertyId::retain_available:
                limits_.retain_available = property.number != 0;
                break;
            case PropertyId::wildcard_subscription_available:
                limits_.wildcards_available = property.number != 0;
                break;
            case PropertyId::subscription_identifiers_available:
                limits_.identifiers_available = property.number != 0;
                break;
            case PropertyId::shared_subscription_available:
                limits_.shares_available = property.number != 0;
                break;
            default:
                break;
        }
    }
}

std::optional<ClientEvent> ClientSession::handle_publish(ByteView packet, Time now) {
    auto message = parse_publish(packet, version());
    if (!message) return protocol_fault(message.error(), "The server sent a PUBLISH that breaks a rule.", now);
    if (!resolve_alias(*message)) {
        return protocol_fault(Errc::bad_topic_alias, "The server used a topic alias that is unknown or out of range.", now);
    }
    if (message->qos == QoS::at_least_once) {
        send(Puback{.packet_id = message->packet_id}, now);
    }
    if (message->qos == QoS::exactly_once) {
        const bool is_new = !inbound_exactly_once_.contains(message->packet_id);
        const std::size_t limit = version() == Version::v5 ? options_.connect.properties.receive_maximum.value_or(65'535)
                                                           : options_.max_inbound_exactly_once;
        if (is_new && inbound_exactly_once_.size() >= limit) {
            return protocol_fault(Errc::receive_maximum_exceeded, "The server has more QoS 2 messages under way than allowed.",
                                  now);
        }
        send(Pubrec{.packet_id = message->packet_id}, now);
        if (!is_new) return std::nullopt;  // [MQTT-4.3.3-10]
        inbound_exactly_once_.insert(message->packet_id);
    }
    return client_event::Received{*message};
}

bool ClientSession::resolve_alias(PublishView& message) {
    if (message.topic_alias == 0) return true;
    const std::uint16_t maximum = options_.connect.properties.topic_alias_maximum.value_or(0);
    if (message.topic_alias > maximum) return false;  // [MQTT-3.1.2-26]
    if (aliases_.size() < message.topic_alias) aliases_.resize(message.topic_alias);
    std::string& topic = aliases_[message.topic_alias - 1U];
    if (!message.topic.empty()) topic = message.topic;
    message.topic = topic;
    return !topic.empty();
}

std::optional<ClientEvent> ClientSession::handle_small_ack(PacketType type, std::uint16_t packet_id, ReasonCode reason,
                                                           Time now) {
    switch (type) {
        case PacketType::puback:
            return handle_puback(packet_id, reason, now);
        case PacketType::pubrec:
            return handle_pubrec(packet_id, reason, now);
        case PacketType::pubcomp:
            return handle_pubcomp(packet_id, reason, now);
        default:
            return handle_pubrel(packet_id, now);
    }
}

std::optional<ClientEvent> ClientSession::finish_publish(HeldPublish& publish, ReasonCode reason, Time now) {
    const PublishTicket ticket = publish.ticket;
    publishes_.finish(publish);
    send_held(now);
    if (is_failure(reason)) return client_event::PublishFailed{ticket, PublishFailure::rejected, reason};
    return client_event::Acknowledged{ticket, reason};
}

std::optional<ClientEvent> ClientSession::handle_puback(std::uint16_t packet_id, ReasonCode reason, Time now) {
    HeldPublish* publish = publishes_.find(packet_id);
    if (publish == nullptr) return std::nullopt;
    if (publish->qos != QoS::at_least_once)
        return protocol_fault(Errc::protocol_error, "The server sent PUBACK for QoS 2.", now);
    return finish_publish(*publish, reason, now);
}

std::optional<ClientEvent> ClientSession::handle_pubrec(std::uint16_t packet_id, ReasonCode reason, Time now) {
    HeldPublish* publish = publishes_.find(packet_id);
    if (publish == nullptr) {
        // Helps a server out that remembers more than this side. [MQTT5 4.3.3]
        if (!is_failure(reason)) send(Pubrel{.packet_id = packet_id, .reason = not_found(version())}, now);
        return std::nullopt;
    }
    if (publish->qos != QoS::exactly_once)
        return protocol_fault(Errc::protocol_error, "The server sent PUBREC for QoS 1.", now);
    if (is_failure(reason)) return finish_publish(*publish, reason, now);
    publish->state = HeldPublish::State::released;
    ByteBuffer().swap(publish->packet);
    send(Pubrel{.packet_id = packet_id}, now);
    return std::nullopt;
}

std::optional<ClientEvent> ClientSession::handle_pubcomp(std::uint16_t packet_id, ReasonCode reason, Time now) {
    HeldPublish* publish = publishes_.find(packet_id);
    if (publish == nullptr || publish->qos != QoS::exactly_once) return std::nullopt;
    const bool was_released =
        publish->state == HeldPublish::State::released || publish->state == HeldPublish::State::resend_release;
    if (!was_released) return std::nullopt;
    // "Not found" only says that the server had finished before.
    return finish_publish(*publish, is_failure(reason) ? ReasonCode::success : reason, now);
}

std::optional<ClientEvent> ClientSession::handle_pubrel(std::uint16_t packet_id, Time now) {
    const bool was_known = inbound_exactly_once_.erase(packet_id);
    send(Pubcomp{.packet_id = packet_id, .reason = was_known ? ReasonCode::success : not_found(version())}, now);
    return std::nullopt;
}

std::optional<ClientEvent> ClientSession::handle_request_answer(PacketType type, std::uint16_t packet_id,
                                                                std::vector<ReasonCode> codes, Time now) {
    const auto pending = std::ranges::find_if(
        pending_, [&](const PendingRequest& one) { return one.packet_id == packet_id && one.answer == type; });
    if (pending == pending_.end()) return std::nullopt;
    const bool has_codes = type == PacketType::suback || version() == Version::v5;
    if (has_codes && codes.size() != pending->filters) {
        return protocol_fault(Errc::protocol_error, "The server answered for another number of topic filters than asked.", now);
    }
    pending_.erase(pending);
    codes_ = std::move(codes);
    if (type == PacketType::suback) return client_event::Subscribed{packet_id, codes_};
    return client_event::Unsubscribed{packet_id, codes_};
}

std::optional<ClientEvent> ClientSession::handle_pingresp(Time now) {
    if (!std::exchange(pong_due_, false)) return std::nullopt;
    return client_event::Pong{now - pinged_at_};
}

std::optional<ClientEvent> ClientSession::handle_disconnect(Disconnect packet) {
    sentence_ = std::move(packet.properties.reason_string).value_or("The server sent DISCONNECT.");
    reference_ = std::move(packet.properties.server_reference).value_or("");
    return break_off(DisconnectCause::server_disconnect, packet.reason, sentence_);
}

std::optional<ClientEvent> ClientSession::handle_auth(Auth packet, Time now) {
    if (!options_.connect.properties.authentication_method) {
        return protocol_fault(Errc::protocol_error, "The server sent AUTH, but no authentication method was named.",
                              now);  // [MQTT-4.12.0-7]
    }
    sentence_ = std::move(packet.properties.authentication_method).value_or("");
    data_ = std::move(packet.properties.authentication_data).value_or(ByteBuffer{});
    return client_event::Authentication{packet.reason, sentence_, data_};
}

}  // namespace holdfast::mqtt
