#pragma once
// The listening sockets of one data-plane thread.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gateway/descriptor.h"
#include "gateway/options.h"
#include "proxy/admission.h"

namespace holdfast::gateway {

/// A numeric address and port, as the kernel wants it.
struct SocketAddress {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6{};
    };

    [[nodiscard]] bool is_v6() const noexcept { return any.sa_family == AF_INET6; }
    [[nodiscard]] socklen_t size() const noexcept { return is_v6() ? sizeof v6 : sizeof v4; }
    /// "192.0.2.1:1883" or "[2001:db8::1]:1883".
    [[nodiscard]] std::string text() const;
    /// The address without its port.
    [[nodiscard]] std::string host() const;
    [[nodiscard]] std::uint16_t port() const noexcept;
    [[nodiscard]] proxy::SourceAddress source() const noexcept;
};

/// Reads a numeric address; false when `host` is none.
[[nodiscard]] bool socket_address(const std::string& host, std::uint16_t port, SocketAddress& address) noexcept;

/// Reads "address:port" or "[address]:port"; the error says what is wrong.
[[nodiscard]] Result<SocketAddress> parse_listen_address(std::string_view text);

/// Fails when somebody listens on the address already: the kernel would not tell, as data-plane threads share their address.
[[nodiscard]] Result<> check_listenable(const SocketAddress& address);

/// Opens a listening socket that shares its address with the process' other threads. A port of 0 in `address` becomes the one
/// taken.
[[nodiscard]] Result<Descriptor> open_listener(SocketAddress& address, const Options& options);

}  // namespace holdfast::gateway
