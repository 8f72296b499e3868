#pragma once
// Opening a listening socket, with errors that say which port, who may hold it, and what to do.

#include "base/result.h"
#include "net/error.h"
#include "net/tcp.h"

namespace holdfast::net {

struct ListenOptions {
    /// Several sockets share the port and the kernel spreads connections over them (SO_REUSEPORT). A port that another process
    /// holds without this flag is still refused.
    bool share_port = false;
    /// How many connections may wait to be accepted.
    int backlog = 4096;
};

/// Listens on `endpoint`; port 0 takes a free one. The socket is non-blocking and closes on exec. `what` names the listener in
/// error sentences, e.g. "the gateway", and `setting` what to change, e.g. "gateway.listen".
[[nodiscard]] Result<TcpAcceptor> open_listener(IoContext& io, const Endpoint& endpoint, const ListenOptions& options,
                                                std::string_view what, std::string_view setting);

}  // namespace holdfast::net
