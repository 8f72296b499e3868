#include "sentinel/hello.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace holdfast::sentinel {

namespace {

constexpr std::size_t longest_hello = 1024;
constexpr std::size_t run_id_size = 40;

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

/// Goes into files, events and commands: visible characters only.
bool is_plain(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char letter) { return letter > ' ' && letter != '\x7f' && letter != '"'; });
}

}  // namespace

std::optional<Hello> parse_hello(std::string_view text) {
    if (text.size() > longest_hello) return std::nullopt;
    std::array<std::string_view, 8> fields;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::size_t comma = text.find(',');
        if ((comma == std::string_view::npos) != (i + 1 == fields.size())) return std::nullopt;
        fields[i] = text.substr(0, comma);
        if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
    }
    Hello hello;
    if (!read_number(fields[1], hello.sender.port) || !read_number(fields[3], hello.current_epoch) ||
        !read_number(fields[6], hello.master.port) || !read_number(fields[7], hello.config_epoch))
        return std::nullopt;
    if (!is_plain(fields[0]) || fields[2].size() != run_id_size || !is_plain(fields[2]) || !is_plain(fields[4]) ||
        !is_plain(fields[5]))
        return std::nullopt;
    hello.sender.host = fields[0];
    hello.run_id = fields[2];
    hello.group = fields[4];
    hello.master.host = fields[5];
    return hello;
}

std::string format_hello(const Hello& hello) {
    return fmt::format("{},{},{},{},{},{},{},{}", hello.sender.host, hello.sender.port, hello.run_id, hello.current_epoch,
                       hello.group, hello.master.host, hello.master.port, hello.config_epoch);
}

}  // namespace holdfast::sentinel
