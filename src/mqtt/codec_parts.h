#pragma once
// What the codec's files share: a fault without allocation, typed properties against their blocks, and one decoder per packet.
// For codec*.cc only; users include codec.h.

#include <concepts>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mqtt/packets.h"
#include "mqtt/property_view.h"
#include "mqtt/reader.h"
#include "mqtt/writer.h"

namespace holdfast::mqtt::codec {

/// Why a packet does not decode; becomes an Error at the outermost call.
struct Fault {
    Errc code;
    std::string_view sentence;  ///< lives as long as the program
};

template <class T = void>
using Decoded = std::expected<T, Fault>;

/// What a decoder gets: a reader on the body, the flags (lower half) of the first byte, and the circumstances.
struct Input {
    Reader reader;
    std::uint8_t flags;
    Version version;
    Direction direction;
};

[[nodiscard]] std::unexpected<Fault> fault(Errc code, std::string_view sentence);
[[nodiscard]] std::unexpected<Fault> fault(ReadFault read_fault);
[[nodiscard]] std::unexpected<Fault> fault(PropertyFault property_fault);

/// Puts what was read into `target`, or passes the fault on.
template <class T, class Target>
Decoded<> take(const Read<T>& read, Target& target) {
    if (!read) return fault(read.error());
    target = static_cast<Target>(*read);
    return {};
}

/// Reads a packet identifier, which is never 0. [MQTT-2.2.1-3]
[[nodiscard]] Decoded<> take_packet_id(Reader& reader, std::uint16_t& packet_id);

/// True when a packet of this type may carry this code in v5 (the table of the packet's own section).
[[nodiscard]] bool may_carry(PacketType type, ReasonCode code) noexcept;

/// Reads a reason code that the packet may carry.
[[nodiscard]] Decoded<> take_reason(Reader& reader, PacketType type, ReasonCode& reason);

/// Nothing may be left. Only for packets whose last field has an end of its own.
[[nodiscard]] Decoded<> expect_end(const Reader& reader);

// One property into its field; the fault is `duplicate` when the field has a value already.

template <std::unsigned_integral T>
[[nodiscard]] bool store(std::optional<T>& field, const PropertyView& property) {
    if (field) return false;
    field = static_cast<T>(property.number);
    return true;
}
[[nodiscard]] bool store(std::optional<std::string>& field, const PropertyView& property);
[[nodiscard]] bool store(std::optional<ByteBuffer>& field, const PropertyView& property);
[[nodiscard]] bool store(std::vector<std::uint32_t>& field, const PropertyView& property);
[[nodiscard]] bool store(UserProperties& field, const PropertyView& property);

/// Reads the properties of a block (without its length) into the fields that its place has.
template <class Properties>
Decoded<> fill_properties(ByteView block, Properties& properties) {
    Reader reader(block);
    while (!reader.at_end()) {
        const auto property = read_property(reader);
        if (!property) return fault(property.error());
        bool known = false;
        bool stored = false;
        Properties::fields(properties, [&](PropertyId id, auto& field) {
            if (id != property->id) return;
            known = true;
            stored = store(field, *property);
        });
        if (!known) return fault(PropertyFault::not_allowed_here);
        if (!stored) return fault(PropertyFault::duplicate);
    }
    return {};
}

/// Reads a block with its length in front.
template <class Properties>
Decoded<> take_properties(Reader& reader, Properties& properties) {
    const auto length = reader.variable_integer();
    if (!length) return fault(length.error());
    const auto block = reader.bytes(*length);
    if (!block) return fault(PropertyFault::truncated);
    return fill_properties(*block, properties);
}

// Encoded size of a field, identifiers included, and its bytes.

template <std::unsigned_integral T>
[[nodiscard]] std::size_t encoded_size(PropertyId id, const std::optional<T>& field) {
    if (!field) return 0;
    return 1 + (property_type(static_cast<std::uint32_t>(id)) == PropertyType::variable_integer ? variable_integer_size(*field)
                                                                                                : sizeof(T));
}
[[nodiscard]] std::size_t encoded_size(PropertyId id, const std::optional<std::string>& field);
[[nodiscard]] std::size_t encoded_size(PropertyId id, const std::optional<ByteBuffer>& field);
[[nodiscard]] std::size_t encoded_size(PropertyId id, const std::vector<std::uint32_t>& field);
[[nodiscard]] std::size_t encoded_size(PropertyId id, const UserProperties& field);

void write_number(Writer& writer, PropertyId id, std::uint32_t number);
template <std::unsigned_integral T>
void write_field(Writer& writer, PropertyId id, const std::optional<T>& field) {
    if (field) write_number(writer, id, *field);
}
void write_field(Writer& writer, PropertyId id, const std::optional<std::string>& field);
void write_field(Writer& writer, PropertyId id, const std::optional<ByteBuffer>& field);
void write_field(Writer& writer, PropertyId id, const std::vector<std::uint32_t>& field);
void write_field(Writer& writer, PropertyId id, const UserProperties& field);

/// Writes the block with its length in front.
template <class Properties>
void write_properties(Writer& writer, const Properties& properties) {
    std::size_t size = 0;
    Properties::fields(properties, [&](PropertyId id, const auto& field) { size += encoded_size(id, field); });
    if (size > max_remaining_length) {
        writer.fail(Errc::packet_too_large, "The properties are larger than MQTT can express.");
        return;
    }
    writer.variable_integer(static_cast<std::uint32_t>(size));
    Properties::fields(properties, [&](PropertyId id, const auto& field) { write_field(writer, id, field); });
}

/// True when no property is set.
template <class Properties>
[[nodiscard]] bool is_empty(const Properties& properties) {
    return properties == Properties{};
}

/// Notes that the version cannot express what is asked for.
void refuse_in_version_3(Writer& writer, bool asked_for);
/// Writes a packet identifier, refusing 0.
void write_packet_id(Writer& writer, std::uint16_t packet_id);
/// Writes a reason code, refusing one that the packet may not carry.
void write_reason(Writer& writer, PacketType type, ReasonCode reason);

[[nodiscard]] Decoded<Packet> decode_connect(ByteView whole_packet);
[[nodiscard]] Decoded<Packet> decode_connack(ByteView whole_packet, Version version);
[[nodiscard]] Decoded<Packet> decode_publish(ByteView whole_packet, Version version, Direction direction);
[[nodiscard]] Decoded<Packet> decode_publish_ack(Input input, PacketType type);
[[nodiscard]] Decoded<Packet> decode_subscribe(Input input);
[[nodiscard]] Decoded<Packet> decode_suback(Input input);
[[nodiscard]] Decoded<Packet> decode_unsubscribe(Input input);
[[nodiscard]] Decoded<Packet> decode_unsuback(Input input);
[[nodiscard]] Decoded<Packet> decode_disconnect(Input input);
[[nodiscard]] Decoded<Packet> decode_auth(Input input);

}  // namespace holdfast::mqtt::codec
