#pragma once
// Packets as the peers of a conversation say them: whole, valid unless a test spoils them, and as bytes.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/packets.h"
#include "mqtt/types.h"

namespace holdfast::proxy::test {

using mqtt::Version;
inline constexpr std::array all_versions = {Version::v31, Version::v311, Version::v5};

[[nodiscard]] ByteBuffer encoded(const mqtt::Packet& packet, Version version);

[[nodiscard]] ByteBuffer connect(Version version, std::string_view id = "meter-7", std::uint16_t keep_alive = 0);
[[nodiscard]] ByteBuffer connack(Version version, std::uint8_t code = 0);
[[nodiscard]] ByteBuffer connack_with_keep_alive(std::uint16_t keep_alive);
/// QoS 0; the payload makes packets of different sizes.
[[nodiscard]] ByteBuffer publish(Version version, std::string_view payload);
[[nodiscard]] ByteBuffer subscribe(Version version);
[[nodiscard]] ByteBuffer pingreq();
[[nodiscard]] ByteBuffer auth(mqtt::ReasonCode reason, std::string_view data);
[[nodiscard]] ByteBuffer connect_with_auth();
[[nodiscard]] ByteBuffer disconnect(Version version, mqtt::ReasonCode reason = mqtt::ReasonCode::normal_disconnection);

[[nodiscard]] ByteBuffer operator+(ByteBuffer left, const ByteBuffer& right);
[[nodiscard]] ByteBuffer front(const ByteBuffer& bytes, std::size_t count);
[[nodiscard]] ByteBuffer after(const ByteBuffer& bytes, std::size_t count);
[[nodiscard]] ByteBuffer bytes_of(std::initializer_list<int> values);

}  // namespace holdfast::proxy::test
