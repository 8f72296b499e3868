#include "net/address.h"

#include <fmt/format.h>

#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace holdfast::net {
namespace {

namespace ip = boost::asio::ip;

std::unexpected<Error> bad(std::string_view text, std::string_view why) {
    return fail(NetErrc::bad_address,
                fmt::format("\"{}\" is not an address: {}; write host:port, e.g. 127.0.0.1:1883", text, why));
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return port;
}

bool could_be_host(std::string_view host) {
    constexpr std::size_t longest_host_name = 253;
    if (host.empty() || host.size() > longest_host_name) return false;
    for (const char c : host) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && c != '.' && c != '-' && c != '_' && c != ':' && c != '%') return false;
    }
    return true;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port) {
    std::string_view host = text;
    std::optional<std::string_view> port_text;
    if (text.starts_with('[')) {
        const auto close = text.find(']');
        if (close == std::string_view::npos) return bad(text, "the bracket is not closed");
        host = text.substr(1, close - 1);
        const auto rest = text.substr(close + 1);
        if (rest.starts_with(':')) {
            port_text = rest.substr(1);
        } else if (!rest.empty()) {
            return bad(text, "after the bracket comes a colon and the port");
        }
    } else if (const auto colon = text.find(':');
               colon != std::string_view::npos && text.find(':', colon + 1) == std::string_view::npos) {
        host = text.substr(0, colon);
        port_text = text.substr(colon + 1);
    }
    if (!could_be_host(host)) return bad(text, "the host is missing or has characters that no host name has");
    if (!port_text) {
        if (!default_port) return bad(text, "the port is missing");
        return HostPort{std::string(host), *default_port};
    }
    const auto port = parse_port(*port_text);
    if (!port) return bad(text, "the port must be a number from 0 to 65535");
    return HostPort{std::string(host), *port};
}

std::string to_text(const HostPort& address) {
    if (address.host.find(':') != std::string::npos) return fmt::format("[{}]:{}", address.host, address.port);
    return fmt::format("{}:{}", address.host, address.port);
}

std::string to_text(const Endpoint& endpoint) {
    return to_text(HostPort{endpoint.address().to_string(), endpoint.port()});
}

std::optional<Endpoint> numeric_endpoint(const HostPort& address) {
    ErrorCode error;
    const auto number = ip::make_address(address.host, error);
    if (error) return std::nullopt;
    return Endpoint(number, address.port);
}

}  // namespace holdfast::net
