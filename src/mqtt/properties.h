#pragma once
// Properties of MQTT 5 (MQTT5 2.2.2) as typed values: one struct per place where properties can stand, with exactly the fields
// that may stand there. A field that is absent was not sent. Decoding refuses what the specification refuses: an identifier
// that the place does not have, a second copy of a property that may stand once, and values out of range.
//
// Each struct has `fields(self, visitor)`, which names every field with its identifier in ascending order of identifiers; the
// codec is written against that alone.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "mqtt/property_id.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Name and value pairs in the order sent; names may repeat.
using UserProperties = std::vector<std::pair<std::string, std::string>>;

/// CONNECT (MQTT5 3.1.2.11).
struct ConnectProperties {
    std::optional<std::uint32_t> session_expiry_interval{};  ///< seconds
    std::optional<std::string> authentication_method{};
    std::optional<ByteBuffer> authentication_data{};             ///< only with a method
    std::optional<std::uint8_t> request_problem_information{};   ///< 0 or 1
    std::optional<std::uint8_t> request_response_information{};  ///< 0 or 1
    std::optional<std::uint16_t> receive_maximum{};              ///< 1..65535
    std::optional<std::uint16_t> topic_alias_maximum{};
    UserProperties user_properties{};
    std::optional<std::uint32_t> maximum_packet_size{};  ///< bytes, at least 1

    bool operator==(const ConnectProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::session_expiry_interval, self.session_expiry_interval);
        visit(PropertyId::authentication_method, self.authentication_method);
        visit(PropertyId::authentication_data, self.authentication_data);
        visit(PropertyId::request_problem_information, self.request_problem_information);
        visit(PropertyId::request_response_information, self.request_response_information);
        visit(PropertyId::receive_maximum, self.receive_maximum);
        visit(PropertyId::topic_alias_maximum, self.topic_alias_maximum);
        visit(PropertyId::user_property, self.user_properties);
        visit(PropertyId::maximum_packet_size, self.maximum_packet_size);
    }
};

/// The will in CONNECT (MQTT5 3.1.3.2).
struct WillProperties {
    std::optional<std::uint8_t> payload_format_indicator{};  ///< 0 or 1
    std::optional<std::uint32_t> message_expiry_interval{};  ///< seconds
    std::optional<std::string> content_type{};
    std::optional<std::string> response_topic{};
    std::optional<ByteBuffer> correlation_data{};
    std::optional<std::uint32_t> will_delay_interval{};  ///< seconds
    UserProperties user_properties{};

    bool operator==(const WillProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::payload_format_indicator, self.payload_format_indicator);
        visit(PropertyId::message_expiry_interval, self.message_expiry_interval);
        visit(PropertyId::content_type, self.content_type);
        visit(PropertyId::response_topic, self.response_topic);
        visit(PropertyId::correlation_data, self.correlation_data);
        visit(PropertyId::will_delay_interval, self.will_delay_interval);
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// CONNACK (MQTT5 3.2.2.3).
struct ConnackProperties {
    std::optional<std::uint32_t> session_expiry_interval{};  ///< seconds
    std::optional<std::string> assigned_client_identifier{};
    std::optional<std::uint16_t> server_keep_alive{};  ///< seconds
    std::optional<std::string> authentication_method{};
    std::optional<ByteBuffer> authentication_data{};
    std::optional<std::string> response_information{};
    std::optional<std::string> server_reference{};
    std::optional<std::string> reason_string{};
    std::optional<std::uint16_t> receive_maximum{};  ///< 1..65535
    std::optional<std::uint16_t> topic_alias_maximum{};
    std::optional<std::uint8_t> maximum_qos{};       ///< 0 or 1
    std::optional<std::uint8_t> retain_available{};  ///< 0 or 1
    UserProperties user_properties{};
    std::optional<std::uint32_t> maximum_packet_size{};                ///< bytes, at least 1
    std::optional<std::uint8_t> wildcard_subscription_available{};     ///< 0 or 1
    std::optional<std::uint8_t> subscription_identifiers_available{};  ///< 0 or 1
    std::optional<std::uint8_t> shared_subscription_available{};       ///< 0 or 1

