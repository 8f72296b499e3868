// DISCONNECT and AUTH (MQTT5 3.14, 3.15).

#include "mqtt/codec.h"
#include "mqtt/codec_parts.h"

namespace holdfast::mqtt {

namespace {

using codec::Decoded;
using codec::fault;

constexpr std::string_view no_method = "AUTH needs an authentication method.";

/// AUTH without anything says "success"; all else needs the method (MQTT5 3.15.2.2.2).
bool lacks_method(const Auth& packet) {
    const bool says_something = packet.reason != ReasonCode::success || !codec::is_empty(packet.properties);
    return says_something && !packet.properties.authentication_method;
}

}  // namespace

namespace codec {

Decoded<Packet> decode_disconnect(Input input) {
    Disconnect packet;
    if (input.version == Version::v5 && !input.reader.at_end()) {
        if (auto outcome = take_reason(input.reader, PacketType::disconnect, packet.reason); !outcome) {
            return std::unexpected(outcome.error());
        }
        if (!input.reader.at_end()) {
            if (auto outcome = take_properties(input.reader, packet.properties); !outcome)
                return std::unexpected(outcome.error());
        }
    }
    if (auto outcome = expect_end(input.reader); !outcome) return std::unexpected(outcome.error());
    if (input.direction == Direction::to_client && packet.properties.session_expiry_interval) {
        return fault(Errc::protocol_error, "A server must not send a session expiry interval.");  // [MQTT-3.14.2-2]
    }
    if (input.direction == Direction::to_server && packet.properties.server_reference) {
        return fault(Errc::protocol_error, "A client must not send a server reference.");
    }
    return packet;
}

Decoded<Packet> decode_auth(Input input) {
    Auth packet;
    if (input.reader.at_end()) return packet;
    if (auto outcome = take_reason(input.reader, PacketType::auth, packet.reason); !outcome)
        return std::unexpected(outcome.error());
    if (auto outcome = take_properties(input.reader, packet.properties); !outcome) return std::unexpected(outcome.error());
    if (auto outcome = expect_end(input.reader); !outcome) return std::unexpected(outcome.error());
    if (lacks_method(packet)) return fault(Errc::protocol_error, no_method);
    return packet;
}

}  // namespace codec

Result<> encode(const Disconnect& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0xE0);
    const bool has_properties = !codec::is_empty(packet.properties);
    const bool has_more = packet.reason != ReasonCode::normal_disconnection || has_properties;
    if (version == Version::v5) {
        if (has_more) codec::write_reason(writer, PacketType::disconnect, packet.reason);
        if (has_properties) codec::write_properties(writer, packet.properties);
    } else {
        codec::refuse_in_version_3(writer, has_more);
    }
    return writer.finish();
}

Result<> encode(const Auth& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0xF0);
    codec::refuse_in_version_3(writer, version != Version::v5);
    if (lacks_method(packet)) writer.fail(Errc::not_encodable, no_method);
    if (packet.reason != ReasonCode::success || !codec::is_empty(packet.properties)) {
        codec::write_reason(writer, PacketType::auth, packet.reason);
        codec::write_properties(writer, packet.properties);
    }
    return writer.finish();
}

}  // namespace holdfast::mqtt
