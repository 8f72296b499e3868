#pragma once
// Ports that can be listened on right now. Between the answer and its use somebody else may take the port; who asks must cope.

#include <cstdint>
#include <functional>
#include <optional>

#include "net/tcp.h"

namespace holdfast::net {

/// True when a listener could be opened at `endpoint` now.
[[nodiscard]] bool can_listen(const Endpoint& endpoint);

/// A free port at `address` that is good for a long time: outside the range from which the kernel takes ports for outgoing
/// connections. The search begins at a place given by `seed`, so that the same seed tends to give the same port. `taken` says
/// which ports not to use.
[[nodiscard]] std::optional<std::uint16_t> pick_lasting_port(const boost::asio::ip::address& address, std::uint64_t seed,
                                                             const std::function<bool(std::uint16_t)>& taken);

}  // namespace holdfast::net
