#pragma once
// Words of commands, which mean the same in upper and lower case.

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace holdfast::watch {

[[nodiscard]] inline std::string lower_word(std::string_view word) {
    std::string out(word);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// `lower` is written in lower case.
[[nodiscard]] inline bool is_word(std::string_view word, std::string_view lower) {
    return word.size() == lower.size() && std::ranges::equal(word, lower, [](unsigned char a, unsigned char b) {
               return static_cast<unsigned char>(std::tolower(a)) == b;
           });
}

/// A whole decimal number.
template <class Number>
[[nodiscard]] std::optional<Number> number_word(std::string_view word) {
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

}  // namespace holdfast::watch
