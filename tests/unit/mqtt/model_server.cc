#include "model_server.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace holdfast::mqtt {

void ModelServer::connection_opened() {
    framer_.reset();
    output.clear();
    connected_ = false;
}

void ModelServer::lose_session() {
    has_session_ = false;
    exactly_once_.clear();
    outgoing_.clear();
}

void ModelServer::receive(ByteView bytes) {
    while (complaint.empty()) {
        const auto packet = framer_.feed(bytes);
        if (!packet) complaint = "the stream has no frames";
        if (!packet || packet->empty()) return;
        const auto decoded = decode(*packet, version_, Direction::to_server);
        if (!decoded) {
            complaint = decoded.error().message();
            return;
        }
        if (connected_ == std::holds_alternative<Connect>(*decoded)) complaint = "CONNECT does not come first, or comes twice";
        handle(*decoded);
    }
}

void ModelServer::publish(const std::string& payload, QoS qos) {
    if (++last_packet_id_ == 0) ++last_packet_id_;
    Publish publish;
    publish.topic = "to/client";
    publish.qos = qos;
    publish.payload.assign(payload.begin(), payload.end());
    if (qos != QoS::at_most_once) publish.packet_id = last_packet_id_;
    const Outgoing outgoing{publish, false};
    if (connected_) send_outgoing(outgoing, false);
    if (qos != QoS::at_most_once) outgoing_.push_back(outgoing);
}

void ModelServer::handle(const Packet& packet) {
    if (const auto* connect = std::get_if<Connect>(&packet)) handle(*connect);
    if (const auto* publish = std::get_if<Publish>(&packet)) handle(*publish);
    if (const auto* subscribe = std::get_if<Subscribe>(&packet)) handle(*subscribe);
    if (const auto* unsubscribe = std::get_if<Unsubscribe>(&packet)) {
        Unsuback answer{.packet_id = unsubscribe->packet_id};
        if (version_ == Version::v5) answer.codes.assign(unsubscribe->filters.size(), ReasonCode::success);
        send(answer);
    }
    if (const auto* pubrel = std::get_if<Pubrel>(&packet)) {
        exactly_once_.erase(pubrel->packet_id);
        send(Pubcomp{.packet_id = pubrel->packet_id});
    }
    if (const auto* puback = std::get_if<Puback>(&packet)) take_ack(puback->packet_id, true);
    if (const auto* pubcomp = std::get_if<Pubcomp>(&packet)) take_ack(pubcomp->packet_id, true);
    if (const auto* pubrec = std::get_if<Pubrec>(&packet)) {
        take_ack(pubrec->packet_id, false);
        send(Pubrel{.packet_id = pubrec->packet_id});
    }
    if (std::holds_alternative<Pingreq>(packet)) send(Pingresp{});
}

void ModelServer::handle(const Connect& packet) {
    connected_ = true;
    if (packet.clean_start) lose_session();
    send(Connack{.session_present = has_session_ && version_ != Version::v31});
    has_session_ = true;
    for (const Outgoing& outgoing : outgoing_)
        send_outgoing(outgoing, true);
}

void ModelServer::handle(const Publish& packet) {
    const std::string payload(as_text(packet.payload));
    if (packet.qos == QoS::exactly_once) {
        if (exactly_once_.insert(packet.packet_id).second) ++accepted[payload];
        send(Pubrec{.packet_id = packet.packet_id});
        return;
    }
    ++accepted[payload];
    if (packet.qos == QoS::at_least_once) send(Puback{.packet_id = packet.packet_id});
}

void ModelServer::handle(const Subscribe& packet) {
    Suback answer{.packet_id = packet.packet_id};
    for (const Subscription& one : packet.subscriptions)
        answer.codes.push_back(static_cast<ReasonCode>(one.qos));
    send(answer);
}

void ModelServer::take_ack(std::uint16_t packet_id, bool final) {
    const auto outgoing =
        std::ranges::find_if(outgoing_, [&](const Outgoing& one) { return one.publish.packet_id == packet_id; });
    if (outgoing == outgoing_.end()) return;
    if (final) {
        outgoing_.erase(outgoing);
    } else {
        outgoing->received = true;
    }
}

void ModelServer::send(const Packet& packet) {
    const bool may_stutter = stutters && !std::holds_alternative<Connack>(packet) && !std::holds_alternative<Publish>(packet);
    for (int i = may_stutter ? 2 : 1; i > 0; --i) {
        if (const auto encoded = encode(packet, version_, output); !encoded) complaint = encoded.error().message();
    }
}

void ModelServer::send_outgoing(const Outgoing& outgoing, bool again) {
    if (outgoing.received) {
        send(Pubrel{.packet_id = outgoing.publish.packet_id});
        return;
    }
    Publish publish = outgoing.publish;
    publish.dup = again && publish.qos != QoS::at_most_once;
    send(publish);
}

}  // namespace holdfast::mqtt
