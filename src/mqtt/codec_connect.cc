// CONNECT and CONNACK (MQTT5 3.1, 3.2). Decoding stands on the views, so that both agree about what is acceptable.

#include "mqtt/codec.h"
#include "mqtt/codec_parts.h"
#include "mqtt/connack_view.h"
#include "mqtt/connect_view.h"
#include "mqtt/topic.h"

namespace holdfast::mqtt {

namespace {

using codec::Decoded;
using codec::fault;

Errc errc_of(ConnectFaultReason reason) {
    switch (reason) {
        case ConnectFaultReason::not_a_connect:
            return Errc::unexpected_packet;
        case ConnectFaultReason::too_large:
            return Errc::packet_too_large;
        case ConnectFaultReason::truncated:
            return Errc::truncated;
        case ConnectFaultReason::bad_protocol_name:
            return Errc::bad_protocol_name;
        case ConnectFaultReason::unsupported_version:
            return Errc::unsupported_version;
        case ConnectFaultReason::bad_utf8:
            return Errc::bad_utf8;
        case ConnectFaultReason::bad_will_topic:
            return Errc::bad_topic;
        case ConnectFaultReason::password_without_username:
        case ConnectFaultReason::empty_client_id:
        case ConnectFaultReason::bad_property_value:
            return Errc::protocol_error;
        case ConnectFaultReason::bad_remaining_length:
        case ConnectFaultReason::trailing_bytes:
        case ConnectFaultReason::reserved_flag:
        case ConnectFaultReason::bad_will_flags:
        case ConnectFaultReason::malformed_properties:
            break;
    }
    return Errc::malformed_packet;
}

ByteBuffer copy(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

std::uint8_t flags_of(const Connect& packet) {
    unsigned flags = packet.clean_start ? 0x02U : 0U;
    if (packet.will) flags |= 0x04U | static_cast<unsigned>(packet.will->qos) << 3 | (packet.will->retain ? 0x20U : 0U);
    if (packet.password) flags |= 0x40U;
    if (packet.username) flags |= 0x80U;
    return static_cast<std::uint8_t>(flags);
}

void check(const Connect& packet, Writer& writer) {
    const bool is_v5 = packet.version == Version::v5;
    if (packet.client_id.empty() && !is_v5 && !(packet.version == Version::v311 && packet.clean_start)) {
        writer.fail(Errc::not_encodable,
                    "An empty client id needs clean session in MQTT 3.1.1, and is not allowed in MQTT 3.1.");
    }
    if (!is_v5 && packet.password && !packet.username)
        writer.fail(Errc::not_encodable, "A password needs a user name in MQTT 3.");
    if (packet.properties.authentication_data && !packet.properties.authentication_method) {
        writer.fail(Errc::not_encodable, "Authentication data need an authentication method.");
    }
    if (packet.will && !is_topic_name(packet.will->topic))
        writer.fail(Errc::bad_topic, "The will topic is empty or holds a wildcard.");
    codec::refuse_in_version_3(writer, !is_v5 && !codec::is_empty(packet.properties));
    codec::refuse_in_version_3(writer, !is_v5 && packet.will && !codec::is_empty(packet.will->properties));
}

}  // namespace

namespace codec {

Decoded<Packet> decode_connect(ByteView whole_packet) {
    const auto view = parse_connect(whole_packet);
    if (!view) return fault(errc_of(view.error().reason), view.error().sentence());
    Connect packet;
    packet.version = view->version;
    packet.is_bridge = view->is_bridge;
    packet.clean_start = view->clean_start;
    packet.keep_alive = view->keep_alive;
    packet.client_id = view->client_id;
    if (view->username) packet.username.emplace(*view->username);
    if (view->password) packet.password = copy(*view->password);
    if (auto outcome = fill_properties(view->properties.bytes(), packet.properties); !outcome)
        return std::unexpected(outcome.error());
    if (view->will) {
        Will& will = packet.will.emplace();
        will.topic = view->will->topic;
        will.payload = copy(view->will->payload);
        will.qos = view->will->qos;
        will.retain = view->will->retain;
        if (auto outcome = fill_properties(view->will->properties.bytes(), will.properties); !outcome) {
            return std::unexpected(outcome.error());
        }
    }
    return packet;
}

Decoded<Packet> decode_connack(ByteView whole_packet, Version version) {
    const auto view = parse_connack(whole_packet, version);
    if (!view) return fault(view.error(), "The packet breaks a rule of CONNACK.");
    if (version == Version::v5 && !may_carry(PacketType::connack, static_cast<ReasonCode>(view->code))) {
        return fault(Errc::malformed_packet, "The reason code is none that this packet may carry.");
    }
    Connack packet;
    packet.session_present = view->session_present;
    packet.code = view->code;
    if (auto outcome = fill_properties(view->properties.bytes(), packet.properties); !outcome)
        return std::unexpected(outcome.error());
    return packet;
}

}  // namespace codec

Result<> encode(const Connect& packet, Version, ByteBuffer& out) {
    const bool is_v5 = packet.version == Version::v5;
    Writer writer(out, 0x10);
    check(packet, writer);
    writer.text(packet.version == Version::v31 ? "MQIsdp" : "MQTT");
    writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(packet.version) | (packet.is_bridge ? 0x80U : 0U)));
    writer.u8(flags_of(packet));
    writer.u16(packet.keep_alive);
    if (is_v5) codec::write_properties(writer, packet.properties);
    writer.text(packet.client_id);
    if (packet.will) {
        if (is_v5) codec::write_properties(writer, packet.will->properties);
        writer.text(packet.will->topic);
        writer.binary(packet.will->payload);
    }
    if (packet.username) writer.text(*packet.username);
    if (packet.password) writer.binary(*packet.password);
    return writer.finish();
}

Result<> encode(const Connack& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0x20);
    if (packet.session_present && version == Version::v31)
        writer.fail(Errc::not_encodable, "MQTT 3.1 has no session present flag.");
    if (packet.session_present && packet.code != 0) {
        writer.fail(Errc::not_encodable, "A CONNACK that refuses cannot say that a session is present.");  // [MQTT-3.2.2-6]
    }
    writer.u8(packet.session_present ? 1 : 0);
    if (version == Version::v5) {
        codec::write_reason(writer, PacketType::connack, static_cast<ReasonCode>(packet.code));
        codec::write_properties(writer, packet.properties);
    } else {
        writer.u8(packet.code);
        codec::refuse_in_version_3(writer, !codec::is_empty(packet.properties));
    }
    return writer.finish();
}

}  // namespace holdfast::mqtt
