#pragma once
// Addresses as people write them: "127.0.0.1:1883", "broker.example.com:1883", "[::1]:1883".

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/error.h"
#include "net/tcp.h"

namespace holdfast::net {

/// A host, by name or by number, and a TCP port. `host` has no brackets.
struct HostPort {
    std::string host;
    std::uint16_t port = 0;

    friend bool operator==(const HostPort&, const HostPort&) = default;
};

/// Reads "host:port". Without a port, `default_port` counts; without that either, an error. IPv6 numbers need brackets when a
/// port follows. Errors: `bad_address`, with what was expected.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text, std::optional<std::uint16_t> default_port = std::nullopt);

/// As a person would write it; IPv6 numbers in brackets.
[[nodiscard]] std::string to_text(const HostPort& address);
[[nodiscard]] std::string to_text(const Endpoint& endpoint);

/// The endpoint, when `host` is a number and needs no resolver.
[[nodiscard]] std::optional<Endpoint> numeric_endpoint(const HostPort& address);

}  // namespace holdfast::net
