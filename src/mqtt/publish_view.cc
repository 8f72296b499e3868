#include "mqtt/publish_view.h"

#include "mqtt/packet_body.h"
#include "mqtt/topic.h"

namespace holdfast::mqtt {

namespace {

constexpr PropertySet publish_properties{PropertyId::payload_format_indicator,
                                         PropertyId::message_expiry_interval,
                                         PropertyId::content_type,
                                         PropertyId::response_topic,
                                         PropertyId::correlation_data,
                                         PropertyId::subscription_identifier,
                                         PropertyId::topic_alias,
                                         PropertyId::user_property};
constexpr PropertySet repeatable_properties{PropertyId::subscription_identifier};

}  // namespace

std::expected<PublishView, Errc> parse_publish(ByteView packet, Version version) noexcept {
    const auto body = packet_body(packet, version);
    if (!body) return std::unexpected(body.error());
    if (packet_type(packet[0]) != PacketType::publish) return std::unexpected(Errc::unexpected_packet);
    PublishView view;
    const auto qos = qos_from_bits((packet[0] >> 1) & 0x03U);
    if (!qos) return std::unexpected(Errc::malformed_packet);  // [MQTT-3.3.1-4]
    view.qos = *qos;
    view.dup = (packet[0] & 0x08) != 0;
    view.retain = (packet[0] & 0x01) != 0;
    if (view.dup && view.qos == QoS::at_most_once) return std::unexpected(Errc::malformed_packet);  // [MQTT-3.3.1-2]
    Reader reader(*body);
    const auto topic = reader.text();
    if (!topic) return std::unexpected(errc_for(topic.error()));
    view.topic = *topic;
    if (view.qos != QoS::at_most_once) {
        const auto packet_id = reader.u16();
        if (!packet_id) return std::unexpected(errc_for(packet_id.error()));
        if (*packet_id == 0) return std::unexpected(Errc::protocol_error);  // [MQTT-2.2.1-3]
        view.packet_id = *packet_id;
    }
    if (version == Version::v5) {
        const auto properties = PropertiesView::read(reader, publish_properties, repeatable_properties);
        if (!properties) return std::unexpected(errc_for(properties.error()));
        view.properties = *properties;
        if (const auto alias = properties->find(PropertyId::topic_alias))
            view.topic_alias = static_cast<std::uint16_t>(alias->number);
    }
    if (!view.topic.empty() || view.topic_alias == 0) {
        if (!is_topic_name(view.topic)) return std::unexpected(view.topic.empty() ? Errc::protocol_error : Errc::bad_topic);
    }
    view.payload = reader.rest();
    return view;
}

}  // namespace holdfast::mqtt
