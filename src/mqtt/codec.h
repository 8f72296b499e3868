#pragma once
// Bytes to packets and back. Both directions are strict: reserved bits, packet identifiers, topics, property rules and reason
// codes are those of the version given, and a packet that decodes also encodes, to a packet that decodes equal.

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "mqtt/packets.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Decodes one whole packet as a Framer gives it: no byte less, no byte more. `version` is the connection's; CONNECT says its
/// own and ignores it. With a `direction`, packets that never travel that way are errors.
[[nodiscard]] Result<Packet> decode(ByteView packet, Version version, Direction direction = Direction::either);

/// Appends the packet's bytes to `out`. On an error `out` is unchanged. A Connect is encoded in its own version; `version` is
/// for the others.
[[nodiscard]] Result<> encode(const Packet& packet, Version version, ByteBuffer& out);

/// A PUBLISH whose parts are somebody else's: for senders that hold topic and payload already. Views are read during the call
/// only.
struct PublishParts {
    bool dup = false;
    QoS qos = QoS::at_most_once;
    bool retain = false;
    std::string_view topic{};
    std::uint16_t packet_id = 0;
    /// Null for none.
    const PublishProperties* properties = nullptr;
    ByteView payload{};
};
[[nodiscard]] Result<> encode(const PublishParts& packet, Version version, ByteBuffer& out);

/// The same for one kind, without going through the variant.
[[nodiscard]] Result<> encode(const Connect& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Connack& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Publish& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Puback& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Pubrec& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Pubrel& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Pubcomp& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Subscribe& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Suback& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Unsubscribe& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Unsuback& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Pingreq& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Pingresp& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Disconnect& packet, Version version, ByteBuffer& out);
[[nodiscard]] Result<> encode(const Auth& packet, Version version, ByteBuffer& out);

}  // namespace holdfast::mqtt
