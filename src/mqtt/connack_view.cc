#include "mqtt/connack_view.h"

#include "mqtt/fixed_header.h"
#include "mqtt/packet_body.h"

namespace holdfast::mqtt {

namespace {

constexpr PropertySet connack_properties{PropertyId::session_expiry_interval,
                                         PropertyId::assigned_client_identifier,
                                         PropertyId::server_keep_alive,
                                         PropertyId::authentication_method,
                                         PropertyId::authentication_data,
                                         PropertyId::response_information,
                                         PropertyId::server_reference,
                                         PropertyId::reason_string,
                                         PropertyId::receive_maximum,
                                         PropertyId::topic_alias_maximum,
                                         PropertyId::maximum_qos,
                                         PropertyId::retain_available,
                                         PropertyId::user_property,
                                         PropertyId::maximum_packet_size,
                                         PropertyId::wildcard_subscription_available,
                                         PropertyId::subscription_identifiers_available,
                                         PropertyId::shared_subscription_available};

void note(const PropertyView& property, ConnackView& view) {
    switch (property.id) {
        case PropertyId::server_keep_alive:
            view.server_keep_alive = static_cast<std::uint16_t>(property.number);
            break;
        case PropertyId::assigned_client_identifier:
            view.assigned_client_id = property.text;
            break;
        case PropertyId::server_reference:
            view.server_reference = property.text;
            break;
        case PropertyId::reason_string:
            view.reason_string = property.text;
            break;
        case PropertyId::session_expiry_interval:
            view.session_expiry = property.number;
            break;
        default:
            break;
    }
}

}  // namespace

std::expected<ConnackView, Errc> parse_connack(ByteView packet, Version version) noexcept {
    const auto body = packet_body(packet, version);
    if (!body) return std::unexpected(body.error());
    if (packet[0] != 0x20)
        return std::unexpected(packet_type(packet[0]) == PacketType::connack ? Errc::malformed_packet
                                                                             : Errc::unexpected_packet);
    Reader reader(*body);
    const auto flags = reader.u8();
    const auto code = reader.u8();
    if (!flags || !code) return std::unexpected(Errc::truncated);
    ConnackView view;
    view.code = *code;
    // 3.1 reserves the first byte without a rule for it.
    if (version != Version::v31) {
        if (*flags > 1) return std::unexpected(Errc::malformed_packet);  // [MQTT-3.2.2-1]
        view.session_present = *flags == 1;
        if (view.session_present && *code != 0) return std::unexpected(Errc::protocol_error);  // [MQTT-3.2.2-6]
    }
    if (version == Version::v5) {
        const auto properties = PropertiesView::read(reader, connack_properties);
        if (!properties) return std::unexpected(errc_for(properties.error()));
        view.properties = *properties;
        for (const PropertyView& property : view.properties)
            note(property, view);
    }
    if (!reader.at_end()) return std::unexpected(Errc::malformed_packet);
    return view;
}

}  // namespace holdfast::mqtt
