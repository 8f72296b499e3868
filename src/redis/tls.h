#pragma once
// Certificates, keys and rules of TLS, as a Redis server is told them, ready for connections in one direction.

#include <memory>
#include <string>

#include "base/result.h"
#include "redis/error.h"

namespace boost::asio::ssl {
class context;
}

namespace holdfast::redis {

enum class TlsSide : std::uint8_t { client, server };
/// Whether the other end must show a certificate that is signed by the given authorities.
enum class TlsVerify : std::uint8_t { none, if_given, required };

struct TlsSettings {
    TlsSide side = TlsSide::client;
    TlsVerify verify = TlsVerify::required;
    std::string cert_file = {};
    std::string key_file = {};
    std::string key_file_pass = {};  ///< a secret
    std::string ca_cert_file = {};
    std::string ca_cert_dir = {};
    std::string dh_params_file = {};
    std::string protocols = {};  ///< e.g. "TLSv1.2 TLSv1.3"; empty: both
    std::string ciphers = {};
    std::string ciphersuites = {};
    bool prefer_server_ciphers = false;
};

/// Shared by the connections that use it, on one thread.
using TlsContext = std::shared_ptr<boost::asio::ssl::context>;

/// Errors: bad_tls, with the file and what is wrong with it.
[[nodiscard]] Result<TlsContext> make_tls_context(const TlsSettings& settings);

}  // namespace holdfast::redis
