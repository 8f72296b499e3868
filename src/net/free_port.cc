#include "net/free_port.h"

#include <boost/asio/socket_base.hpp>

namespace holdfast::net {

bool can_listen(const Endpoint& endpoint) {
    IoContext io(1);
    TcpAcceptor acceptor(io);
    ErrorCode error;
    acceptor.open(endpoint.protocol(), error);
    // As servers do: connections that are winding down do not block a port, a listener does.
    if (!error) acceptor.set_option(boost::asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(1, error);
    return !error;
}

std::optional<std::uint16_t> pick_lasting_port(const boost::asio::ip::address& address, std::uint64_t seed,
                                               const std::function<bool(std::uint16_t)>& taken) {
    // Linux takes outgoing ports from 32768 on unless it is told otherwise.
    constexpr std::uint32_t first = 20'000;
    constexpr std::uint32_t count = 12'000;
    const auto start = static_cast<std::uint32_t>(seed % count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto port = static_cast<std::uint16_t>(first + (start + i) % count);
        if (!taken(port) && can_listen(Endpoint(address, port))) return port;
    }
    return std::nullopt;
}

}  // namespace holdfast::net
