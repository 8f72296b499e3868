#include "admin/json_slices.h"

namespace holdfast::admin {
namespace {

void skip_space(std::string_view& text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    text.remove_prefix(first == std::string_view::npos ? text.size() : first);
}

/// How long the string is that `text` begins with, quotes included.
std::size_t string_length(std::string_view text) noexcept {
    std::size_t i = 1;
    while (i < text.size() && text[i] != '"')
        i += text[i] == '\\' ? std::size_t{2} : std::size_t{1};
    return i < text.size() ? i + 1 : text.size();
}

/// How long the value is that `text` begins with.
std::size_t value_length(std::string_view text) noexcept {
    std::size_t depth = 0;
    std::size_t i = 0;
    while (i < text.size()) {
        const char c = text[i];
        if (c == '"') {
            i += string_length(text.substr(i));
            if (depth == 0) return i;
            continue;
        }
        if (c == '{' || c == '[') ++depth;
        if (c == '}' || c == ']') {
            if (depth == 0) return i;
            if (--depth == 0) return i + 1;
        }
        if (depth == 0 && (c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n')) return i;
        ++i;
    }
    return i;
}

std::string_view take_value(std::string_view& text) noexcept {
    skip_space(text);
    const std::string_view value = text.substr(0, value_length(text));
    text.remove_prefix(value.size());
    skip_space(text);
    return value;
}

}  // namespace

std::optional<std::string_view> member_text(std::string_view json, std::string_view name) noexcept {
    skip_space(json);
    if (json.empty() || json.front() != '{') return std::nullopt;
    json.remove_prefix(1);
    std::optional<std::string_view> found;
    while (true) {
        skip_space(json);
        if (json.empty() || json.front() != '"') return found;
        const std::string_view key = take_value(json);
        if (json.empty()) return found;
        json.remove_prefix(1);  // the colon
        const std::string_view value = take_value(json);
        if (key.substr(1, key.size() - 2) == name) found = value;
        if (json.empty() || json.front() != ',') return found;
        json.remove_prefix(1);
    }
}

std::vector<std::string_view> element_texts(std::string_view json, std::size_t limit) {
    std::vector<std::string_view> elements;
    skip_space(json);
    if (json.empty() || json.front() != '[') return elements;
    json.remove_prefix(1);
    while (elements.size() <= limit) {
        const std::string_view value = take_value(json);
        if (value.empty()) break;
        elements.push_back(value);
        if (json.empty() || json.front() != ',') break;
        json.remove_prefix(1);
    }
    return elements;
}

}  // namespace holdfast::admin
