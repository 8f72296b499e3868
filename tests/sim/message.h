#pragma once
// What devices and nodes send each other: a number that tells its place on the connection, and bytes to fill.

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast::sim {

[[nodiscard]] inline std::string make_message(std::uint64_t number, std::size_t filling) {
    return std::to_string(number) + ":" + std::string(filling, static_cast<char>('a' + number % 26));
}

/// 0 when it is no message.
[[nodiscard]] inline std::uint64_t message_number(std::string_view payload) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(payload.data(), payload.data() + payload.size(), number);
    if (error != std::errc{} || end == payload.data() + payload.size() || *end != ':') return 0;
    for (const char* at = end + 1; at != payload.data() + payload.size(); ++at) {
        if (*at != static_cast<char>('a' + number % 26)) return 0;
    }
    return number;
}

}  // namespace holdfast::sim
