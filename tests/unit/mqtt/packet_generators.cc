#include "packet_generators.h"

#include <ostream>
#include <string>
#include <vector>

#include "mqtt/topic.h"
#include "talk.h"

namespace holdfast::mqtt {

namespace {

using rc::gen::arbitrary;
using rc::gen::element;
using rc::gen::inRange;

bool chance(int percent) {
    return *inRange(0, 100) < percent;
}

/// A few letters, now and then of more than one byte.
std::string short_text() {
    static const std::vector<std::string> letters{"a", "b", "-", "7", "é", "€", "🚀", " ", "\x01", "\xEF\xBB\xBF"};
    std::string text;
    const int size = *inRange(0, 6);
    for (int i = 0; i < size; ++i)
        text += *rc::gen::elementOf(letters);
    return text;
}

/// Now and then long.
std::string any_text() {
    std::string text = short_text();
    if (chance(3)) text += std::string(*element<std::size_t>(100, 200, 17'000, 65'000), 'x');
    return text;
}

ByteBuffer any_bytes() {
    return *arbitrary<ByteBuffer>();
}

std::string any_topic() {
    std::string topic = "t" + short_text();
    if (chance(50)) topic += "/" + short_text();
    return topic;
}

std::string any_filter() {
    std::string filter = *element<std::string>("#", "+", "a/+/b", "a/#", "/", "+/+", "$SYS/#", "a");
    if (chance(30)) filter = any_topic();
    return filter;
}

std::string any_filter(Version version) {
    if (version == Version::v5 && chance(20)) return "$share/group/" + any_filter();
    return any_filter();
}

std::uint16_t any_packet_id() {
    return *inRange<std::uint16_t>(1, 65'535);
}

UserProperties any_user_properties() {
    UserProperties properties;
    for (int i = *inRange(0, 3); i > 0; --i)
        properties.emplace_back(any_text(), any_text());
    return properties;
}

/// Fills each field of a property struct, or not.
struct FieldFiller {
    void operator()(PropertyId, std::optional<std::uint8_t>& field) const {
        if (chance(30)) field = *inRange<std::uint8_t>(0, 2);
    }
    void operator()(PropertyId, std::optional<std::uint16_t>& field) const {
        if (chance(30)) field = *inRange<std::uint16_t>(1, 65'535);
    }
    void operator()(PropertyId, std::optional<std::uint32_t>& field) const {
        if (chance(30)) field = *inRange<std::uint32_t>(1, max_remaining_length);
    }
    void operator()(PropertyId, std::optional<std::string>& field) const {
        if (chance(30)) field = any_text();
    }
    void operator()(PropertyId, std::optional<ByteBuffer>& field) const {
        if (chance(30)) field = any_bytes();
    }
    void operator()(PropertyId, std::vector<std::uint32_t>& field) const {
        for (int i = *inRange(0, 3); i > 0; --i)
            field.push_back(*inRange<std::uint32_t>(1, max_remaining_length));
    }
    void operator()(PropertyId, UserProperties& field) const { field = any_user_properties(); }
};

template <class Properties>
Properties any_properties(Version version) {
    Properties properties;
    if (version == Version::v5) Properties::fields(properties, FieldFiller{});
    return properties;
}

QoS any_qos() {
    return *element(QoS::at_most_once, QoS::at_least_once, QoS::exactly_once);
}

Will any_will(Version version) {
    return {any_topic(), any_bytes(), any_qos(), *arbitrary<bool>(), any_properties<WillProperties>(version)};
}

Connect any_connect(Version version) {
    Connect packet;
    packet.version = version;
    packet.is_bridge = *arbitrary<bool>();
    packet.clean_start = *arbitrary<bool>();
    packet.keep_alive = *arbitrary<std::uint16_t>();
    packet.client_id = any_text();
    const bool may_be_empty = version == Version::v5 || (version == Version::v311 && packet.clean_start);
    if (packet.client_id.empty() && !may_be_empty) packet.client_id = "c";
    if (chance(50)) packet.username = any_text();
    if (chance(50) && (packet.username || version == Version::v5)) packet.password = any_bytes();
    if (chance(50)) packet.will = any_will(version);
    packet.properties = any_properties<ConnectProperties>(version);
    if (!packet.properties.authentication_method) packet.properties.authentication_data.reset();
    return packet;
}

Connack any_connack(Version version) {
    Connack packet;
    if (version == Version::v5) {
        packet.code = *element<std::uint8_t>(0, 0x80, 0x81, 0x82, 0x84, 0x85, 0x87, 0x88, 0x89, 0x95, 0x97, 0x9C, 0x9D, 0x9F);
    } else {
        packet.code = *inRange<std::uint8_t>(0, 6);
    }
    packet.session_present = version != Version::v31 && packet.code == 0 && *arbitrary<bool>();
    packet.properties = any_properties<ConnackProperties>(version);
    return packet;
}

Publish any_publish(Version version) {
    Publish packet;
    packet.qos = any_qos();
    packet.dup = packet.qos != QoS::at_most_once && *arbitrary<bool>();
    packet.retain = *arbitrary<bool>();
    packet.topic = any_topic();
    if (packet.qos != QoS::at_most_once) packet.packet_id = any_packet_id();
    packet.properties = any_properties<PublishProperties>(version);
    if (packet.properties.topic_alias && chance(50)) packet.topic.clear();
    packet.payload = any_bytes();
    return packet;
}

template <class Ack>
Ack any_ack(Version version, std::vector<ReasonCode> codes) {
    Ack packet;
    packet.packet_id = any_packet_id();
    if (version == Version::v5) packet.reason = *rc::gen::elementOf(codes);
    packet.properties = any_properties<AckProperties>(version);
    return packet;
}

const std::vector<ReasonCode> received_codes{ReasonCode::success, ReasonCode::no_matching_subscribers,
                                             ReasonCode::not_authorized, ReasonCode::quota_exceeded};
const std::vector<ReasonCode> released_codes{ReasonCode::success, ReasonCode::packet_identifier_not_found};

Subscribe any_subscribe(Version version) {
    Subscribe packet;
    packet.packet_id = any_packet_id();
    packet.properties = any_properties<SubscribeProperties>(version);
    for (int i = *inRange(1, 4); i > 0; --i) {
        Subscription& one = packet.subscriptions.emplace_back();
        one.filter = any_filter(version);
        one.qos = any_qos();
        if (version != Version::v5) continue;
        one.no_local = !is_shared(one.filter) && *arbitrary<bool>();
        one.retain_as_published = *arbitrary<bool>();
        one.retain_handling = static_cast<RetainHandling>(*inRange(0, 3));
    }
    return packet;
}

Suback any_suback(Version version) {
    Suback packet;
    packet.packet_id = any_packet_id();
    packet.properties = any_properties<AckProperties>(version);
    for (int i = *inRange(1, 4); i > 0; --i) {
        const bool is_v5 = version == Version::v5;
        packet.codes.push_back(*element(ReasonCode::granted_qos_0, ReasonCode::granted_qos_1, ReasonCode::granted_qos_2,
                                        is_v5 ? ReasonCode::not_authorized : ReasonCode::unspecified_error));
    }
    return packet;
}

Unsubscribe any_unsubscribe(Version version) {
    Unsubscribe packet;
    packet.packet_id = any_packet_id();
    packet.properties = any_properties<UnsubscribeProperties>(version);
    for (int i = *inRange(1, 4); i > 0; --i)
        packet.filters.push_back(any_filter(version));
    return packet;
}

Unsuback any_unsuback(Version version) {
    Unsuback packet;
    packet.packet_id = any_packet_id();
    packet.properties = any_properties<AckProperties>(version);
    if (version != Version::v5) return packet;
    for (int i = *inRange(1, 4); i > 0; --i) {
        packet.codes.push_back(*element(ReasonCode::success, ReasonCode::no_subscription_existed, ReasonCode::not_authorized));
    }
    return packet;
}

Disconnect any_disconnect(Version version) {
    Disconnect packet;
    if (version == Version::v5) {
        packet.reason = *element(ReasonCode::normal_disconnection, ReasonCode::disconnect_with_will, ReasonCode::server_busy,
                                 ReasonCode::use_another_server, ReasonCode::session_taken_over);
    }
    packet.properties = any_properties<DisconnectProperties>(version);
    return packet;
}

Auth any_auth() {
    Auth packet;
    packet.reason = *element(ReasonCode::success, ReasonCode::continue_authentication, ReasonCode::reauthenticate);
    packet.properties = any_properties<AuthProperties>(Version::v5);
    if (!packet.properties.authentication_method) packet.properties.authentication_method = any_text();
    return packet;
}

Packet make(PacketType type, Version version) {
    switch (type) {
        case PacketType::connect:
            return any_connect(version);
        case PacketType::connack:
            return any_connack(version);
        case PacketType::publish:
            return any_publish(version);
        case PacketType::puback:
            return any_ack<Puback>(version, received_codes);
        case PacketType::pubrec:
            return any_ack<Pubrec>(version, received_codes);
        case PacketType::pubrel:
            return any_ack<Pubrel>(version, released_codes);
        case PacketType::pubcomp:
            return any_ack<Pubcomp>(version, released_codes);
        case PacketType::subscribe:
            return any_subscribe(version);
        case PacketType::suback:
            return any_suback(version);
        case PacketType::unsubscribe:
            return any_unsubscribe(version);
        case PacketType::unsuback:
            return any_unsuback(version);
        case PacketType::pingreq:
            return Pingreq{};
        case PacketType::pingresp:
            return Pingresp{};
        case PacketType::disconnect:
            return any_disconnect(version);
        default:
            return any_auth();
    }
}

}  // namespace

void showValue(const Packet& packet, std::ostream& out) {
    out << spoken(packet);
}

rc::Gen<Packet> any_packet(Version version) {
    return rc::gen::exec([version] {
        const int last = version == Version::v5 ? 15 : 14;
        return make(static_cast<PacketType>(*inRange(1, last + 1)), version);
    });
}

}  // namespace holdfast::mqtt
