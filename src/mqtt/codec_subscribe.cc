// SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (MQTT5 3.8 to 3.11).

#include "mqtt/codec.h"
#include "mqtt/codec_parts.h"
#include "mqtt/topic.h"

namespace holdfast::mqtt {

namespace {

using codec::Decoded;
using codec::fault;

constexpr std::string_view bad_filter = "A topic filter breaks a rule of wildcards or shared subscriptions, or is empty.";

Decoded<> take_filter(codec::Input& input, std::string& filter) {
    if (auto outcome = codec::take(input.reader.text(), filter); !outcome) return outcome;
    if (!is_topic_filter(filter, input.version == Version::v5)) return fault(Errc::bad_topic, bad_filter);
    return {};
}

/// The options byte (MQTT5 3.8.3.1); 3.1.1 has the QoS alone [MQTT-3.8.3-4 of 3.1.1], 3.1 does not care about the rest.
Decoded<> take_options(codec::Input& input, Subscription& subscription) {
    std::uint8_t bits = 0;
    if (auto outcome = codec::take(input.reader.u8(), bits); !outcome) return outcome;
    const std::uint8_t reserved = input.version == Version::v5 ? 0xC0 : input.version == Version::v311 ? 0xFC : 0x00;
    if ((bits & reserved) != 0) return fault(Errc::malformed_packet, "Reserved bits of the subscription options are set.");
    const auto qos = qos_from_bits(bits & 0x03U);
    if (!qos) return fault(Errc::malformed_packet, "A subscription asks for QoS 3.");
    subscription.qos = *qos;
    if (input.version != Version::v5) return {};
    const unsigned handling = (bits >> 4) & 0x03U;
    if (handling == 3) return fault(Errc::protocol_error, "A subscription has retain handling 3.");
    subscription.no_local = (bits & 0x04) != 0;
    subscription.retain_as_published = (bits & 0x08) != 0;
    subscription.retain_handling = static_cast<RetainHandling>(handling);
    if (subscription.no_local && is_shared(subscription.filter)) {
        return fault(Errc::protocol_error, "A shared subscription has the no-local option.");  // [MQTT-3.8.3-4]
    }
    return {};
}

std::uint8_t options_of(const Subscription& subscription) {
    return static_cast<std::uint8_t>(static_cast<unsigned>(subscription.qos) | (subscription.no_local ? 0x04U : 0U) |
                                     (subscription.retain_as_published ? 0x08U : 0U) |
                                     static_cast<unsigned>(subscription.retain_handling) << 4);
}

template <class Properties>
void write_start(Writer& writer, std::uint16_t packet_id, const Properties& properties, Version version) {
    codec::write_packet_id(writer, packet_id);
    if (version == Version::v5) {
        codec::write_properties(writer, properties);
    } else {
        codec::refuse_in_version_3(writer, !codec::is_empty(properties));
    }
}

void write_filter(Writer& writer, const std::string& filter, Version version) {
    if (!is_topic_filter(filter, version == Version::v5)) writer.fail(Errc::bad_topic, bad_filter);
    writer.text(filter);
}

template <class Packet>
Decoded<> take_start(codec::Input& input, Packet& packet) {
    if (auto outcome = codec::take_packet_id(input.reader, packet.packet_id); !outcome) return outcome;
    if (input.version != Version::v5) return {};
    return codec::take_properties(input.reader, packet.properties);
}

bool may_grant(Version version, ReasonCode code) {
    if (version == Version::v5) return codec::may_carry(PacketType::suback, code);
    return code <= ReasonCode::granted_qos_2 || code == ReasonCode::unspecified_error;
}

}  // namespace

namespace codec {

Decoded<Packet> decode_subscribe(Input input) {
    Subscribe packet;
    if (auto outcome = take_start(input, packet); !outcome) return std::unexpected(outcome.error());
    while (!input.reader.at_end()) {
        Subscription& subscription = packet.subscriptions.emplace_back();
        if (auto outcome = take_filter(input, subscription.filter); !outcome) return std::unexpected(outcome.error());
        if (auto outcome = take_options(input, subscription); !outcome) return std::unexpected(outcome.error());
    }
    if (packet.subscriptions.empty()) return fault(Errc::protocol_error, "There is no topic filter.");  // [MQTT-3.8.3-2]
    return packet;
}

Decoded<Packet> decode_suback(Input input) {
    Suback packet;
    if (auto outcome = take_start(input, packet); !outcome) return std::unexpected(outcome.error());
    for (const Byte byte : input.reader.rest()) {
        const auto code = static_cast<ReasonCode>(byte);
        if (!may_grant(input.version, code)) return fault(Errc::malformed_packet, "A code is none that SUBACK may carry.");
        packet.codes.push_back(code);
    }
    if (packet.codes.empty()) return fault(Errc::protocol_error, "There is no code.");
    return packet;
}

Decoded<Packet> decode_unsubscribe(Input input) {
    Unsubscribe packet;
    if (auto outcome = take_start(input, packet); !outcome) return std::unexpected(outcome.error());
    while (!input.reader.at_end()) {
        if (auto outcome = take_filter(input, packet.filters.emplace_back()); !outcome) return std::unexpected(outcome.error());
    }
    if (packet.filters.empty()) return fault(Errc::protocol_error, "There is no topic filter.");  // [MQTT-3.10.3-2]
    return packet;
}

Decoded<Packet> decode_unsuback(Input input) {
    Unsuback packet;
    if (auto outcome = take_start(input, packet); !outcome) return std::unexpected(outcome.error());
    if (input.version != Version::v5) {
        if (auto outcome = expect_end(input.reader); !outcome) return std::unexpected(outcome.error());
        return packet;
    }
    while (!input.reader.at_end()) {
        if (auto outcome = take_reason(input.reader, PacketType::unsuback, packet.codes.emplace_back()); !outcome) {
            return std::unexpected(outcome.error());
        }
    }
    if (packet.codes.empty()) return fault(Errc::protocol_error, "There is no code.");
    return packet;
}

}  // namespace codec

Result<> encode(const Subscribe& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0x82);
    write_start(writer, packet.packet_id, packet.properties, version);
    if (packet.subscriptions.empty()) writer.fail(Errc::not_encodable, "There is no topic filter.");
    for (const Subscription& subscription : packet.subscriptions) {
        write_filter(writer, subscription.filter, version);
        const std::uint8_t options = options_of(subscription);
        if (version != Version::v5) codec::refuse_in_version_3(writer, (options & 0xFC) != 0);
        if (version == Version::v5 && subscription.no_local && is_shared(subscription.filter)) {
            writer.fail(Errc::not_encodable, "A shared subscription cannot have the no-local option.");
        }
        writer.u8(options);
    }
    return writer.finish();
}

