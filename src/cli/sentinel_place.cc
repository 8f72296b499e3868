#include "cli/sentinel_place.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace holdfast::cli {
namespace {

constexpr std::uint16_t default_port = 26379;
constexpr std::size_t max_password_length = 4096;

std::string given_or(const std::string& option, const Environment& environment, const char* variable) {
    return option.empty() ? environment(variable).value_or("") : option;
}

/// The file's first line.
Result<std::string> read_password(const std::string& file) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::perms others = fs::status(file, error).permissions() & (fs::perms::group_all | fs::perms::others_all);
    if (error) return fail(PlaceErrc::unusable_file, fmt::format("cannot read {}: {}", file, error.message()));
    if (others != fs::perms::none) {
        return fail(PlaceErrc::unusable_file,
                    fmt::format("{0} can be read by others than its owner; first: chmod 600 {0}", file));
    }
    std::ifstream in(file);
    std::string password;
    for (char letter = 0; in.get(letter) && letter != '\n' && password.size() <= max_password_length;)
        password += letter;
    if (password.ends_with('\r')) password.pop_back();
    if (password.empty() || password.size() > max_password_length)
        return fail(PlaceErrc::unusable_file, fmt::format("{} does not hold a password in its first line", file));
    return password;
}

Result<std::string> find_password(const SentinelPlaceOptions& options, const Environment& environment) {
    if (!options.password_file.empty()) return read_password(options.password_file);
    return environment("HOLDFAST_SENTINEL_PASSWORD").value_or("");
}

Result<redis::TlsContext> find_tls(const SentinelPlaceOptions& options, const Environment& environment) {
    redis::TlsSettings settings{.cert_file = given_or(options.cert_file, environment, "HOLDFAST_SENTINEL_CERT"),
                                .key_file = given_or(options.key_file, environment, "HOLDFAST_SENTINEL_KEY"),
                                .ca_cert_file = given_or(options.ca_file, environment, "HOLDFAST_SENTINEL_CA")};
    if (settings.cert_file.empty() != settings.key_file.empty())
        return fail(PlaceErrc::unusable_file, "--sentinel-cert and --sentinel-key go together");
    if (settings.ca_cert_file.empty()) {
        if (settings.cert_file.empty()) return redis::TlsContext();
        return fail(PlaceErrc::unusable_file,
                    "--sentinel-cert needs --sentinel-ca: the authorities that sign for the sentinel");
    }
    auto context = redis::make_tls_context(settings);
    if (!context) return fail(PlaceErrc::unusable_file, context.error().message());
    return context;
}

}  // namespace

std::string find_sentinel_address(const SentinelPlaceOptions& options, const PlaceOptions& api,
                                  const Environment& environment) {
    if (!options.address.empty() || !api.api.empty()) return options.address;
    return environment("HOLDFAST_SENTINEL").value_or("");
}

Result<SentinelPlace> find_sentinel(const std::string& address, const SentinelPlaceOptions& options,
                                    const Environment& environment) {
    const auto where = net::parse_host_port(address, default_port);
    if (!where) {
        return fail(PlaceErrc::malformed_address,
                    fmt::format("'{}' is not the address of a sentinel; give it as host:port, e.g. 127.0.0.1:{}", address,
                                default_port));
    }
    auto password = find_password(options, environment);
    if (!password) return std::unexpected(password.error());
    auto tls = find_tls(options, environment);
    if (!tls) return std::unexpected(tls.error());
    SentinelPlace place{.address = *where, .login = {.password = std::move(*password)}, .tls = std::move(*tls)};
    // A user without a password cannot be said.
    if (!place.login.password.empty()) place.login.user = given_or(options.user, environment, "HOLDFAST_SENTINEL_USER");
    return place;
}

}  // namespace holdfast::cli
