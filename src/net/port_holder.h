#pragma once
// Who listens on a port, as far as /proc tells: turns "address already in use" into something a person can act on.

#include <cstdint>
#include <optional>
#include <string>

namespace holdfast::net {

struct PortHolder {
    int pid = 0;
    std::string command;  ///< the process' short name, e.g. "mosquitto"
};

/// The process that listens on TCP `port` of this machine. Empty when nobody does, or when its process is not ours to look
/// into. Reads much of /proc (milliseconds): for error sentences only.
[[nodiscard]] std::optional<PortHolder> find_port_holder(std::uint16_t port);

/// " (held by mosquitto, process 1234)", or an empty text when it is not known.
[[nodiscard]] std::string port_holder_note(std::uint16_t port);

}  // namespace holdfast::net
