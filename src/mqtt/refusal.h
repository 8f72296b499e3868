#pragma once
// The packets with which Holdfast itself speaks to a device or a node without being a broker: the CONNACK that refuses a
// device, the DISCONNECT that asks it to go, and the DISCONNECT that ends a session at a node without its will. Always in the
// version of the other side; where the version has no word for it, the result is empty and closing the connection is the
// answer.

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "mqtt/types.h"

namespace holdfast::mqtt {

/// Why a CONNECT is refused, independent of the version.
enum class RefusalReason : std::uint8_t {
    unsupported_version,
    malformed,
    protocol_error,
    identifier_rejected,
    bad_credentials,
    not_authorized,
    unavailable,
    busy,
    banned,
    shutting_down,
    bad_authentication_method,
    too_large,
    quota_exceeded,
    use_another_server,
    server_moved,
    rate_exceeded,
    unspecified,
};

/// Stable name for logs, metrics and events, e.g. "identifier_rejected".
[[nodiscard]] std::string_view name(RefusalReason reason) noexcept;

/// The v5 code of a refusal.
[[nodiscard]] ReasonCode reason_code_of(RefusalReason reason) noexcept;

/// The 3.x code of a refusal. Nothing when 3.x closes without an answer: malformed, protocol_error and too_large
/// (MQTT 3.1.1 4.8). Overload, quota, moves and rates are all "server unavailable".
[[nodiscard]] std::optional<ConnectReturnCode> return_code_of(RefusalReason reason) noexcept;

/// What a v5 client said about the answers it takes, and the words to add. 3.x answers ignore all of it.
struct RefusalDetails {
    /// Request Problem Information of the CONNECT; without it no Reason String is sent.
    bool request_problem_information = true;
    /// Maximum Packet Size of the CONNECT, bytes. What does not fit is left out, the least important first: Reason String, then
    /// Server Reference; if the bare answer does not fit, there is none (MQTT5 3.1.2.11.4).
    std::uint32_t maximum_packet_size = max_packet_size;
    std::string_view reason_string{};
    /// Only sent with use_another_server and server_moved (MQTT5 4.11).
    std::string_view server_reference{};
};

/// The CONNACK that refuses, in `version`. Empty: close without an answer.
[[nodiscard]] ByteBuffer refusal_for(Version version, RefusalReason reason, const RefusalDetails& details = {});

/// The DISCONNECT from a server to a client. Empty for 3.x, whose servers cannot send one: close instead.
[[nodiscard]] ByteBuffer disconnect_for(Version version, ReasonCode reason, const RefusalDetails& details = {});

/// The DISCONNECT from a client to a server that discards the will (MQTT5 3.14.4). `session_expiry_s` (v5 only, else ignored)
/// changes the session's expiry; it must not be set when the CONNECT's was 0 [MQTT-3.1.2.11.2, 3.14.2.2.2], except to 0.
[[nodiscard]] ByteBuffer client_disconnect(Version version, std::optional<std::uint32_t> session_expiry_s = std::nullopt);

}  // namespace holdfast::mqtt
