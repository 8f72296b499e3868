#include "resp/glob.h"

#include <cstddef>
#include <optional>
#include <utility>

namespace holdfast::resp {
namespace {

unsigned char code(char c) noexcept {
    return static_cast<unsigned char>(c);
}

/// A class from behind its '[': whether `c` is in it; `position` moves behind it.
bool class_matches(std::string_view pattern, std::size_t& position, char c) noexcept {
    const bool inverted = position < pattern.size() && pattern[position] == '^';
    if (inverted) ++position;
    bool found = false;
    while (position < pattern.size() && pattern[position] != ']') {
        if (pattern[position] == '\\' && position + 1 < pattern.size()) {
            found |= pattern[position + 1] == c;
            position += 2;
        } else if (position + 2 < pattern.size() && pattern[position + 1] == '-') {
            auto low = code(pattern[position]);
            auto high = code(pattern[position + 2]);
            if (low > high) std::swap(low, high);
            found |= low <= code(c) && code(c) <= high;
            position += 3;
        } else {
            found |= pattern[position] == c;
            ++position;
        }
    }
    if (position < pattern.size()) ++position;
    return found != inverted;
}

/// Whether the pattern's next element, which is no '*', takes `c`; `position` moves behind it.
bool element_matches(std::string_view pattern, std::size_t& position, char c) noexcept {
    const char kind = pattern[position++];
    if (kind == '?') return true;
    if (kind == '[') return class_matches(pattern, position, c);
    if (kind == '\\' && position < pattern.size()) return pattern[position++] == c;
    return kind == c;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
    std::size_t in_pattern = 0;
    std::size_t in_text = 0;
    // Behind the last '*', and what of the text it left: the place to go on from when the rest does not fit.
    std::optional<std::pair<std::size_t, std::size_t>> retry;
    while (in_text < text.size()) {
        if (in_pattern < pattern.size() && pattern[in_pattern] == '*') {
            retry = {++in_pattern, in_text};
            continue;
        }
        if (in_pattern < pattern.size() && element_matches(pattern, in_pattern, text[in_text])) {
            ++in_text;
            continue;
        }
        if (!retry) return false;
        in_pattern = retry->first;
        in_text = ++retry->second;
    }
    while (in_pattern < pattern.size() && pattern[in_pattern] == '*')
        ++in_pattern;
    return in_pattern == pattern.size();
}

}  // namespace holdfast::resp
