#include "net/listen.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/socket_base.hpp>

#include "net/address.h"
#include "net/port_holder.h"

namespace holdfast::net {
namespace {

namespace asio = boost::asio;

std::unexpected<Error> refuse(const ErrorCode& error, const Endpoint& endpoint, std::string_view what,
                              std::string_view setting) {
    const std::string where = to_text(endpoint);
    if (error == asio::error::address_in_use) {
        return fail(NetErrc::port_in_use,
                    fmt::format("{} cannot listen on {}: port {} is in use{}; end that program, or set {} to another port",
                                what, where, endpoint.port(), port_holder_note(endpoint.port()), setting));
    }
    if (error == asio::error::access_denied) {
        return fail(
            NetErrc::not_permitted,
            fmt::format("{} may not listen on {}: ports below 1024 need root or CAP_NET_BIND_SERVICE; set {} to a higher port",
                        what, where, setting));
    }
    if (error == ErrorCode(EADDRNOTAVAIL, boost::system::system_category())) {
        return fail(NetErrc::address_not_here, fmt::format("{} cannot listen on {}: this machine has no address {}; change {}",
                                                           what, where, endpoint.address().to_string(), setting));
    }
    if (error == asio::error::no_descriptors) {
        return fail(
            NetErrc::no_descriptors,
            fmt::format("{} cannot listen on {}: no file descriptor is left; raise the limit (ulimit -n)", what, where));
    }
    return fail(NetErrc::listen_failed, fmt::format("{} cannot listen on {}: {}", what, where, error.message()));
}

ErrorCode share_port(TcpAcceptor& acceptor) {
    const int on = 1;
    if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0) return {};
    return {errno, boost::system::system_category()};
}

}  // namespace

Result<TcpAcceptor> open_listener(IoContext& io, const Endpoint& endpoint, const ListenOptions& options, std::string_view what,
                                  std::string_view setting) {
    TcpAcceptor acceptor(io);
    ErrorCode error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) ::fcntl(acceptor.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && options.share_port) error = share_port(acceptor);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(options.backlog, error);
    if (!error) acceptor.non_blocking(true, error);
    if (error) return refuse(error, endpoint, what, setting);
    return acceptor;
}

}  // namespace holdfast::net
