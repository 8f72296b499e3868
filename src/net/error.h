#pragma once
// What can go wrong between this process and the network, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::net {

enum class NetErrc : std::uint16_t {
    bad_address = 1,   ///< text that is no "host:port"
    unresolved,        ///< a host name that the resolver does not know, or not now
    port_in_use,       ///< somebody else listens there
    address_not_here,  ///< this machine has no such address
    not_permitted,     ///< the system forbids it to this user, e.g. ports below 1024
    no_descriptors,    ///< the process has no file descriptor left
    listen_failed,     ///< anything else that keeps a listener from opening
};

const ErrorCategory& error_category(NetErrc code) noexcept;

}  // namespace holdfast::net
