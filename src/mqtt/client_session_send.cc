// The commands of a client session.

#include "mqtt/client_session_send.h"

#include <algorithm>
#include <string>
#include <utility>

#include "mqtt/fixed_header.h"
#include "mqtt/topic.h"

namespace holdfast::mqtt {

namespace {

constexpr std::string_view not_connected_sentence = "The client is not connected.";
/// Stands in an encoded PUBLISH until the real identifier is known.
constexpr std::uint16_t placeholder_packet_id = 1;

}  // namespace

Result<PublishTicket> ClientSession::publish(const PublishRequest& request, Time now) {
    if (request.properties != nullptr &&
        (request.properties->topic_alias || !request.properties->subscription_identifiers.empty())) {
        return fail(Errc::not_encodable, "Topic aliases and subscription identifiers are not the publisher's to set.");
    }
    const bool has_qos = request.qos != QoS::at_most_once;
    const PublishParts parts{.dup = false,
                             .qos = request.qos,
                             .retain = request.retain,
                             .topic = request.topic,
                             .packet_id = has_qos ? placeholder_packet_id : std::uint16_t{0},
                             .properties = request.properties,
                             .payload = request.payload};
    return has_qos ? publish_held(parts, now) : publish_now(parts, now);
}

Result<PublishTicket> ClientSession::publish_now(const PublishParts& parts, Time now) {
    if (state_ != State::connected) return fail(Errc::not_connected, std::string(not_connected_sentence));
    if (outbox().size() > options_.max_outbox)
        return fail(Errc::queue_full, "The outbox is full: the server does not read fast enough.");
    const std::size_t before = outbox_.size();
    if (auto encoded = encode(parts, version(), outbox_); !encoded) return std::unexpected(std::move(encoded.error()));
    if (const auto reason = obstacle(parts.qos, parts.retain, outbox_.size() - before); !reason.empty()) {
        outbox_.resize(before);
        return fail(Errc::not_supported_by_server, std::string(reason));
    }
    last_sent_ = now;
    return ++last_ticket_;
}

Result<PublishTicket> ClientSession::publish_held(const PublishParts& parts, Time now) {
    if (publishes_.size() >= options_.max_held) {
        return fail(Errc::queue_full, "Too many messages wait for their acknowledgement; try again after the next one.");
    }
    HeldPublish held;
    if (auto encoded = encode(parts, version(), held.packet); !encoded) return std::unexpected(std::move(encoded.error()));
    if (state_ == State::connected) {
        const auto reason = obstacle(parts.qos, parts.retain, held.packet.size());
        if (!reason.empty()) return fail(Errc::not_supported_by_server, std::string(reason));
    }
    held.ticket = ++last_ticket_;
    held.packet_id_offset = static_cast<std::uint32_t>(read_fixed_header(held.packet).size + 2 + parts.topic.size());
    held.qos = parts.qos;
    held.retain = parts.retain;
    publishes_.push(std::move(held));
    if (state_ == State::connected && !losing_session_) send_held(now);
    return last_ticket_;
}

std::string_view ClientSession::obstacle(QoS qos, bool retain, std::size_t packet_size) const noexcept {
    if (packet_size > limits_.maximum_packet_size) return "The message is larger than the server takes.";
    if (qos > limits_.maximum_qos) return "The server does not take messages with this QoS.";       // [MQTT-3.2.2-11]
    if (retain && !limits_.retain_available) return "The server does not take retained messages.";  // [MQTT-3.2.2-14]
    return {};
}

void ClientSession::send_held(Time now) {
    const std::size_t limit = std::min(options_.max_inflight, limits_.receive_maximum);
    while (HeldPublish* publish = publishes_.next_to_send()) {
        if (publish->state == HeldPublish::State::resend_release) {
            // Not counted: the quota of a new connection begins with its own PUBLISHes (MQTT5 4.9).
            publish->state = HeldPublish::State::released;
            send(Pubrel{.packet_id = publish->packet_id}, now);
            continue;
        }
        if (publishes_.inflight() >= limit) return;  // [MQTT-3.3.4-9]
        if (!obstacle(publish->qos, publish->retain, publish->packet.size()).empty()) return;
        if (publish->state == HeldPublish::State::resend) {
            publish->packet[0] |= 0x08;  // DUP [MQTT-3.3.1-1]
        } else {
            const auto packet_id = new_packet_id();
            if (!packet_id) return;
            publishes_.assign(*publish, *packet_id);
        }
        publish->state = HeldPublish::State::published;
        publishes_.count(*publish);
        outbox_.insert(outbox_.end(), publish->packet.begin(), publish->packet.end());
        last_sent_ = now;
    }
}

std::optional<std::uint16_t> ClientSession::new_packet_id() noexcept {
    for (int tries = 0; tries < 65'535; ++tries) {
        if (++last_packet_id_ == 0) ++last_packet_id_;
        const bool is_pending =
            std::ranges::any_of(pending_, [&](const PendingRequest& one) { return one.packet_id == last_packet_id_; });
        if (!is_pending && !publishes_.uses(last_packet_id_)) return last_packet_id_;
    }
    return std::nullopt;
}

Result<> ClientSession::check_offered(std::string_view filter) const {
    if (!limits_.shares_available && is_shared(filter)) {
        return fail(Errc::not_supported_by_server, "The server does not offer shared subscriptions.");
    }
    if (!limits_.wildcards_available && filter.find_first_of("+#") != std::string_view::npos) {
        return fail(Errc::not_supported_by_server, "The server does not offer subscriptions with wildcards.");
    }
    return {};
}

template <class Request>
Result<std::uint16_t> ClientSession::request(Request packet, PacketType answer, std::size_t filters, Time now) {
    if (state_ != State::connected) return fail(Errc::not_connected, std::string(not_connected_sentence));
    if (pending_.size() >= options_.max_held) return fail(Errc::queue_full, "Too many subscriptions wait for their answer.");
    const auto packet_id = new_packet_id();
    if (!packet_id) return fail(Errc::no_packet_id, "Every packet identifier is in use.");
    packet.packet_id = *packet_id;
    const std::size_t before = outbox_.size();
    if (auto encoded = encode(packet, version(), outbox_); !encoded) return std::unexpected(std::move(encoded.error()));
    if (outbox_.size() - before > limits_.maximum_packet_size) {
        outbox_.resize(before);
        return fail(Errc::packet_too_large, "The packet is larger than the server takes; ask for fewer filters at a time.");
    }
    pending_.push_back({*packet_id, answer, filters});
    last_sent_ = now;
    return *packet_id;
}

Result<std::uint16_t> ClientSession::subscribe(std::span<const Subscription> subscriptions, Time now,
                                               const SubscribeProperties& properties) {
    if (properties.subscription_identifier && !limits_.identifiers_available) {
        return fail(Errc::not_supported_by_server, "The server does not offer subscription identifiers.");
    }
    for (const Subscription& subscription : subscriptions) {
        if (auto offered = check_offered(subscription.filter); !offered) return std::unexpected(std::move(offered.error()));
    }
    Subscribe packet;
    packet.properties = properties;
    packet.subscriptions.assign(subscriptions.begin(), subscriptions.end());
    return request(std::move(packet), PacketType::suback, subscriptions.size(), now);
}

Result<std::uint16_t> ClientSession::unsubscribe(std::span<const std::string> filters, Time now) {
    Unsubscribe packet;
    packet.filters.assign(filters.begin(), filters.end());
    return request(std::move(packet), PacketType::unsuback, filters.size(), now);
}

Result<> ClientSession::ping(Time now) {
    if (state_ != State::connected) return fail(Errc::not_connected, std::string(not_connected_sentence));
    if (std::exchange(pong_due_, true)) return {};
    pinged_at_ = now;
    send(Pingreq{}, now);
    return {};
}

Result<> ClientSession::authenticate(ReasonCode reason, ByteView data, Time now) {
    if (state_ != State::connecting && state_ != State::connected)
        return fail(Errc::not_connected, std::string(not_connected_sentence));
    const auto& method = options_.connect.properties.authentication_method;
    if (!method) return fail(Errc::not_encodable, "The CONNECT named no authentication method.");
    Auth packet;
    packet.reason = reason;
    packet.properties.authentication_method = *method;
    packet.properties.authentication_data.emplace(data.begin(), data.end());
    if (auto encoded = encode(packet, version(), outbox_); !encoded) return encoded;
    last_sent_ = now;
    return {};
}

}  // namespace holdfast::mqtt
