#include "mqtt/property_id.h"

namespace holdfast::mqtt {

namespace {

PropertyType type_of(PropertyId id) noexcept {
    switch (id) {
        case PropertyId::payload_format_indicator:
        case PropertyId::request_problem_information:
        case PropertyId::request_response_information:
        case PropertyId::maximum_qos:
        case PropertyId::retain_available:
        case PropertyId::wildcard_subscription_available:
        case PropertyId::subscription_identifiers_available:
        case PropertyId::shared_subscription_available:
            return PropertyType::byte;
        case PropertyId::server_keep_alive:
        case PropertyId::receive_maximum:
        case PropertyId::topic_alias_maximum:
        case PropertyId::topic_alias:
            return PropertyType::two_bytes;
        case PropertyId::message_expiry_interval:
        case PropertyId::session_expiry_interval:
        case PropertyId::will_delay_interval:
        case PropertyId::maximum_packet_size:
            return PropertyType::four_bytes;
        case PropertyId::subscription_identifier:
            return PropertyType::variable_integer;
        case PropertyId::content_type:
        case PropertyId::response_topic:
        case PropertyId::assigned_client_identifier:
        case PropertyId::authentication_method:
        case PropertyId::response_information:
        case PropertyId::server_reference:
        case PropertyId::reason_string:
            return PropertyType::text;
        case PropertyId::correlation_data:
        case PropertyId::authentication_data:
            return PropertyType::binary;
        case PropertyId::user_property:
            break;
    }
    return PropertyType::text_pair;
}

}  // namespace

std::optional<PropertyType> property_type(std::uint32_t id) noexcept {
    if (id > 0xFF || name(static_cast<PropertyId>(id)) == "unknown") return std::nullopt;
    return type_of(static_cast<PropertyId>(id));
}

std::string_view name(PropertyId id) noexcept {
    switch (id) {
        case PropertyId::payload_format_indicator:
            return "payload_format_indicator";
        case PropertyId::message_expiry_interval:
            return "message_expiry_interval";
        case PropertyId::content_type:
            return "content_type";
        case PropertyId::response_topic:
            return "response_topic";
        case PropertyId::correlation_data:
            return "correlation_data";
        case PropertyId::subscription_identifier:
            return "subscription_identifier";
        case PropertyId::session_expiry_interval:
            return "session_expiry_interval";
        case PropertyId::assigned_client_identifier:
            return "assigned_client_identifier";
        case PropertyId::server_keep_alive:
            return "server_keep_alive";
        case PropertyId::authentication_method:
            return "authentication_method";
        case PropertyId::authentication_data:
            return "authentication_data";
        case PropertyId::request_problem_information:
            return "request_problem_information";
        case PropertyId::will_delay_interval:
            return "will_delay_interval";
        case PropertyId::request_response_information:
            return "request_response_information";
        case PropertyId::response_information:
            return "response_information";
        case PropertyId::server_reference:
            return "server_reference";
        case PropertyId::reason_string:
            return "reason_string";
        case PropertyId::receive_maximum:
            return "receive_maximum";
        case PropertyId::topic_alias_maximum:
            return "topic_alias_maximum";
        case PropertyId::topic_alias:
            return "topic_alias";
        case PropertyId::maximum_qos:
            return "maximum_qos";
        case PropertyId::retain_available:
            return "retain_available";
        case PropertyId::user_property:
            return "user_property";
        case PropertyId::maximum_packet_size:
            return "maximum_packet_size";
        case PropertyId::wildcard_subscription_available:
            return "wildcard_subscription_available";
        case PropertyId::subscription_identifiers_available:
            return "subscription_identifiers_available";
        case PropertyId::shared_subscription_available:
            return "shared_subscription_available";
    }
    return "unknown";
}

}  // namespace holdfast::mqtt
