#pragma once
// The words of MQTT that every other file of this module uses: protocol versions, packet types, quality of service, the codes
// that packets carry, and this module's errors. Everything here is a plain value.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace holdfast::mqtt {

/// The protocol versions that are understood; the value is the protocol level byte of CONNECT.
enum class Version : std::uint8_t { v31 = 3, v311 = 4, v5 = 5 };

/// Control packet types (MQTT5 2.1.2); the value is the upper half of a packet's first byte. Value 0 is reserved, 15 is v5
/// only.
enum class PacketType : std::uint8_t {
    reserved = 0,
    connect = 1,
    connack = 2,
    publish = 3,
    puback = 4,
    pubrec = 5,
    pubrel = 6,
    pubcomp = 7,
    subscribe = 8,
    suback = 9,
    unsubscribe = 10,
    unsuback = 11,
    pingreq = 12,
    pingresp = 13,
    disconnect = 14,
    auth = 15,
};

/// Quality of service of a message or a subscription.
enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

/// Reason codes of MQTT 5 (MQTT5 2.4). Value 0 has three names; values below 0x80 are successes.
enum class ReasonCode : std::uint8_t {
    success = 0x00,
    normal_disconnection = 0x00,
    granted_qos_0 = 0x00,
    granted_qos_1 = 0x01,
    granted_qos_2 = 0x02,
    disconnect_with_will = 0x04,
    no_matching_subscribers = 0x10,
    no_subscription_existed = 0x11,
    continue_authentication = 0x18,
    reauthenticate = 0x19,
    unspecified_error = 0x80,
    malformed_packet = 0x81,
    protocol_error = 0x82,
    implementation_specific_error = 0x83,
    unsupported_protocol_version = 0x84,
    client_identifier_not_valid = 0x85,
    bad_user_name_or_password = 0x86,
    not_authorized = 0x87,
    server_unavailable = 0x88,
    server_busy = 0x89,
    banned = 0x8A,
    server_shutting_down = 0x8B,
    bad_authentication_method = 0x8C,
    keep_alive_timeout = 0x8D,
    session_taken_over = 0x8E,
    topic_filter_invalid = 0x8F,
    topic_name_invalid = 0x90,
    packet_identifier_in_use = 0x91,
    packet_identifier_not_found = 0x92,
    receive_maximum_exceeded = 0x93,
    topic_alias_invalid = 0x94,
    packet_too_large = 0x95,
    message_rate_too_high = 0x96,
    quota_exceeded = 0x97,
    administrative_action = 0x98,
    payload_format_invalid = 0x99,
    retain_not_supported = 0x9A,
    qos_not_supported = 0x9B,
    use_another_server = 0x9C,
    server_moved = 0x9D,
    shared_subscriptions_not_supported = 0x9E,
    connection_rate_exceeded = 0x9F,
    maximum_connect_time = 0xA0,
    subscription_identifiers_not_supported = 0xA1,
    wildcard_subscriptions_not_supported = 0xA2,
};

/// CONNACK return codes of MQTT 3.1 and 3.1.1 (MQTT 3.1.1 table 3.1).
enum class ConnectReturnCode : std::uint8_t {
    accepted = 0,
    unacceptable_protocol_version = 1,
    identifier_rejected = 2,
    server_unavailable = 3,
    bad_user_name_or_password = 4,
    not_authorized = 5,
};

/// Which side a packet is on its way to. Some packets exist in one direction only.
enum class Direction : std::uint8_t { either, to_server, to_client };

/// This module's errors.
enum class Errc : std::uint16_t {
    /// The packet ends before its fields do.
    truncated = 1,
    /// The bytes are not what the specification allows here (v5 reason 0x81).
    malformed_packet,
    /// A text is not well-formed UTF-8 or holds U+0000.
    bad_utf8,
    /// Bytes are readable but break a rule of the protocol (v5 reason 0x82).
    protocol_error,
    /// A packet type that this protocol version or this direction does not have.
    unexpected_packet,
    /// The protocol name is none of MQTT's.
    bad_protocol_name,
    /// The protocol level is not 3.1, 3.1.1 or 5, or does not go with the protocol name.
    unsupported_version,
    /// A packet is larger than the bound that was given, or than MQTT can express.
    packet_too_large,
    /// A string or binary field is longer than 65,535 bytes.
    field_too_long,
    /// A topic name or filter breaks a rule of MQTT5 4.7.
    bad_topic,
    /// A value cannot be expressed in the packet or version asked for.
    not_encodable,
    /// A client session got a command that needs a connection and has none.
    not_connected,
    /// A bounded queue of a client session is full; try again after an acknowledgement.
    queue_full,
    /// Every packet identifier is in use.
    no_packet_id,
    /// The server said that it does not offer this (QoS, retain, wildcard, shared or identified subscriptions).
    not_supported_by_server,
    /// A peer sent a topic alias that is out of range or unknown.
    bad_topic_alias,
    /// A peer had more unacknowledged messages in flight than allowed.
    receive_maximum_exceeded,
};
[[nodiscard]] const ErrorCategory& error_category(Errc code) noexcept;

/// The largest remaining length that four bytes can say (MQTT5 2.1.4).
inline constexpr std::uint32_t max_remaining_length = 268'435'455;
/// The largest whole packet: first byte, four length bytes, body.
inline constexpr std::uint32_t max_packet_size = max_remaining_length + 5;
/// The longest text or binary field (MQTT5 1.5.4).
inline constexpr std::size_t max_field_length = 65'535;
/// Session Expiry Interval that means "never" (MQTT5 3.1.2.11.2), in seconds.
inline constexpr std::uint32_t session_never_expires = 0xFFFF'FFFF;

/// Stable names for logs, metrics and events, e.g. "3.1.1", "publish", "server_busy". They live as long as the program; a value
/// that MQTT does not define gives "unknown".
[[nodiscard]] std::string_view name(Version version) noexcept;
[[nodiscard]] std::string_view name(PacketType type) noexcept;
[[nodiscard]] std::string_view name(QoS qos) noexcept;
[[nodiscard]] std::string_view name(ReasonCode code) noexcept;
[[nodiscard]] std::string_view name(ConnectReturnCode code) noexcept;
[[nodiscard]] std::string_view name(Errc code) noexcept;

/// The packet type that a packet's first byte says.
[[nodiscard]] constexpr PacketType packet_type(std::uint8_t first_byte) noexcept {
    return static_cast<PacketType>(first_byte >> 4);
}

/// True for reason codes from 0x80, which say that something failed.
[[nodiscard]] constexpr bool is_failure(ReasonCode code) noexcept {
    return static_cast<std::uint8_t>(code) >= 0x80;
}

/// The QoS that two bits say; nothing for 3.
[[nodiscard]] constexpr std::optional<QoS> qos_from_bits(unsigned bits) noexcept {
    if (bits > 2) return std::nullopt;
    return static_cast<QoS>(bits);
}

/// The reason code with which a v5 peer is told about an error found in its packets.
[[nodiscard]] ReasonCode reason_code_for(Errc code) noexcept;

}  // namespace holdfast::mqtt
