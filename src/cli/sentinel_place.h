#pragma once
// Where a sentinel is that a command asks instead of the API, and what opens it: from flags, the environment, or files.

#include <string>

#include "base/result.h"
#include "cli/api_place.h"
#include "net/address.h"
#include "redis/exchange.h"
#include "redis/tls.h"

namespace holdfast::cli {

struct SentinelPlaceOptions {
    std::string address;        ///< --sentinel
    std::string user;           ///< --sentinel-user
    std::string password_file;  ///< --sentinel-password-file
    std::string ca_file;        ///< --sentinel-ca
    std::string cert_file;      ///< --sentinel-cert
    std::string key_file;       ///< --sentinel-key
};

struct SentinelPlace {
    net::HostPort address;
    redis::Login login = {};
    redis::TlsContext tls = nullptr;  ///< null: in the clear
};

/// Which sentinel is asked; empty: none, but the API. The first of --sentinel, --api, $HOLDFAST_SENTINEL decides.
[[nodiscard]] std::string find_sentinel_address(const SentinelPlaceOptions& options, const PlaceOptions& api,
                                                const Environment& environment);

/// `address` is "host:port", "[::1]:port" or "host" (port 26379). What opens it is taken from the options, else from
/// $HOLDFAST_SENTINEL_USER, _PASSWORD, _CA, _CERT, _KEY. With authorities it is TLS. Errors: malformed_address, unusable_file.
[[nodiscard]] Result<SentinelPlace> find_sentinel(const std::string& address, const SentinelPlaceOptions& options,
                                                  const Environment& environment);

}  // namespace holdfast::cli
