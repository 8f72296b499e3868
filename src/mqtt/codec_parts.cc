#include "mqtt/codec_parts.h"

#include <algorithm>
#include <array>
#include <span>

namespace holdfast::mqtt::codec {

namespace {

using enum ReasonCode;

constexpr std::array connack_codes{success,
                                   unspecified_error,
                                   malformed_packet,
                                   protocol_error,
                                   implementation_specific_error,
                                   unsupported_protocol_version,
                                   client_identifier_not_valid,
                                   bad_user_name_or_password,
                                   not_authorized,
                                   server_unavailable,
                                   server_busy,
                                   banned,
                                   bad_authentication_method,
                                   topic_name_invalid,
                                   packet_too_large,
                                   quota_exceeded,
                                   payload_format_invalid,
                                   retain_not_supported,
                                   qos_not_supported,
                                   use_another_server,
                                   server_moved,
                                   connection_rate_exceeded};
constexpr std::array received_codes{success,
                                    no_matching_subscribers,
                                    unspecified_error,
                                    implementation_specific_error,
                                    not_authorized,
                                    topic_name_invalid,
                                    packet_identifier_in_use,
                                    quota_exceeded,
                                    payload_format_invalid};
constexpr std::array released_codes{success, packet_identifier_not_found};
constexpr std::array suback_codes{granted_qos_0,
                                  granted_qos_1,
                                  granted_qos_2,
                                  unspecified_error,
                                  implementation_specific_error,
                                  not_authorized,
                                  topic_filter_invalid,
                                  packet_identifier_in_use,
                                  quota_exceeded,
                                  shared_subscriptions_not_supported,
                                  subscription_identifiers_not_supported,
                                  wildcard_subscriptions_not_supported};
constexpr std::array unsuback_codes{
    success,        no_subscription_existed, unspecified_error,       implementation_specific_error,
    not_authorized, topic_filter_invalid,    packet_identifier_in_use};
constexpr std::array disconnect_codes{normal_disconnection,
                                      disconnect_with_will,
                                      unspecified_error,
                                      malformed_packet,
                                      protocol_error,
                                      implementation_specific_error,
                                      not_authorized,
                                      server_busy,
                                      server_shutting_down,
                                      bad_authentication_method,
                                      keep_alive_timeout,
                                      session_taken_over,
                                      topic_filter_invalid,
                                      topic_name_invalid,
                                      receive_maximum_exceeded,
                                      topic_alias_invalid,
                                      packet_too_large,
                                      message_rate_too_high,
                                      quota_exceeded,
                                      administrative_action,
                                      payload_format_invalid,
                                      retain_not_supported,
                                      qos_not_supported,
                                      use_another_server,
                                      server_moved,
                                      shared_subscriptions_not_supported,
                                      connection_rate_exceeded,
                                      maximum_connect_time,
                                      subscription_identifiers_not_supported,
                                      wildcard_subscriptions_not_supported};
constexpr std::array auth_codes{success, continue_authentication, reauthenticate};

std::span<const ReasonCode> codes_of(PacketType type) {
    switch (type) {
        case PacketType::connack:
            return connack_codes;
        case PacketType::puback:
        case PacketType::pubrec:
            return received_codes;
        case PacketType::pubrel:
        case PacketType::pubcomp:
            return released_codes;
        case PacketType::suback:
            return suback_codes;
        case PacketType::unsuback:
            return unsuback_codes;
        case PacketType::disconnect:
            return disconnect_codes;
        case PacketType::auth:
            return auth_codes;
        default:
            return {};
    }
}

void write_id(Writer& writer, PropertyId id) {
    writer.u8(static_cast<std::uint8_t>(id));
}

}  // namespace

std::unexpected<Fault> fault(Errc code, std::string_view sentence) {
    return std::unexpected(Fault{code, sentence});
}

std::unexpected<Fault> fault(ReadFault read_fault) {
    switch (read_fault) {
        case ReadFault::truncated:
            return fault(Errc::truncated, "A field runs past the end of the packet.");
        case ReadFault::bad_variable_integer:
            return fault(Errc::malformed_packet, "A variable byte integer is not in its shortest form.");
        case ReadFault::bad_utf8:
            break;
    }
    return fault(Errc::bad_utf8, "A text is not well-formed UTF-8, or holds U+0000.");
}

std::unexpected<Fault> fault(PropertyFault property_fault) {
    return fault(errc_for(property_fault), sentence(property_fault));
}

Decoded<> take_packet_id(Reader& reader, std::uint16_t& packet_id) {
    if (auto outcome = take(reader.u16(), packet_id); !outcome) return outcome;
    if (packet_id == 0) return fault(Errc::protocol_error, "The packet identifier is 0.");
    return {};
}

bool may_carry(PacketType type, ReasonCode code) noexcept {
    return std::ranges::find(codes_of(type), code) != codes_of(type).end();
}

Decoded<> take_reason(Reader& reader, PacketType type, ReasonCode& reason) {
    if (auto outcome = take(reader.u8(), reason); !outcome) return outcome;
    if (!may_carry(type, reason)) return fault(Errc::malformed_packet, "The reason code is none that this packet may carry.");
    return {};
}

Decoded<> expect_end(const Reader& reader) {
    if (reader.at_end()) return {};
    return fault(Errc::malformed_packet, "Bytes are left after the last field.");
}

bool store(std::optional<std::string>& field, const PropertyView& property) {
    if (field) return false;
    field.emplace(property.text);
    return true;
}

bool store(std::optional<ByteBuffer>& field, const PropertyView& property) {
    if (field) return false;
    field.emplace(property.binary().begin(), property.binary().end());
    return true;
}

bool store(std::vector<std::uint32_t>& field, const PropertyView& property) {
    field.push_back(property.number);
    return true;
}

bool store(UserProperties& field, const PropertyView& property) {
    field.emplace_back(property.text, property.second);
    return true;
}

std::size_t encoded_size(PropertyId, const std::optional<std::string>& field) {
    return field ? 3 + field->size() : 0;
}

std::size_t encoded_size(PropertyId, const std::optional<ByteBuffer>& field) {
    return field ? 3 + field->size() : 0;
}

std::size_t encoded_size(PropertyId, const std::vector<std::uint32_t>& field) {
    std::size_t size = 0;
    for (const std::uint32_t number : field)
        size += 1 + variable_integer_size(number);
    return size;
}

std::size_t encoded_size(PropertyId, const UserProperties& field) {
    std::size_t size = 0;
    for (const auto& [key, value] : field)
        size += 5 + key.size() + value.size();
    return size;
}

void write_number(Writer& writer, PropertyId id, std::uint32_t number) {
    if (!is_in_range(id, number)) writer.fail(Errc::not_encodable, "A property has a value that it must not have.");
    write_id(writer, id);
    switch (property_type(static_cast<std::uint32_t>(id)).value_or(PropertyType::byte)) {
        case PropertyType::two_bytes:
            return writer.u16(static_cast<std::uint16_t>(number));
        case PropertyType::four_bytes:
            return writer.u32(number);
        case PropertyType::variable_integer:
            return writer.variable_integer(number);
        default:
            return writer.u8(static_cast<std::uint8_t>(number));
    }
}

void write_field(Writer& writer, PropertyId id, const std::optional<std::string>& field) {
    if (!field) return;
    const bool has_wildcard = field->find_first_of("+#") != std::string::npos;
    if (id == PropertyId::response_topic && has_wildcard) {
        writer.fail(Errc::bad_topic, "The response topic holds a wildcard.");  // [MQTT-3.3.2-14]
    }
    write_id(writer, id);
    writer.text(*field);
}

void write_field(Writer& writer, PropertyId id, const std::optional<ByteBuffer>& field) {
    if (!field) return;
    write_id(writer, id);
    writer.binary(*field);
}

void write_field(Writer& writer, PropertyId id, const std::vector<std::uint32_t>& field) {
    for (const std::uint32_t number : field)
        write_number(writer, id, number);
}

void write_field(Writer& writer, PropertyId id, const UserProperties& field) {
    for (const auto& [key, value] : field) {
        write_id(writer, id);
        writer.text(key);
        writer.text(value);
    }
}

void refuse_in_version_3(Writer& writer, bool asked_for) {
    if (asked_for) writer.fail(Errc::not_encodable, "The packet has something that only MQTT 5 can express.");
}

void write_packet_id(Writer& writer, std::uint16_t packet_id) {
    if (packet_id == 0) writer.fail(Errc::not_encodable, "The packet identifier is 0.");
    writer.u16(packet_id);
}

void write_reason(Writer& writer, PacketType type, ReasonCode reason) {
    if (!may_carry(type, reason)) writer.fail(Errc::not_encodable, "The reason code is none that this packet may carry.");
    writer.u8(static_cast<std::uint8_t>(reason));
}

}  // namespace holdfast::mqtt::codec
