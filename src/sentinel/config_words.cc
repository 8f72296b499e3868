#include "sentinel/config_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <limits>
#include <ranges>
#include <utility>

namespace holdfast::sentinel {
namespace {

bool is_blank(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
bool is_printable(char c) {
    return c >= ' ' && c < '\x7f';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::string quoted_config_word(std::string_view word) {
    std::string out = "\"";
    for (const char c : word) {
        switch (c) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            case '\b':
                out += "\\b";
                break;
            case '\a':
                out += "\\a";
                break;
            default:
                if (is_printable(c)) {
                    out += c;
                } else {
                    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(c));
                }
        }
    }
    out += '"';
    return out;
}

std::string config_word(std::string_view word) {
    const bool plain = !word.empty() && std::ranges::all_of(word, [](char c) {
        const bool outside_ascii = static_cast<unsigned char>(c) >= 0x80;
        return c != '"' && c != '\'' && c != ' ' && (is_printable(c) || outside_ascii);
    });
    return plain ? std::string(word) : quoted_config_word(word);
}

long long leading_integer(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.front()))
        text.remove_prefix(1);
    const bool negative = text.starts_with('-');
    if (text.starts_with('+') && text.size() > 1 && text[1] != '-') text.remove_prefix(1);
    long long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc::result_out_of_range) {
        return negative ? std::numeric_limits<long long>::min() : std::numeric_limits<long long>::max();
    }
    return error == std::errc{} ? value : 0;
}

std::optional<long long> whole_integer(std::string_view text) noexcept {
    long long value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value);
    if (error != std::errc{} || end != last) return std::nullopt;
    return value;
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), lower);
    return out;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
    return std::ranges::equal(left, right, {}, lower, lower);
}

}  // namespace holdfast::sentinel
