#pragma once
// The property identifiers of MQTT 5 and the wire type of each (MQTT5 2.2.2.2, table 2-4).

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::mqtt {

enum class PropertyId : std::uint8_t {
    payload_format_indicator = 0x01,
    message_expiry_interval = 0x02,
    content_type = 0x03,
    response_topic = 0x08,
    correlation_data = 0x09,
    subscription_identifier = 0x0B,
    session_expiry_interval = 0x11,
    assigned_client_identifier = 0x12,
    server_keep_alive = 0x13,
    authentication_method = 0x15,
    authentication_data = 0x16,
    request_problem_information = 0x17,
    will_delay_interval = 0x18,
    request_response_information = 0x19,
    response_information = 0x1A,
    server_reference = 0x1C,
    reason_string = 0x1F,
    receive_maximum = 0x21,
    topic_alias_maximum = 0x22,
    topic_alias = 0x23,
    maximum_qos = 0x24,
    retain_available = 0x25,
    user_property = 0x26,
    maximum_packet_size = 0x27,
    wildcard_subscription_available = 0x28,
    subscription_identifiers_available = 0x29,
    shared_subscription_available = 0x2A,
};

/// How a property's value is written.
enum class PropertyType : std::uint8_t { byte, two_bytes, four_bytes, variable_integer, text, binary, text_pair };

/// The wire type of an identifier; nothing for a number that is no property.
[[nodiscard]] std::optional<PropertyType> property_type(std::uint32_t id) noexcept;

/// Name for logs and sentences, e.g. "receive_maximum".
[[nodiscard]] std::string_view name(PropertyId id) noexcept;

}  // namespace holdfast::mqtt
