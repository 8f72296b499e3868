#include "mqtt/codec.h"

#include <string>

#include "mqtt/codec_parts.h"
#include "mqtt/packet_body.h"

namespace holdfast::mqtt {

namespace {

using codec::Decoded;
using codec::fault;

/// Whether packets of a type travel this way at all (MQTT5 table 2-1).
bool may_travel(PacketType type, Version version, Direction direction) {
    if (direction == Direction::either) return true;
    const bool to_client = direction == Direction::to_client;
    switch (type) {
        case PacketType::connect:
        case PacketType::subscribe:
        case PacketType::unsubscribe:
        case PacketType::pingreq:
            return !to_client;
        case PacketType::connack:
        case PacketType::suback:
        case PacketType::unsuback:
        case PacketType::pingresp:
            return to_client;
        case PacketType::disconnect:
            return !to_client || version == Version::v5;
        default:
            return true;
    }
}

/// The flags that the first byte of a type other than PUBLISH must have. [MQTT-2.1.3-1]
std::uint8_t fixed_flags(PacketType type) {
    switch (type) {
        case PacketType::pubrel:
        case PacketType::subscribe:
        case PacketType::unsubscribe:
            return 0x02;
        default:
            return 0x00;
    }
}

template <class Ping>
Decoded<Packet> decode_ping(const codec::Input& input) {
    if (auto outcome = codec::expect_end(input.reader); !outcome) return std::unexpected(outcome.error());
    return Ping{};
}

Decoded<Packet> decode_body(const codec::Input& input, PacketType type, ByteView packet) {
    switch (type) {
        case PacketType::connack:
            return codec::decode_connack(packet, input.version);
        case PacketType::publish:
            return codec::decode_publish(packet, input.version, input.direction);
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp:
            return codec::decode_publish_ack(input, type);
        case PacketType::subscribe:
            return codec::decode_subscribe(input);
        case PacketType::suback:
            return codec::decode_suback(input);
        case PacketType::unsubscribe:
            return codec::decode_unsubscribe(input);
        case PacketType::unsuback:
            return codec::decode_unsuback(input);
        case PacketType::pingreq:
            return decode_ping<Pingreq>(input);
        case PacketType::pingresp:
            return decode_ping<Pingresp>(input);
        case PacketType::disconnect:
            return codec::decode_disconnect(input);
        case PacketType::auth:
            return codec::decode_auth(input);
        case PacketType::connect:
        case PacketType::reserved:
            break;
    }
    return fault(Errc::malformed_packet, "Packet type 0 is reserved.");
}

Decoded<Packet> decode_any(ByteView packet, Version version, Direction direction) {
    if (packet.empty()) return fault(Errc::truncated, "There are no bytes.");
    const PacketType type = packet_type(packet[0]);
    if (!may_travel(type, version, direction))
        return fault(Errc::unexpected_packet, "Packets of this type do not travel this way.");
    if (type == PacketType::connect) return codec::decode_connect(packet);
    if (type == PacketType::auth && version != Version::v5)
        return fault(Errc::unexpected_packet, "Only MQTT 5 has this packet.");
    const auto body = packet_body(packet, version);
    if (!body) return fault(body.error(), "The remaining length is not that of the packet, or not well-formed.");
    const auto flags = static_cast<std::uint8_t>(packet[0] & 0x0F);
    // 3.1 calls the flags of other types unused, and repeats some of them with DUP.
    const bool flags_are_fixed = type != PacketType::publish && version != Version::v31;
    if (flags_are_fixed && flags != fixed_flags(type))
        return fault(Errc::malformed_packet, "The reserved flags of the first byte are wrong.");
    return decode_body({Reader(*body), flags, version, direction}, type, packet);
}

}  // namespace

Result<Packet> decode(ByteView packet, Version version, Direction direction) {
    auto decoded = decode_any(packet, version, direction);
    if (decoded) return std::move(*decoded);
    std::string sentence = packet.empty() ? std::string("packet") : std::string(name(packet_type(packet[0])));
    sentence.append(": ").append(decoded.error().sentence);
    return fail(decoded.error().code, std::move(sentence));
}

Result<> encode(const Packet& packet, Version version, ByteBuffer& out) {
    return std::visit([&](const auto& one) { return encode(one, version, out); }, packet);
}

Result<> encode(const Pingreq&, Version, ByteBuffer& out) {
    return Writer(out, 0xC0).finish();
}

Result<> encode(const Pingresp&, Version, ByteBuffer& out) {
    return Writer(out, 0xD0).finish();
}

PacketType type_of(const Packet& packet) noexcept {
    // The alternatives stand in the order of their types, from CONNECT = 1.
    static_assert(std::variant_size_v<Packet> == 15);
    return static_cast<PacketType>(packet.index() + 1);
}

}  // namespace holdfast::mqtt
