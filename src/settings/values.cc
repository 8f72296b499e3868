#include "settings/values.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

namespace holdfast::settings {
namespace {

std::string_view errc_name(std::uint16_t code) {
    switch (static_cast<SettingsErrc>(code)) {
        case SettingsErrc::malformed_value:
            return "malformed_value";
        case SettingsErrc::out_of_bounds:
            return "out_of_bounds";
        case SettingsErrc::unreadable_file:
            return "unreadable_file";
    }
    return "unknown";
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes "12" or "1.5" from the front of `text`.
std::optional<long double> take_number(std::string_view& text) {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits]))
        ++digits;
    std::size_t end = digits;
    if (digits > 0 && end < text.size() && text[end] == '.') {
        std::size_t fraction = end + 1;
        while (fraction < text.size() && is_digit(text[fraction]))
            ++fraction;
        if (fraction > end + 1) end = fraction;
    }
    if (digits == 0) return std::nullopt;
    long double number = 0;
    const auto [rest, errc] = std::from_chars(text.data(), text.data() + end, number, std::chars_format::fixed);
    if (errc != std::errc{} || rest != text.data() + end) return std::nullopt;
    text.remove_prefix(end);
    return number;
}

std::string_view take_letters(std::string_view& text) {
    std::size_t end = 0;
    while (end < text.size() && ((text[end] >= 'a' && text[end] <= 'z') || (text[end] >= 'A' && text[end] <= 'Z')))
        ++end;
    const std::string_view letters = text.substr(0, end);
    text.remove_prefix(end);
    return letters;
}

struct Unit {
    std::string_view name;
    std::int64_t factor;
};

constexpr std::array duration_units{
    Unit{"d", 86'400'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},
    Unit{"us", 1'000},
    Unit{"ns", 1},
};

constexpr std::array size_units{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"KiB", 1LL << 10},
    Unit{"MiB", 1LL << 20},
    Unit{"GiB", 1LL << 30},
    Unit{"TiB", 1LL << 40},
    Unit{"kB", 1'000},
    Unit{"KB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"TB", 1'000'000'000'000},
};

std::optional<std::int64_t> factor_of(std::span<const Unit> units, std::string_view name) {
    for (const Unit& unit : units) {
        if (unit.name == name) return unit.factor;
    }
    return std::nullopt;
}

/// Whole and as large as an int64 can be; nothing otherwise.
std::optional<std::int64_t> whole(long double value) {
    const long double rounded = std::round(value);
    if (!(rounded >= 0) || rounded > static_cast<long double>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
    return static_cast<std::int64_t>(rounded);
}

/// `value / factor` with as many decimals as it needs, at most `decimals`.
std::string decimal(std::int64_t value, std::int64_t factor, int decimals) {
    std::string text = fmt::format("{}", value / factor);
    std::int64_t rest = value % factor;
    if (rest == 0) return text;
    text += '.';
    for (int i = 0; i < decimals && rest != 0; ++i) {
        rest *= 10;
        text += static_cast<char>('0' + rest / factor);
        rest %= factor;
    }
    return text;
}

}  // namespace

const ErrorCategory& error_category(SettingsErrc) noexcept {
    static constexpr ErrorCategory category("settings", errc_name);
    return category;
}

std::string_view kind_name(Kind kind) noexcept {
    switch (kind) {
        case Kind::boolean:
            return "true or false";
        case Kind::integer:
            return "whole number";
        case Kind::number:
            return "number";
        case Kind::duration:
            return "duration";
        case Kind::size:
            return "size";
        case Kind::string:
            return "text";
        case Kind::choice:
            return "choice";
        case Kind::address:
            return "address";
        case Kind::choice_list:
            return "list of choices";
        case Kind::address_list:
            return "list of addresses";
    }
    return "unknown";
}

Result<Duration> parse_duration(std::string_view text) {
    const std::string_view all = text;
    if (all == "0") return Duration::zero();
    long double total = 0;
    do {
        const auto number = take_number(text);
        const auto factor = number ? factor_of(duration_units, take_letters(text)) : std::nullopt;
        if (!factor)
            return fail(SettingsErrc::malformed_value,
                        fmt::format("\"{}\" is not a duration such as \"1.5s\" or \"200ms\"", all));
        total += *number * static_cast<long double>(*factor);
    } while (!text.empty());
    const auto nanoseconds = whole(total);
    if (!nanoseconds) return fail(SettingsErrc::out_of_bounds, fmt::format("\"{}\" is too long a time", all));
    return Duration(*nanoseconds);
}

Result<ByteSize> parse_size(std::string_view text) {
    const std::string_view all = text;
    const auto number = take_number(text);
    const auto factor = number ? factor_of(size_units, take_letters(text)) : std::nullopt;
    if (!factor || !text.empty()) {
        return fail(SettingsErrc::malformed_value, fmt::format("\"{}\" is not a size such as \"64KiB\" or \"4096\"", all));
    }
    const auto bytes = whole(*number * static_cast<long double>(*factor));
    if (!bytes) return fail(SettingsErrc::out_of_bounds, fmt::format("\"{}\" is too large a size", all));
    return ByteSize{static_cast<std::uint64_t>(*bytes)};
}

Result<Address> parse_address(std::string_view text) {
    const auto malformed = [&] {
        return fail(SettingsErrc::malformed_value,
                    fmt::format("\"{}\" is not an address such as \"127.0.0.1:1883\" or \"[::1]:1883\"", text));
    };
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return malformed();
    std::string_view host = text.substr(0, colon);
    const std::string_view port_text = text.substr(colon + 1);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        if (host.find(':') == std::string_view::npos) return malformed();
    } else if (host.find(':') != std::string_view::npos) {
        return malformed();
    }
    if (host.empty() || host.size() > 255) return malformed();
    for (const char c : host) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !is_digit(c) && c != '.' && c != '-' && c != '_' && c != ':' && c != '%') return malformed();
    }
    std::uint16_t port = 0;
    const auto [rest, errc] = std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (port_text.empty() || errc != std::errc{} || rest != port_text.data() + port_text.size()) return malformed();
    return Address{std::string(host), port};
}

std::string format_duration(Duration value) {
    const std::int64_t ns = value.count();
    constexpr std::int64_t us = 1'000, ms = 1'000'000, s = 1'000'000'000, m = 60 * s, h = 60 * m;
    if (ns == 0) return "0s";
    if (ns % h == 0) return fmt::format("{}h", ns / h);
    if (ns % m == 0) return fmt::format("{}m", ns / m);
    if (ns % ms == 0) return ns >= s ? decimal(ns, s, 3) + "s" : fmt::format("{}ms", ns / ms);
    if (ns % us == 0) return ns >= ms ? decimal(ns, ms, 3) + "ms" : fmt::format("{}us", ns / us);
    return fmt::format("{}ns", ns);
}

std::string format_size(ByteSize value) {
    constexpr std::array units{Unit{"TiB", 1LL << 40}, Unit{"GiB", 1LL << 30}, Unit{"MiB", 1LL << 20}, Unit{"KiB", 1LL << 10}};
    for (const Unit& unit : units) {
        const auto factor = static_cast<std::uint64_t>(unit.factor);
        if (value.bytes >= factor && value.bytes % factor == 0) return fmt::format("{}{}", value.bytes / factor, unit.name);
    }
    return fmt::format("{}", value.bytes);
}

std::string format_address(const Address& value) {
    if (value.host.find(':') != std::string::npos) return fmt::format("[{}]:{}", value.host, value.port);
    return fmt::format("{}:{}", value.host, value.port);
}

}  // namespace holdfast::settings