Result<> encode(const Suback& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0x90);
    write_start(writer, packet.packet_id, packet.properties, version);
    if (packet.codes.empty()) writer.fail(Errc::not_encodable, "There is no code.");
    for (const ReasonCode code : packet.codes) {
        if (!may_grant(version, code)) writer.fail(Errc::not_encodable, "A code is none that SUBACK may carry.");
        writer.u8(static_cast<std::uint8_t>(code));
    }
    return writer.finish();
}

Result<> encode(const Unsubscribe& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0xA2);
    write_start(writer, packet.packet_id, packet.properties, version);
    if (packet.filters.empty()) writer.fail(Errc::not_encodable, "There is no topic filter.");
    for (const std::string& filter : packet.filters)
        write_filter(writer, filter, version);
    return writer.finish();
}

Result<> encode(const Unsuback& packet, Version version, ByteBuffer& out) {
    Writer writer(out, 0xB0);
    write_start(writer, packet.packet_id, packet.properties, version);
    if (version != Version::v5) {
        codec::refuse_in_version_3(writer, !packet.codes.empty());
    } else if (packet.codes.empty()) {
        writer.fail(Errc::not_encodable, "There is no code.");
    }
    for (const ReasonCode code : packet.codes)
        codec::write_reason(writer, PacketType::unsuback, code);
    return writer.finish();
}

}  // namespace holdfast::mqtt