    bool operator==(const ConnackProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::session_expiry_interval, self.session_expiry_interval);
        visit(PropertyId::assigned_client_identifier, self.assigned_client_identifier);
        visit(PropertyId::server_keep_alive, self.server_keep_alive);
        visit(PropertyId::authentication_method, self.authentication_method);
        visit(PropertyId::authentication_data, self.authentication_data);
        visit(PropertyId::response_information, self.response_information);
        visit(PropertyId::server_reference, self.server_reference);
        visit(PropertyId::reason_string, self.reason_string);
        visit(PropertyId::receive_maximum, self.receive_maximum);
        visit(PropertyId::topic_alias_maximum, self.topic_alias_maximum);
        visit(PropertyId::maximum_qos, self.maximum_qos);
        visit(PropertyId::retain_available, self.retain_available);
        visit(PropertyId::user_property, self.user_properties);
        visit(PropertyId::maximum_packet_size, self.maximum_packet_size);
        visit(PropertyId::wildcard_subscription_available, self.wildcard_subscription_available);
        visit(PropertyId::subscription_identifiers_available, self.subscription_identifiers_available);
        visit(PropertyId::shared_subscription_available, self.shared_subscription_available);
    }
};

/// PUBLISH (MQTT5 3.3.2.3).
struct PublishProperties {
    std::optional<std::uint8_t> payload_format_indicator{};  ///< 0 or 1
    std::optional<std::uint32_t> message_expiry_interval{};  ///< seconds
    std::optional<std::string> content_type{};
    std::optional<std::string> response_topic{};
    std::optional<ByteBuffer> correlation_data{};
    std::vector<std::uint32_t> subscription_identifiers{};  ///< each 1..268,435,455; from a server only
    std::optional<std::uint16_t> topic_alias{};             ///< 1..65535
    UserProperties user_properties{};

    bool operator==(const PublishProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::payload_format_indicator, self.payload_format_indicator);
        visit(PropertyId::message_expiry_interval, self.message_expiry_interval);
        visit(PropertyId::content_type, self.content_type);
        visit(PropertyId::response_topic, self.response_topic);
        visit(PropertyId::correlation_data, self.correlation_data);
        visit(PropertyId::subscription_identifier, self.subscription_identifiers);
        visit(PropertyId::topic_alias, self.topic_alias);
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK and UNSUBACK (MQTT5 3.4.2.2 and its likes).
struct AckProperties {
    std::optional<std::string> reason_string{};
    UserProperties user_properties{};

    bool operator==(const AckProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::reason_string, self.reason_string);
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// SUBSCRIBE (MQTT5 3.8.2.1).
struct SubscribeProperties {
    std::optional<std::uint32_t> subscription_identifier{};  ///< 1..268,435,455
    UserProperties user_properties{};

    bool operator==(const SubscribeProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::subscription_identifier, self.subscription_identifier);
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// UNSUBSCRIBE (MQTT5 3.10.2.1).
struct UnsubscribeProperties {
    UserProperties user_properties{};

    bool operator==(const UnsubscribeProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// DISCONNECT (MQTT5 3.14.2.2).
struct DisconnectProperties {
    std::optional<std::uint32_t> session_expiry_interval{};  ///< seconds; from a client only
    std::optional<std::string> server_reference{};           ///< from a server only
    std::optional<std::string> reason_string{};
    UserProperties user_properties{};

    bool operator==(const DisconnectProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::session_expiry_interval, self.session_expiry_interval);
        visit(PropertyId::server_reference, self.server_reference);
        visit(PropertyId::reason_string, self.reason_string);
        visit(PropertyId::user_property, self.user_properties);
    }
};

/// AUTH (MQTT5 3.15.2.2).
struct AuthProperties {
    std::optional<std::string> authentication_method{};
    std::optional<ByteBuffer> authentication_data{};
    std::optional<std::string> reason_string{};
    UserProperties user_properties{};

    bool operator==(const AuthProperties&) const = default;
    template <class Self, class Visitor>
    static void fields(Self& self, Visitor&& visit) {
        visit(PropertyId::authentication_method, self.authentication_method);
        visit(PropertyId::authentication_data, self.authentication_data);
        visit(PropertyId::reason_string, self.reason_string);
        visit(PropertyId::user_property, self.user_properties);
    }
};

}  // namespace holdfast::mqtt
