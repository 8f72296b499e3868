#include "sentinel/ip_literal.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace holdfast::sentinel {
namespace {

constexpr std::size_t groups_of_ipv6 = 8;
using Ipv6 = std::array<std::uint16_t, groups_of_ipv6>;

/// At most `max_digits` digits of `base` and nothing else.
std::optional<unsigned> number(std::string_view text, int base, std::size_t max_digits) {
    if (text.empty() || text.size() > max_digits) return std::nullopt;
    unsigned value = 0;
    const char* const last = text.data() + text.size();
    const auto [end, error] = std::from_chars(text.data(), last, value, base);
    if (error != std::errc{} || end != last) return std::nullopt;
    return value;
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
    std::uint32_t value = 0;
    for (int part = 0; part < 4; ++part) {
        const std::size_t dot = part < 3 ? text.find('.') : text.size();
        if (dot == std::string_view::npos) return std::nullopt;
        const auto byte = number(text.substr(0, dot), 10, 3);
        if (!byte || *byte > 255) return std::nullopt;
        value = value << 8U | *byte;
        text.remove_prefix(part < 3 ? dot + 1 : dot);
    }
    return value;
}

struct HalfOfIpv6 {
    Ipv6 groups = {};
    std::size_t count = 0;
};

/// Groups between single colons; the last may be an IPv4 address. Empty text is no groups.
std::optional<HalfOfIpv6> parse_half(std::string_view text, bool may_end_in_ipv4) {
    HalfOfIpv6 half;
    while (!text.empty()) {
        const std::size_t colon = text.find(':');
        const std::string_view part = text.substr(0, colon);
        if (colon == std::string_view::npos && may_end_in_ipv4 && part.contains('.')) {
            const auto ipv4 = parse_ipv4(part);
            if (!ipv4 || half.count + 2 > groups_of_ipv6) return std::nullopt;
            half.groups[half.count++] = static_cast<std::uint16_t>(*ipv4 >> 16U);
            half.groups[half.count++] = static_cast<std::uint16_t>(*ipv4 & 0xffffU);
            return half;
        }
        const auto group = number(part, 16, 4);
        if (!group || half.count == groups_of_ipv6) return std::nullopt;
        half.groups[half.count++] = static_cast<std::uint16_t>(*group);
        if (colon == std::string_view::npos) return half;
        text.remove_prefix(colon + 1);
        if (text.empty()) return std::nullopt;
    }
    return half;
}

std::optional<Ipv6> parse_ipv6(std::string_view text) {
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) {
        const auto all = parse_half(text, true);
        if (!all || all->count != groups_of_ipv6) return std::nullopt;
        return all->groups;
    }
    const auto front = parse_half(text.substr(0, gap), false);
    const auto back = parse_half(text.substr(gap + 2), true);
    if (!front || !back || front->count + back->count >= groups_of_ipv6) return std::nullopt;
    Ipv6 address = front->groups;
    for (std::size_t i = 0; i < back->count; ++i)
        address[groups_of_ipv6 - back->count + i] = back->groups[i];
    return address;
}

struct Run {
    std::size_t begin = groups_of_ipv6;
    std::size_t length = 0;
};

Run longest_run_of_zeros(const Ipv6& address) {
    Run best;
    Run now;
    for (std::size_t i = 0; i < groups_of_ipv6; ++i) {
        now = address[i] != 0 ? Run{} : Run{.begin = now.length == 0 ? i : now.begin, .length = now.length + 1};
        if (now.length > best.length) best = now;
    }
    return best.length >= 2 ? best : Run{};
}

std::string format_ipv4(std::uint32_t value) {
    return fmt::format("{}.{}.{}.{}", value >> 24U, value >> 16U & 0xffU, value >> 8U & 0xffU, value & 0xffU);
}

std::string format_ipv6(const Ipv6& address) {
    const Run gap = longest_run_of_zeros(address);
    const std::uint32_t tail = std::uint32_t{address[6]} << 16U | address[7];
    const bool mapped = gap.begin == 0 && ((gap.length == 5 && address[5] == 0xffff) || gap.length == 6);
    std::string out;
    for (std::size_t i = 0; i < groups_of_ipv6; ++i) {
        if (i == gap.begin) {
            out += "::";
            i += gap.length - 1;
            continue;
        }
        if (!out.empty() && !out.ends_with(':')) out += ':';
        if (mapped && i == 6) return out + format_ipv4(tail);
        fmt::format_to(std::back_inserter(out), "{:x}", address[i]);
    }
    return out;
}

}  // namespace

std::optional<std::string> canonical_ip(std::string_view text) {
    if (const auto ipv4 = parse_ipv4(text)) return format_ipv4(*ipv4);
    if (const auto ipv6 = parse_ipv6(text)) return format_ipv6(*ipv6);
    return std::nullopt;
}

}  // namespace holdfast::sentinel
