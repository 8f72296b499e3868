#pragma once
// Where the API is and what opens it: from flags, the environment, or the files that `holdfast up` leaves in its data
// directory.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace holdfast::cli {

enum class PlaceErrc : std::uint16_t {
    malformed_address,
    unusable_file,  ///< of a password, a certificate or a key
};
[[nodiscard]] const ErrorCategory& error_category(PlaceErrc) noexcept;

/// An environment variable's value, or nothing; a parameter so that tests have their own.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

struct ApiPlace {
    std::string host;
    std::string port;
    /// Empty when none was found; `token_file` then says where it was looked for.
    std::string token;
    std::filesystem::path token_file;
    /// Why the token file gave none although it exists, e.g. that it belongs to another user.
    std::string token_trouble;

    /// "127.0.0.1:8080"
    [[nodiscard]] std::string address() const;
};

struct PlaceOptions {
    std::string api;       ///< --api
    std::string token;     ///< --token
    std::string data_dir;  ///< --data-dir
    /// A command centre is wanted: one that is a process of its own goes before the process with the fleet.
    bool centre = false;
};

/// $HOLDFAST_DATA_DIR, else $XDG_STATE_HOME/holdfast, else ~/.local/state/holdfast; empty when none of them is set.
[[nodiscard]] std::filesystem::path default_data_dir(const Environment& environment);

/// Address: --api, $HOLDFAST_API, the data directory's file `endpoint`, 127.0.0.1:8080. Where a command centre is wanted, the
/// files `endpoint.<centre>` of which somebody answers go before `endpoint`, the newest first. Token: --token, $HOLDFAST_TOKEN,
/// the data directory's file `admin.token`. An address is "host:port", "[::1]:port", "host" (port 8080), with "http://" in
/// front or not.
[[nodiscard]] Result<ApiPlace> find_api(const PlaceOptions& options, const Environment& environment);

/// Reads an address as `find_api` describes it into host and port.
[[nodiscard]] Result<ApiPlace> parse_api_address(std::string_view text);

/// `endpoint`, or `endpoint.<centre>` of a centre that is a process of its own.
[[nodiscard]] std::string endpoint_file_name(std::string_view centre = {});
/// Leaves the admin API's address for command lines to find. Written by what runs, removed when it ends.
[[nodiscard]] bool write_endpoint_file(const std::filesystem::path& data_dir, const std::string& address,
                                       std::string_view centre = {});
void remove_endpoint_file(const std::filesystem::path& data_dir, std::string_view centre = {}) noexcept;
/// The address of the process with the fleet; empty when it has left none.
[[nodiscard]] std::string read_endpoint_file(const std::filesystem::path& data_dir);

}  // namespace holdfast::cli
