// PUBLISH and its four acknowledgements (MQTT5 3.3 to 3.7).

#include "mqtt/codec.h"
#include "mqtt/codec_parts.h"
#include "mqtt/publish_view.h"
#include "mqtt/topic.h"

namespace holdfast::mqtt {

namespace {

using codec::Decoded;
using codec::fault;

std::string_view sentence_of(Errc code) {
    switch (code) {
        case Errc::bad_topic:
            return "The topic name is longer than allowed or holds a wildcard.";
        case Errc::bad_utf8:
            return "A text is not well-formed UTF-8, or holds U+0000.";
        case Errc::truncated:
            return "A field runs past the end of the packet.";
        default:
            return "The packet breaks a rule of PUBLISH.";
    }
}

template <class Ack>
Decoded<Packet> decode_ack(codec::Input input) {
    Ack ack;
    if (auto outcome = codec::take_packet_id(input.reader, ack.packet_id); !outcome) return std::unexpected(outcome.error());
    if (input.version == Version::v5 && !input.reader.at_end()) {
        if (auto outcome = codec::take_reason(input.reader, Ack::type, ack.reason); !outcome)
            return std::unexpected(outcome.error());
        if (!input.reader.at_end()) {
            if (auto outcome = codec::take_properties(input.reader, ack.properties); !outcome)
                return std::unexpected(outcome.error());
        }
    }
    if (auto outcome = codec::expect_end(input.reader); !outcome) return std::unexpected(outcome.error());
    return ack;
}

template <class Ack>
Result<> encode_ack(const Ack& ack, Version version, ByteBuffer& out) {
    const unsigned flags = Ack::type == PacketType::pubrel ? 0x02U : 0U;
    Writer writer(out, static_cast<std::uint8_t>(static_cast<unsigned>(Ack::type) << 4 | flags));
    codec::write_packet_id(writer, ack.packet_id);
    const bool has_properties = !codec::is_empty(ack.properties);
    const bool has_more = ack.reason != ReasonCode::success || has_properties;
    if (version == Version::v5) {
        // What is success and nothing else is left out (MQTT5 3.4.2.1).
        if (has_more) codec::write_reason(writer, Ack::type, ack.reason);
        if (has_properties) codec::write_properties(writer, ack.properties);
    } else {
        codec::refuse_in_version_3(writer, has_more);
    }
    return writer.finish();
}

}  // namespace

namespace codec {

Decoded<Packet> decode_publish(ByteView whole_packet, Version version, Direction direction) {
    const auto view = parse_publish(whole_packet, version);
    if (!view) return fault(view.error(), sentence_of(view.error()));
    Publish packet;
    packet.dup = view->dup;
    packet.qos = view->qos;
    packet.retain = view->retain;
    packet.topic = view->topic;
    packet.packet_id = view->packet_id;
    if (auto outcome = fill_properties(view->properties.bytes(), packet.properties); !outcome)
        return std::unexpected(outcome.error());
    if (direction == Direction::to_server && !packet.properties.subscription_identifiers.empty()) {
        return fault(Errc::protocol_error, "A client must not send subscription identifiers.");  // [MQTT-3.3.4-6]
    }
    packet.payload.assign(view->payload.begin(), view->payload.end());
    return packet;
}

Decoded<Packet> decode_publish_ack(Input input, PacketType type) {
    switch (type) {
        case PacketType::puback:
            return decode_ack<Puback>(input);
        case PacketType::pubrec:
            return decode_ack<Pubrec>(input);
        case PacketType::pubrel:
            return decode_ack<Pubrel>(input);
        default:
            return decode_ack<Pubcomp>(input);
    }
}

}  // namespace codec

Result<> encode(const PublishParts& packet, Version version, ByteBuffer& out) {
    const unsigned flags = (packet.dup ? 0x08U : 0U) | static_cast<unsigned>(packet.qos) << 1 | (packet.retain ? 0x01U : 0U);
    Writer writer(out, static_cast<std::uint8_t>(0x30U | flags));
    const bool has_qos = packet.qos != QoS::at_most_once;
    if (packet.dup && !has_qos)
        writer.fail(Errc::not_encodable, "A message with QoS 0 cannot be a repeated one.");  // [MQTT-3.3.1-2]
    if (!has_qos && packet.packet_id != 0) writer.fail(Errc::not_encodable, "A message with QoS 0 has no packet identifier.");
    const bool may_be_empty =
        version == Version::v5 && packet.properties != nullptr && packet.properties->topic_alias.has_value();
    if (!is_topic_name(packet.topic) && !(packet.topic.empty() && may_be_empty)) {
        writer.fail(Errc::bad_topic, "The topic name is empty, too long, or holds a wildcard.");
    }
    writer.text(packet.topic);
    if (has_qos) codec::write_packet_id(writer, packet.packet_id);
    const bool has_properties = packet.properties != nullptr && !codec::is_empty(*packet.properties);
    if (version != Version::v5) {
        codec::refuse_in_version_3(writer, has_properties);
    } else if (has_properties) {
        codec::write_properties(writer, *packet.properties);
    } else {
        writer.variable_integer(0);
    }
    writer.bytes(packet.payload);
    return writer.finish();
}

Result<> encode(const Publish& packet, Version version, ByteBuffer& out) {
    const PublishParts parts{packet.dup,       packet.qos,         packet.retain, packet.topic,
                             packet.packet_id, &packet.properties, packet.payload};
    return encode(parts, version, out);
}

Result<> encode(const Puback& packet, Version version, ByteBuffer& out) {
    return encode_ack(packet, version, out);
}
Result<> encode(const Pubrec& packet, Version version, ByteBuffer& out) {
    return encode_ack(packet, version, out);
}
Result<> encode(const Pubrel& packet, Version version, ByteBuffer& out) {
    return encode_ack(packet, version, out);
}
Result<> encode(const Pubcomp& packet, Version version, ByteBuffer& out) {
    return encode_ack(packet, version, out);
}

}  // namespace holdfast::mqtt
