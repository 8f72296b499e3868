#pragma once
// What routing needs to know of a CONNECT, as views into its bytes: nothing is copied and nothing is allocated. `peek_connect`
// watches the bytes come in and says when the packet is whole or hopeless; `parse_connect` reads the whole packet. Every way in
// which it can be wrong has its reason, a sentence, and the answer that the client's version understands (MQTT5 3.1,
// MQTT 3.1.1 3.1).

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/property_view.h"
#include "mqtt/refusal.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Why bytes are not an acceptable CONNECT.
enum class ConnectFaultReason : std::uint8_t {
    /// The first byte is not 0x10. [MQTT-3.1.0-1]
    not_a_connect,
    /// The remaining length has a fifth byte, or v5 and more bytes than needed.
    bad_remaining_length,
    /// The header promises more than the bound that was given.
    too_large,
    /// A field runs past the packet's end.
    truncated,
    /// Bytes are left after the last field.
    trailing_bytes,
    /// Neither "MQTT" nor "MQIsdp". [MQTT-3.1.2-1]
    bad_protocol_name,
    /// A level other than 3, 4, 5 (with or without the bridge bit), or one that does not go with the name. [MQTT-3.1.2-2]
    unsupported_version,
    /// Bit 0 of the connect flags is set (3.1.1 and 5). [MQTT-3.1.2-3]
    reserved_flag,
    /// Will QoS 3, or will QoS or retain without a will. [MQTT-3.1.2-11..14]
    bad_will_flags,
    /// A password without a user name (3.1 and 3.1.1). [MQTT-3.1.2-22 of 3.1.1]
    password_without_username,
    /// Client id, will topic or user name is not well-formed UTF-8 or holds U+0000. [MQTT-1.5.4-1] [MQTT-1.5.4-2]
    bad_utf8,
    /// An empty client id without clean session (3.1.1), or at all (3.1). [MQTT-3.1.3-8 of 3.1.1]
    empty_client_id,
    /// The will topic is empty or holds a wildcard.
    bad_will_topic,
    /// A v5 property block is not well-formed, or has a property that does not belong there.
    malformed_properties,
    /// A v5 property stands twice or is out of range, or authentication data stand without a method.
    bad_property_value,
};

/// Stable name for logs, metrics and events, e.g. "bad_protocol_name".
[[nodiscard]] std::string_view name(ConnectFaultReason reason) noexcept;

/// How to answer a client: in which version, and with which refusal.
struct ConnectAnswer {
    Version version;
    RefusalReason reason;

    bool operator==(const ConnectAnswer&) const = default;
};

struct ConnectFault {
    ConnectFaultReason reason;
    /// The client's version, if it was readable and is one of ours.
    std::optional<Version> version{};
    /// What to answer before closing; nothing = close without an answer. An unknown level above 5 is answered as v5, below
    /// as 3.1.1.
    std::optional<ConnectAnswer> answer{};

    /// A sentence for a person. Lives as long as the program.
    [[nodiscard]] std::string_view sentence() const noexcept;
    /// The answer's bytes; empty = close without an answer.
    [[nodiscard]] ByteBuffer answer_bytes() const;
};

/// The will of a CONNECT.
struct WillView {
    std::string_view topic{};
    ByteView payload{};
    QoS qos = QoS::at_most_once;
    bool retain = false;
    PropertiesView properties{};
};

/// A CONNECT that was checked. Views are valid as long as the packet's bytes. The password is a secret: never log, store or
/// hash it in clear.
struct ConnectView {
    Version version = Version::v311;
    /// The level byte had its top bit set (0x83, 0x84, 0x85): a bridge between brokers.
    bool is_bridge = false;
    /// "Clean session" in 3.x.
    bool clean_start = false;
    /// Seconds; 0 = none.
    std::uint16_t keep_alive = 0;
    /// May be empty: then the server names the client.
    std::string_view client_id{};
    std::optional<std::string_view> username{};
    std::optional<ByteView> password{};
    std::optional<WillView> will{};

    /// All properties of v5; empty in 3.x. Those below are taken from here, with the defaults of MQTT5 3.1.2.11.
    PropertiesView properties{};
    /// Seconds that the session outlives the connection. 3.x: 0 with clean session, else `session_never_expires`.
    std::uint32_t session_expiry = 0;
    std::uint16_t receive_maximum = 65'535;
    /// Bytes of the largest packet that the client takes.
    std::uint32_t maximum_packet_size = max_packet_size;
    std::uint16_t topic_alias_maximum = 0;
    bool request_response_information = false;
    bool request_problem_information = true;
    std::optional<std::string_view> authentication_method{};
    std::optional<ByteView> authentication_data{};

    /// Bytes of the whole packet.
    std::uint32_t size = 0;
    /// Where in the packet the level byte, the connect flags (clean start is bit 1), the two keep-alive bytes, and the text of
    /// the client id (without its two length bytes) stand.
    std::uint32_t level_offset = 0;
    std::uint32_t flags_offset = 0;
    std::uint32_t keep_alive_offset = 0;
    std::uint32_t client_id_offset = 0;

    /// What a refusal of this client may say.
    [[nodiscard]] RefusalDetails refusal_details(std::string_view reason_string = {},
                                                 std::string_view server_reference = {}) const noexcept {
        return {request_problem_information, maximum_packet_size, reason_string, server_reference};
    }
};

/// How far a CONNECT has come in.
struct ConnectPeek {
    /// True when `so_far` holds the whole packet (and maybe more after it).
    bool whole = false;
    /// Bytes of the whole packet; 0 while the header is not there. At most the bound that was given.
    std::size_t size = 0;
    /// The version, as soon as it is readable.
    std::optional<Version> version{};
};

/// Looks at the bytes that have come so far, from the connection's first. Cheap enough to call after every read. Never asks for
/// more than `max_size` bytes: a header that promises more waits only for the version byte (at most 14 bytes) to give the right
/// answer.
[[nodiscard]] std::expected<ConnectPeek, ConnectFault> peek_connect(ByteView so_far, std::size_t max_size) noexcept;

/// Reads a whole CONNECT: exactly the `size` bytes that `peek_connect` said.
[[nodiscard]] std::expected<ConnectView, ConnectFault> parse_connect(ByteView packet) noexcept;

}  // namespace holdfast::mqtt
