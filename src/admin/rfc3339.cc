#include "admin/rfc3339.h"

#include <array>
#include <chrono>
#include <cstddef>

namespace holdfast::admin {
namespace {

/// Writes `value` with exactly `digits` digits.
char* put(char* to, unsigned value, std::size_t digits) noexcept {
    for (std::size_t i = digits; i > 0; --i) {
        to[i - 1] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    return to + digits;
}

/// Takes exactly `digits` digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) noexcept {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, char wanted) noexcept {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
}

/// Takes ".5" or ".123456789", if there is one, as milliseconds rounded down.
std::optional<int> take_fraction(std::string_view& text) noexcept {
    if (!take(text, '.')) return 0;
    int milliseconds = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (digits < 3) milliseconds = milliseconds * 10 + (text[digits] - '0');
        ++digits;
    }
    if (digits == 0 || digits > 9) return std::nullopt;
    for (std::size_t i = digits; i < 3; ++i)
        milliseconds *= 10;
    text.remove_prefix(digits);
    return milliseconds;
}

/// Takes "Z" or "+01:00".
std::optional<std::chrono::minutes> take_zone(std::string_view& text) noexcept {
    if (take(text, 'Z') || take(text, 'z')) return std::chrono::minutes(0);
    const bool east = take(text, '+');
    if (!east && !take(text, '-')) return std::nullopt;
    const auto hours = take_number(text, 2);
    const bool colon = take(text, ':');
    const auto minutes = take_number(text, 2);
    if (!hours || !colon || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const auto offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return east ? offset : -offset;
}

}  // namespace

void append_rfc3339(std::string& out, WallTime wall) {
    const auto day = std::chrono::floor<std::chrono::days>(wall);
    const std::chrono::year_month_day date(day);
    const auto rest = static_cast<unsigned>((wall - day).count());
    std::array<char, 24> text;
    // A year beyond four digits cannot be said in this form.
    const int year = static_cast<int>(date.year());
    char* to = put(text.data(), static_cast<unsigned>(year < 0 ? 0 : year), 4);
    *to++ = '-';
    to = put(to, static_cast<unsigned>(date.month()), 2);
    *to++ = '-';
    to = put(to, static_cast<unsigned>(date.day()), 2);
    *to++ = 'T';
    to = put(to, rest / 3'600'000, 2);
    *to++ = ':';
    to = put(to, rest / 60'000 % 60, 2);
    *to++ = ':';
    to = put(to, rest / 1000 % 60, 2);
    *to++ = '.';
    to = put(to, rest % 1000, 3);
    *to = 'Z';
    out.append(text.data(), text.size());
}

std::string rfc3339(WallTime wall) {
    std::string out;
    append_rfc3339(out, wall);
    return out;
}

std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept {
    const auto year = take_number(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_number(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_number(text, 2);
    if (!day || (!take(text, 'T') && !take(text, 't'))) return std::nullopt;
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_number(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto second = take_number(text, 2);
    const auto milliseconds = take_fraction(text);
    const auto zone = take_zone(text);
    if (!second || !milliseconds || !zone || !text.empty()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) - *zone +
           std::chrono::seconds(*second) + std::chrono::milliseconds(*milliseconds);
}

}  // namespace holdfast::admin
