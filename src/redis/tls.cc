#include "redis/tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <sstream>

#include "net/tcp.h"

namespace holdfast::redis {
namespace {

namespace ssl = boost::asio::ssl;

std::unexpected<Error> refuse(std::string_view what, const std::string& file, const net::ErrorCode& error) {
    return fail(RedisErrc::bad_tls, fmt::format("{} {} cannot be used for TLS: {}", what, file, error.message()));
}

/// OpenSSL's option that switches a version off.
Result<> choose_protocols(ssl::context& context, const std::string& protocols) {
    if (protocols.empty()) return {};
    bool tls12 = false;
    bool tls13 = false;
    std::istringstream words(protocols);
    for (std::string word; words >> word;) {
        if (word == "TLSv1.2" || word == "tlsv1.2")
            tls12 = true;
        else if (word == "TLSv1.3" || word == "tlsv1.3")
            tls13 = true;
        else if (word != "TLSv1" && word != "TLSv1.1" && word != "tlsv1" && word != "tlsv1.1")
            return fail(RedisErrc::bad_tls, fmt::format("there is no TLS protocol '{}'", word));
    }
    if (!tls12 && !tls13) return fail(RedisErrc::bad_tls, "TLS before 1.2 is not offered; name TLSv1.2 or TLSv1.3");
    SSL_CTX_set_min_proto_version(context.native_handle(), tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context.native_handle(), tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
    return {};
}

Result<> load_own(ssl::context& context, const TlsSettings& settings) {
    net::ErrorCode error;
    if (!settings.key_file_pass.empty()) {
        context.set_password_callback(
            [pass = settings.key_file_pass](std::size_t, ssl::context::password_purpose) { return pass; }, error);
    }
    if (!settings.cert_file.empty()) {
        if (context.use_certificate_chain_file(settings.cert_file, error); error)
            return refuse("the certificate", settings.cert_file, error);
        if (context.use_private_key_file(settings.key_file, ssl::context::pem, error); error)
            return refuse("the key", settings.key_file, error);
    }
    if (!settings.dh_params_file.empty()) {
        if (context.use_tmp_dh_file(settings.dh_params_file, error); error)
            return refuse("the Diffie-Hellman parameters", settings.dh_params_file, error);
    }
    return {};
}

Result<> load_authorities(ssl::context& context, const TlsSettings& settings) {
    net::ErrorCode error;
    if (!settings.ca_cert_file.empty()) {
        if (context.load_verify_file(settings.ca_cert_file, error); error)
            return refuse("the authorities' file", settings.ca_cert_file, error);
    }
    if (!settings.ca_cert_dir.empty()) {
        if (context.add_verify_path(settings.ca_cert_dir, error); error)
            return refuse("the authorities' directory", settings.ca_cert_dir, error);
    }
    ssl::verify_mode mode = ssl::verify_none;
    if (settings.verify == TlsVerify::required) mode = ssl::verify_peer | ssl::verify_fail_if_no_peer_cert;
    if (settings.verify == TlsVerify::if_given) mode = ssl::verify_peer;
    context.set_verify_mode(mode, error);
    return {};
}

}  // namespace

Result<TlsContext> make_tls_context(const TlsSettings& settings) {
    const bool server = settings.side == TlsSide::server;
    const auto context = std::make_shared<ssl::context>(server ? ssl::context::tls_server : ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    net::ErrorCode error;
    context->set_options(ssl::context::default_workarounds | ssl::context::no_compression, error);
    if (settings.prefer_server_ciphers) SSL_CTX_set_options(context->native_handle(), SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (auto done = choose_protocols(*context, settings.protocols); !done) return std::unexpected(done.error());
    if (auto done = load_own(*context, settings); !done) return std::unexpected(done.error());
    if (auto done = load_authorities(*context, settings); !done) return std::unexpected(done.error());
    if (!settings.ciphers.empty() && SSL_CTX_set_cipher_list(context->native_handle(), settings.ciphers.c_str()) != 1)
        return fail(RedisErrc::bad_tls, fmt::format("no cipher of '{}' is known", settings.ciphers));
    if (!settings.ciphersuites.empty() &&
        SSL_CTX_set_ciphersuites(context->native_handle(), settings.ciphersuites.c_str()) != 1)
        return fail(RedisErrc::bad_tls, fmt::format("no cipher suite of '{}' is known", settings.ciphersuites));
    return context;
}

}  // namespace holdfast::redis
