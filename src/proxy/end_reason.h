#pragma once
// Why an open connection ended, as one word that is logged and counted.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fleet/relocation.h"

namespace holdfast::proxy {

enum class EndReason : std::uint8_t {
    none,
    device_disconnected,  ///< the device sent DISCONNECT
    device_closed,        ///< the device closed without DISCONNECT
    device_broken,        ///< the device's connection broke
    device_silent,        ///< nothing from the device for longer than its keep alive allows
    device_malformed,     ///< the device sent what is no MQTT packet
    node_disconnected,    ///< the node sent DISCONNECT
    node_closed,          ///< the node closed
    node_broken,          ///< the node's connection broke
    node_malformed,       ///< the node sent what is no MQTT packet
    moved,                ///< the device's route is another now
    drained,              ///< the node is being emptied
    node_down,            ///< the node does not answer any more
    node_left,            ///< the node's cluster no longer lists it
    superseded,           ///< the device opened a newer connection on another node
    device_disabled,      ///< an operator disabled the device
    device_removed,       ///< an operator removed the device
    ended_by_operator,    ///< an operator ended this connection
    shutting_down,        ///< the gateway stops
};
constexpr std::size_t end_reason_count = 19;

/// The enum's name, for logs, metrics and facts. Lives as long as the program.
[[nodiscard]] std::string_view to_string(EndReason reason) noexcept;

/// True for the reasons that the node's side caused.
[[nodiscard]] bool by_node(EndReason reason) noexcept;

[[nodiscard]] EndReason end_reason_of(fleet::EndCause cause) noexcept;

}  // namespace holdfast::proxy
