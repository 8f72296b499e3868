#pragma once
// What a setting can hold, and its one text form: `--set`, the environment, defaults, bounds, `config show` and the strings of
// the settings file all read and write it. Durations are "1.5s", "200ms", "2m", "1h30m"; sizes "512", "64KiB", "8MiB";
// addresses "0.0.0.0:1883", "[::1]:1883", "broker.example:1883"; lists are comma separated.

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace holdfast::settings {

enum class SettingsErrc : std::uint16_t {
    malformed_value,  ///< the text is not of the setting's kind
    out_of_bounds,    ///< understood, but too small or too large
    unreadable_file   ///< the settings file cannot be read
};
const ErrorCategory& error_category(SettingsErrc) noexcept;

/// A number of bytes.
struct ByteSize {
    std::uint64_t bytes = 0;
    auto operator<=>(const ByteSize&) const = default;
};

/// Where to listen or to connect: a host name or a numeric address (IPv6 without brackets), and a port.
struct Address {
    std::string host;
    std::uint16_t port = 0;
    bool operator==(const Address&) const = default;
};

enum class Kind : std::uint8_t {
    boolean,
    integer,
    number,
    duration,
    size,
    string,
    choice,  ///< one of the row's choices; held as its index
    address,
    choice_list,
    address_list
};

/// A value of any kind, as the table moves it between text and the typed structs.
/// boolean: bool; integer, choice: int64; choice_list: vector of int64; number: double; the rest by their own type.
using Value = std::variant<bool, std::int64_t, double, Duration, ByteSize, std::string, Address, std::vector<std::int64_t>,
                           std::vector<Address>>;

[[nodiscard]] std::string_view kind_name(Kind kind) noexcept;

/// Reads "250ms", "1.5s", "2m", "1h30m". Not negative, at most about 292 years. The error is a sentence without the setting's
/// name.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// Reads "512", "64KiB", "1.5MiB", "2GiB", "10kB" (1000s), "3MB".
[[nodiscard]] Result<ByteSize> parse_size(std::string_view text);
/// Reads "host:port", "[v6]:port"; the port is 0..65535.
[[nodiscard]] Result<Address> parse_address(std::string_view text);

/// The shortest text that reads back as the same value: "1.5s", "64KiB", "[::1]:1883".
[[nodiscard]] std::string format_duration(Duration value);
[[nodiscard]] std::string format_size(ByteSize value);
[[nodiscard]] std::string format_address(const Address& value);

}  // namespace holdfast::settings
