#include "sentinel/server_directives.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <limits>
#include <vector>

#include "sentinel/config_words.h"

namespace holdfast::sentinel {
namespace {

using Problem = std::optional<std::string>;
using Values = std::span<const std::string>;

struct Target {
    ServerOptions& server;
    SentinelOptions& options;
};

struct Directive {
    std::string_view name;
    std::size_t min_values;
    std::size_t max_values;
    Problem (*take)(Target, Values);
};

constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();

Problem take_flag(bool& flag, const std::string& value) {
    if (equal_ignoring_case(value, "yes")) {
        flag = true;
    } else if (equal_ignoring_case(value, "no")) {
        flag = false;
    } else {
        return "argument must be 'yes' or 'no'";
    }
    return std::nullopt;
}

template <class Number>
Problem take_number(Number& number, const std::string& value, long long min, long long max) {
    const auto read = whole_integer(value);
    if (!read) return "argument couldn't be parsed into an integer";
    if (*read < min || *read > max) return fmt::format("argument must be between {} and {} inclusive", min, max);
    number = static_cast<Number>(*read);
    return std::nullopt;
}

Problem take_port(std::uint16_t& port, const std::string& value) {
    return take_number(port, value, 0, 65535);
}

Problem take_seconds(std::chrono::seconds& seconds, const std::string& value) {
    long long count = 0;
    if (auto problem = take_number(count, value, 0, std::numeric_limits<int>::max())) return problem;
    seconds = std::chrono::seconds(count);
    return std::nullopt;
}

Problem take_choice(std::string& choice, const std::string& value, Values choices) {
    const auto found = std::ranges::find_if(choices, [&](const std::string& c) { return equal_ignoring_case(c, value); });
    if (found == choices.end()) {
        return fmt::format("argument(s) must be one of the following: {}", fmt::join(choices, ", "));
    }
    choice = *found;
    return std::nullopt;
}

Problem take_text(std::string& text, const std::string& value) {
    text = value;
    return std::nullopt;
}

Problem take_bind(Target to, Values values) {
    to.server.bind.assign(values.begin(), values.end());
    if (values.size() == 1 && values[0].empty()) to.server.bind.clear();
    return std::nullopt;
}

Problem take_loglevel(Target to, Values values) {
    static const std::vector<std::string> levels{"debug", "verbose", "notice", "warning"};
    return take_choice(to.server.loglevel, values[0], levels);
}

Problem take_auth_clients(Target to, Values values) {
    static const std::vector<std::string> choices{"no", "yes", "optional"};
    return take_choice(to.server.tls.auth_clients, values[0], choices);
}

Problem take_unix_socket_mode(Target to, Values values) {
    unsigned mode = 0;
    for (const char c : values[0]) {
        if (c < '0' || c > '7' || mode > 0777) return "argument couldn't be parsed into an integer";
        mode = mode * 8 + static_cast<unsigned>(c - '0');
    }
    if (mode > 0777) return "argument must be between 0 and 777 inclusive";
    to.server.unix_socket_mode = mode;
    return std::nullopt;
}

Problem take_user(Target to, Values values) {
    const auto same = [&](const std::vector<std::string>& user) { return user[0] == values[0]; };
    if (std::ranges::any_of(to.server.users, same)) {
        return fmt::format(
            "Error in user declaration '{}': Duplicate user found. A user can only be defined once in config files", values[0]);
    }
    to.server.users.emplace_back(values.begin(), values.end());
    return std::nullopt;
}

constexpr std::array directives{
    Directive{"port", 1, 1, [](Target to, Values v) { return take_port(to.server.port, v[0]); }},
    Directive{"bind", 0, any_number, take_bind},
    Directive{"protected-mode", 1, 1, [](Target to, Values v) { return take_flag(to.server.protected_mode, v[0]); }},
    Directive{"daemonize", 1, 1, [](Target to, Values v) { return take_flag(to.server.daemonize, v[0]); }},
    Directive{"pidfile", 1, 1, [](Target to, Values v) { return take_text(to.server.pidfile, v[0]); }},
    Directive{"logfile", 1, 1, [](Target to, Values v) { return take_text(to.server.logfile, v[0]); }},
    Directive{"loglevel", 1, 1, take_loglevel},
    Directive{"dir", 1, 1, [](Target to, Values v) { return take_text(to.server.dir, v[0]); }},
    Directive{"syslog-enabled", 1, 1, [](Target to, Values v) { return take_flag(to.server.syslog, v[0]); }},
    Directive{"syslog-ident", 1, 1, [](Target to, Values v) { return take_text(to.server.syslog_ident, v[0]); }},
    Directive{"requirepass", 1, 1, [](Target to, Values v) { return take_text(to.options.require_pass, v[0]); }},
    Directive{"user", 1, any_number, take_user},
    Directive{"aclfile", 1, 1, [](Target to, Values v) { return take_text(to.server.acl_file, v[0]); }},
    Directive{"acllog-max-len", 1, 1,
              [](Target to, Values v) { return take_number(to.server.acl_log_max_len, v[0], 0, 1'000'000); }},
    Directive{"maxclients", 1, 1,
              [](Target to, Values v) { return take_number(to.server.max_clients, v[0], 1, 4'294'967'295); }},
    Directive{"timeout", 1, 1, [](Target to, Values v) { return take_seconds(to.server.idle_timeout, v[0]); }},
    Directive{"tcp-keepalive", 1, 1, [](Target to, Values v) { return take_seconds(to.server.tcp_keepalive, v[0]); }},
    Directive{"tcp-backlog", 1, 1,
              [](Target to, Values v) { return take_number(to.server.tcp_backlog, v[0], 0, std::numeric_limits<int>::max()); }},
    Directive{"unixsocket", 1, 1, [](Target to, Values v) { return take_text(to.server.unix_socket, v[0]); }},
    Directive{"unixsocketperm", 1, 1, take_unix_socket_mode},
    Directive{"tls-port", 1, 1, [](Target to, Values v) { return take_port(to.server.tls.port, v[0]); }},
    Directive{"tls-replication", 1, 1, [](Target to, Values v) { return take_flag(to.server.tls.replication, v[0]); }},
    Directive{"tls-cert-file", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.cert_file, v[0]); }},
    Directive{"tls-key-file", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.key_file, v[0]); }},
    Directive{"tls-key-file-pass", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.key_file_pass, v[0]); }},
    Directive{"tls-client-cert-file", 1, 1,
              [](Target to, Values v) { return take_text(to.server.tls.client_cert_file, v[0]); }},
    Directive{"tls-client-key-file", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.client_key_file, v[0]); }},
    Directive{"tls-client-key-file-pass", 1, 1,
              [](Target to, Values v) { return take_text(to.server.tls.client_key_file_pass, v[0]); }},
    Directive{"tls-ca-cert-file", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.ca_cert_file, v[0]); }},
    Directive{"tls-ca-cert-dir", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.ca_cert_dir, v[0]); }},
    Directive{"tls-dh-params-file", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.dh_params_file, v[0]); }},
    Directive{"tls-auth-clients", 1, 1, take_auth_clients},
    Directive{"tls-protocols", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.protocols, v[0]); }},
    Directive{"tls-ciphers", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.ciphers, v[0]); }},
    Directive{"tls-ciphersuites", 1, 1, [](Target to, Values v) { return take_text(to.server.tls.ciphersuites, v[0]); }},
    Directive{"tls-prefer-server-ciphers", 1, 1,
              [](Target to, Values v) { return take_flag(to.server.tls.prefer_server_ciphers, v[0]); }},
};

