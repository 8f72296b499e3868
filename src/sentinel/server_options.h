#pragma once
// What sentinel.conf says about the process rather than about what it watches: the directives that a redis-sentinel shares with
// a redis-server. Names, units and defaults are those of Redis in sentinel mode.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::sentinel {

struct TlsOptions {
    std::uint16_t port = 0;    ///< tls-port; 0: none
    bool replication = false;  ///< tls-replication: TLS to instances and peers; the announced port is then `port`
    std::string cert_file = {};
    std::string key_file = {};
    std::string key_file_pass = {};     ///< a secret
    std::string client_cert_file = {};  ///< for outgoing connections; empty: `cert_file`
    std::string client_key_file = {};
    std::string client_key_file_pass = {};
    std::string ca_cert_file = {};
    std::string ca_cert_dir = {};
    std::string dh_params_file = {};
    std::string auth_clients = "yes";  ///< yes, no or optional: must clients show a certificate
    std::string protocols = {};        ///< e.g. "TLSv1.2 TLSv1.3"; empty: the default
    std::string ciphers = {};
    std::string ciphersuites = {};
    bool prefer_server_ciphers = false;

    friend bool operator==(const TlsOptions&, const TlsOptions&) = default;
};

struct ServerOptions {
    std::uint16_t port = 26379;  ///< for clients without TLS; 0: none
    /// Addresses to listen on; "*" and "::*" are all of IPv4 and IPv6; with a '-' in front an address may be missing.
    std::vector<std::string> bind = {"*", "-::*"};
    bool protected_mode = false;  ///< without a password, only loopback is served
    bool daemonize = false;       ///< tolerated: Holdfast stays in the foreground
    std::string pidfile = {};
    std::string logfile = {};         ///< empty: standard output
    std::string loglevel = "notice";  ///< debug, verbose, notice or warning
    std::string dir = {};             ///< working directory; empty: as it is
    bool syslog = false;
    std::string syslog_ident = "redis";
    unsigned max_clients = 10000;
    std::chrono::seconds idle_timeout{};      ///< timeout; a client idle for so long is closed; 0: never
    std::chrono::seconds tcp_keepalive{300};  ///< 0: off
    unsigned tcp_backlog = 511;
    std::string unix_socket = {};
    unsigned unix_socket_mode = 0;
    /// Each: the words of a `user` line without "user": a name, then rules as ACL SETUSER takes them. May hold secrets.
    std::vector<std::vector<std::string>> users = {};
    std::string acl_file = {};
    unsigned acl_log_max_len = 128;
    TlsOptions tls = {};

    friend bool operator==(const ServerOptions&, const ServerOptions&) = default;
};

}  // namespace holdfast::sentinel
