#pragma once
// How a simulated device lives: what its connection and its telemetry look like over time.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::simulate {

enum class Profile : std::uint8_t {
    steady,    ///< always connected, evenly spaced messages
    bursty,    ///< ten messages at once, then a pause; the same rate on average
    sleepy,    ///< connects, sends what has gathered, says goodbye, sleeps
    flaky,     ///< as steady, but its connection breaks without a word every half minute or so
    commuter,  ///< always connected, with two rush hours in a day of four minutes
};

struct ProfileText {
    Profile profile;
    std::string_view name;
    std::string_view help;
};

/// All of them, in the order of the enum.
inline constexpr std::array<ProfileText, 5> profiles{{
    {Profile::steady, "steady", "always connected, evenly spaced messages"},
    {Profile::bursty, "bursty", "ten messages at once, then a pause"},
    {Profile::sleepy, "sleepy", "connects, sends what has gathered, sleeps"},
    {Profile::flaky, "flaky", "the connection breaks every half minute or so"},
    {Profile::commuter, "commuter", "two rush hours in a day of four minutes"},
}};

[[nodiscard]] constexpr std::string_view name(Profile profile) noexcept {
    return profiles[static_cast<std::size_t>(profile)].name;
}

[[nodiscard]] constexpr std::optional<Profile> profile_from(std::string_view text) noexcept {
    for (const auto& row : profiles) {
        if (row.name == text) return row.profile;
    }
    return std::nullopt;
}

}  // namespace holdfast::simulate
