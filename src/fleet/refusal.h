#pragma once
// Why a CONNECT was refused by the gateway, as one word that is counted and one sentence that is shown.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::fleet {

enum class RefuseReason : std::uint8_t {
    none,
    unknown_device,     ///< enrolment is closed and the device is not known
    disabled_device,    ///< an operator disabled it
    no_identity,        ///< enrolment is closed and the CONNECT has nothing to be known by
    no_cluster,         ///< there is no cluster that takes devices
    no_live_node,       ///< its cluster has no node that is up or suspect
    fleet_full,         ///< unknown, and the fleet has as many devices as it may
    nodes_unreachable,  ///< every candidate refused the connection, timed out or hung up
    node_refused,       ///< a node answered the CONNECT with a refusal (relayed to the device)
    rate_limited,       ///< too many CONNECTs
    too_many,           ///< too many connections
    malformed,          ///< not a CONNECT that can be understood
    unsupported,        ///< a protocol version that is not spoken
    timed_out,          ///< the CONNECT did not arrive in time
    too_large,          ///< the CONNECT is larger than allowed
    going_away,         ///< the gateway is shutting down
    gave_up,            ///< the device hung up before a node had answered it
};
constexpr std::size_t refuse_reason_count = 17;

[[nodiscard]] std::string_view to_string(RefuseReason reason) noexcept;  ///< the enum's name
[[nodiscard]] std::string_view sentence(RefuseReason reason) noexcept;   ///< e.g. "its cluster has no live node"

}  // namespace holdfast::fleet
