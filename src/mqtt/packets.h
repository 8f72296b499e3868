#pragma once
// Every control packet of MQTT 3.1, 3.1.1 and 5 as a plain value that owns its parts. codec.h turns them into bytes and back.
// One struct serves all versions: what a version does not have (properties, reason codes) is left at its default there, and
// encoding refuses a value that the version cannot express.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "mqtt/properties.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// The message that a server publishes when a client is gone without a DISCONNECT (MQTT5 3.1.2.5).
struct Will {
    std::string topic{};
    ByteBuffer payload{};  ///< at most 65,535 bytes
    QoS qos = QoS::at_most_once;
    bool retain = false;
    WillProperties properties{};

    bool operator==(const Will&) const = default;
};

/// MQTT5 3.1. The version itself is an argument of encode, and for decode is read from the packet.
struct Connect {
    Version version = Version::v5;
    /// The level byte has its top bit set: a bridge between brokers, by a convention of mosquitto's.
    bool is_bridge = false;
    bool clean_start = true;       ///< "clean session" in 3.x
    std::uint16_t keep_alive = 0;  ///< seconds; 0 = none
    std::string client_id{};
    std::optional<std::string> username{};
    std::optional<ByteBuffer> password{};
    std::optional<Will> will{};
    ConnectProperties properties{};

    bool operator==(const Connect&) const = default;
};

/// MQTT5 3.2.
struct Connack {
    bool session_present = false;  ///< not in 3.1
    /// 3.x: a ConnectReturnCode's value; v5: a ReasonCode's value.
    std::uint8_t code = 0;
    ConnackProperties properties{};

    [[nodiscard]] bool accepted() const noexcept { return code == 0; }
    bool operator==(const Connack&) const = default;
};

/// MQTT5 3.3.
struct Publish {
    bool dup = false;
    QoS qos = QoS::at_most_once;
    bool retain = false;
    std::string topic{};          ///< may be empty in v5 together with a topic alias
    std::uint16_t packet_id = 0;  ///< 1..65535 for QoS 1 and 2, else 0
    PublishProperties properties{};
    ByteBuffer payload{};

    bool operator==(const Publish&) const = default;
};

/// The four acknowledgements of publishing share a shape (MQTT5 3.4 to 3.7); the tag makes them different types.
template <PacketType Type>
struct PublishAck {
    static constexpr PacketType type = Type;
    std::uint16_t packet_id = 0;
    ReasonCode reason = ReasonCode::success;  ///< v5 only
    AckProperties properties{};

    bool operator==(const PublishAck&) const = default;
};
using Puback = PublishAck<PacketType::puback>;
using Pubrec = PublishAck<PacketType::pubrec>;
using Pubrel = PublishAck<PacketType::pubrel>;
using Pubcomp = PublishAck<PacketType::pubcomp>;

/// What happens to retained messages at the time of subscribing (MQTT5 3.8.3.1).
enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

/// One topic filter of a SUBSCRIBE with its options; all but `qos` are v5 only.
struct Subscription {
    std::string filter{};
    QoS qos = QoS::at_most_once;
    bool no_local = false;
    bool retain_as_published = false;
    RetainHandling retain_handling = RetainHandling::send;

    bool operator==(const Subscription&) const = default;
};

/// MQTT5 3.8.
struct Subscribe {
    std::uint16_t packet_id = 0;
    SubscribeProperties properties{};
    std::vector<Subscription> subscriptions{};  ///< at least one

    bool operator==(const Subscribe&) const = default;
};

/// MQTT5 3.9. One code per subscription asked for, in the same order.
struct Suback {
    std::uint16_t packet_id = 0;
    AckProperties properties{};
    /// Granted QoS 0..2, or a failure: 0x80 in 3.1.1, any of v5's codes in v5.
    std::vector<ReasonCode> codes{};

    bool operator==(const Suback&) const = default;
};

/// MQTT5 3.10.
struct Unsubscribe {
    std::uint16_t packet_id = 0;
    UnsubscribeProperties properties{};
    std::vector<std::string> filters{};  ///< at least one

    bool operator==(const Unsubscribe&) const = default;
};

/// MQTT5 3.11.
struct Unsuback {
    std::uint16_t packet_id = 0;
    AckProperties properties{};
    std::vector<ReasonCode> codes{};  ///< v5 only: one per filter

    bool operator==(const Unsuback&) const = default;
};

struct Pingreq {
    bool operator==(const Pingreq&) const = default;
};

struct Pingresp {
    bool operator==(const Pingresp&) const = default;
};

/// MQTT5 3.14.
struct Disconnect {
    ReasonCode reason = ReasonCode::normal_disconnection;  ///< v5 only
    DisconnectProperties properties{};

    bool operator==(const Disconnect&) const = default;
};

/// MQTT5 3.15; v5 only.
struct Auth {
    ReasonCode reason = ReasonCode::success;
    AuthProperties properties{};

    bool operator==(const Auth&) const = default;
};

/// Any control packet.
using Packet = std::variant<Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback, Unsubscribe,
                            Unsuback, Pingreq, Pingresp, Disconnect, Auth>;

[[nodiscard]] PacketType type_of(const Packet& packet) noexcept;

}  // namespace holdfast::mqtt
