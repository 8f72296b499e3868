#include "packets.h"

#include "base/assert.h"
#include "mqtt/codec.h"

namespace holdfast::proxy::test {

ByteBuffer encoded(const mqtt::Packet& packet, Version version) {
    ByteBuffer out;
    HF_ASSERT(mqtt::encode(packet, version, out).has_value(), "a test's packet can be encoded");
    return out;
}

ByteBuffer connect(Version version, std::string_view id, std::uint16_t keep_alive) {
    mqtt::Connect packet;
    packet.version = version;
    packet.client_id = id;
    packet.keep_alive = keep_alive;
    return encoded(packet, version);
}

ByteBuffer connack(Version version, std::uint8_t code) {
    mqtt::Connack packet;
    packet.code = code;
    return encoded(packet, version);
}

ByteBuffer connack_with_keep_alive(std::uint16_t keep_alive) {
    mqtt::Connack packet;
    packet.properties.server_keep_alive = keep_alive;
    return encoded(packet, Version::v5);
}

ByteBuffer publish(Version version, std::string_view payload) {
    mqtt::Publish packet;
    packet.topic = "readings";
    packet.payload.assign(payload.begin(), payload.end());
    return encoded(packet, version);
}

ByteBuffer subscribe(Version version) {
    mqtt::Subscribe packet;
    packet.packet_id = 1;
    packet.subscriptions.push_back({.filter = "commands/#"});
    return encoded(packet, version);
}

ByteBuffer pingreq() {
    return {0xC0, 0x00};
}

ByteBuffer auth(mqtt::ReasonCode reason, std::string_view data) {
    mqtt::Auth packet;
    packet.reason = reason;
    packet.properties.authentication_method = "SCRAM";
    packet.properties.authentication_data = ByteBuffer(data.begin(), data.end());
    return encoded(packet, Version::v5);
}

ByteBuffer connect_with_auth() {
    mqtt::Connect packet;
    packet.client_id = "meter-7";
    packet.properties.authentication_method = "SCRAM";
    return encoded(packet, Version::v5);
}

ByteBuffer disconnect(Version version, mqtt::ReasonCode reason) {
    mqtt::Disconnect packet;
    packet.reason = reason;
    return encoded(packet, version);
}

ByteBuffer operator+(ByteBuffer left, const ByteBuffer& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

ByteBuffer front(const ByteBuffer& bytes, std::size_t count) {
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

ByteBuffer after(const ByteBuffer& bytes, std::size_t count) {
    return {bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end()};
}

ByteBuffer bytes_of(std::initializer_list<int> values) {
    ByteBuffer out;
    for (const int value : values)
        out.push_back(static_cast<Byte>(value));
    return out;
}

}  // namespace holdfast::proxy::test
