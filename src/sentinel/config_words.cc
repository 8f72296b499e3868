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
bool ends_bare_word(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}
bool is_printable(char c) {
    return c >= ' ' && c < '\x7f';
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (lower(c) >= 'a' && lower(c) <= 'f') return static_cast<unsigned>(lower(c) - 'a') + 10;
    return std::nullopt;
}

char escaped(char c) {
    switch (c) {
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        case 'b':
            return '\b';
        case 'a':
            return '\a';
        default:
            return c;
    }
}

/// Reads words from the front of a line.
class WordReader {
public:
    explicit WordReader(std::string_view rest) : rest_(rest) {}

    bool at_end() {
        while (!rest_.empty() && is_blank(rest_.front()))
            rest_.remove_prefix(1);
        return rest_.empty();
    }

    /// Nothing: a quote is not closed, or not the end of the word.
    std::optional<std::string> word() {
        std::string word;
        while (!rest_.empty() && !ends_bare_word(rest_.front())) {
            const char c = take();
            if (c != '"' && c != '\'') {
                word += c;
                continue;
            }
            if (!(c == '"' ? double_quoted(word) : single_quoted(word))) return std::nullopt;
            if (!rest_.empty() && !is_blank(rest_.front())) return std::nullopt;
            return word;
        }
        return word;
    }

private:
    char take() {
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }

    bool double_quoted(std::string& word) {
        while (!rest_.empty()) {
            const char c = take();
            if (c == '"') return true;
            if (c != '\\' || rest_.empty()) {
                word += c;
                continue;
            }
            const auto high = rest_.size() >= 3 ? hex_digit(rest_[1]) : std::nullopt;
            const auto low = rest_.size() >= 3 ? hex_digit(rest_[2]) : std::nullopt;
            if (rest_.front() == 'x' && high && low) {
                word += static_cast<char>(*high * 16 + *low);
                rest_.remove_prefix(3);
            } else {
                word += escaped(take());
            }
        }
        return false;
    }

    bool single_quoted(std::string& word) {
        while (!rest_.empty()) {
            const char c = take();
            if (c == '\'') return true;
            if (c == '\\' && rest_.starts_with('\'')) {
                word += take();
            } else {
                word += c;
            }
        }
        return false;
    }

    std::string_view rest_;
};

}  // namespace

std::optional<std::vector<std::string>> split_config_line(std::string_view line) {
    std::vector<std::string> words;
    WordReader reader(line);
    while (!reader.at_end()) {
        auto word = reader.word();
        if (!word) return std::nullopt;
        words.push_back(std::move(*word));
    }
    return words;
}

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
