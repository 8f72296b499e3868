#include "gateway/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "gateway/errors.h"

namespace holdfast::gateway {

namespace {

bool set_option(int fd, int level, int name, int value) noexcept {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::unexpected<Error> cannot_listen(const SocketAddress& address, int error) {
    std::string advice;
    if (error == EADDRINUSE) advice = "; another program listens there: stop it, or choose another address in gateway.listen";
    if (error == EACCES) advice = "; ports below 1024 need a privilege: choose a higher one in gateway.listen";
    if (error == EADDRNOTAVAIL) advice = "; this machine does not have that address: see gateway.listen";
    return fail(Errc::cannot_listen,
                fmt::format("the gateway cannot listen on {}: {}{}", address.text(), system_message(error), advice));
}

}  // namespace

std::string SocketAddress::host() const {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (is_v6()) {
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    } else {
        ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    }
    return text.data();
}

std::uint16_t SocketAddress::port() const noexcept {
    return ntohs(is_v6() ? v6.sin6_port : v4.sin_port);
}

std::string SocketAddress::text() const {
    return is_v6() ? fmt::format("[{}]:{}", host(), port()) : fmt::format("{}:{}", host(), port());
}

proxy::SourceAddress SocketAddress::source() const noexcept {
    proxy::SourceAddress source{};
    if (is_v6()) {
        std::memcpy(source.data(), &v6.sin6_addr, source.size());
    } else {
        source[10] = source[11] = 0xFF;
        std::memcpy(source.data() + 12, &v4.sin_addr, 4);
    }
    return source;
}

bool socket_address(const std::string& host, std::uint16_t port, SocketAddress& address) noexcept {
    address = {};
    if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons(port);
        return true;
    }
    address = {};
    if (::inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons(port);
        return true;
    }
    return false;
}

Result<SocketAddress> parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    std::uint16_t port = 0;
    if (colon != std::string_view::npos) {
        const auto digits = text.substr(colon + 1);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
        auto host = text.substr(0, colon);
        if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
        SocketAddress address;
        if (error == std::errc{} && end == digits.data() + digits.size() && socket_address(std::string(host), port, address))
            return address;
    }
    return fail(Errc::cannot_listen, fmt::format("\"{}\" is no address to listen on; write 0.0.0.0:1883 or [::]:1883", text));
}

Result<> check_listenable(const SocketAddress& address) {
    if (address.port() == 0) return {};
    Descriptor probe(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!probe) return cannot_listen(address, errno);
    set_option(probe.get(), SOL_SOCKET, SO_REUSEADDR, 1);
    if (address.is_v6()) set_option(probe.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (::bind(probe.get(), &address.any, address.size()) != 0) return cannot_listen(address, errno);
    return {};
}

Result<Descriptor> open_listener(SocketAddress& address, const Options& options) {
    Descriptor listener(::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!listener) return cannot_listen(address, errno);
    const int fd = listener.get();
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (address.is_v6()) set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    // Accepted sockets inherit these, which saves a call for each of them.
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.tcp_keepalive.count() > 0) {
        set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
        set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(options.tcp_keepalive.count()));
    }
    if (::bind(fd, &address.any, address.size()) != 0 || ::listen(fd, options.backlog) != 0)
        return cannot_listen(address, errno);
    socklen_t size = sizeof address.v6;
    if (::getsockname(fd, &address.any, &size) != 0) return cannot_listen(address, errno);
    return listener;
}

}  // namespace holdfast::gateway