/// What redis-sentinel itself writes, and what distributions put into its files.
constexpr std::array<std::string_view, 12> meaningless{"latency-tracking-info-percentiles",
                                                       "supervised",
                                                       "always-show-logo",
                                                       "set-proc-title",
                                                       "proc-title-template",
                                                       "hz",
                                                       "dynamic-hz",
                                                       "crash-log-enabled",
                                                       "save",
                                                       "appendonly",
                                                       "locale-collate",
                                                       "acl-pubsub-default"};

const Directive* find_directive(std::string_view name) {
    const auto found = std::ranges::find(directives, name, &Directive::name);
    return found == directives.end() ? nullptr : &*found;
}

}  // namespace

DirectiveKind kind_of_directive(std::string_view name) noexcept {
    if (find_directive(name) != nullptr) return DirectiveKind::taken;
    return std::ranges::find(meaningless, name) != meaningless.end() ? DirectiveKind::meaningless : DirectiveKind::unknown;
}

std::optional<std::string> take_directive(std::span<const std::string> words, ServerOptions& server, SentinelOptions& options) {
    const Directive* const directive = find_directive(words[0]);
    if (directive == nullptr) return "Bad directive or wrong number of arguments";
    const Values values = words.subspan(1);
    if (values.size() < directive->min_values || values.size() > directive->max_values) return "wrong number of arguments";
    return directive->take({.server = server, .options = options}, values);
}

}  // namespace holdfast::sentinel
