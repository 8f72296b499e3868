#include "cli/time_text.h"

#include <fmt/format.h>

#include <charconv>

namespace holdfast::cli {
namespace {

/// Reads exactly `digits` digits at `at` and the separator after them (0: none).
std::optional<int> number_at(std::string_view text, std::size_t at, std::size_t digits, char separator) noexcept {
    if (text.size() < at + digits) return std::nullopt;
    int value = 0;
    const char* const end = text.data() + at + digits;
    const auto read = std::from_chars(text.data() + at, end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
    if (separator != 0 && (text.size() <= at + digits || text[at + digits] != separator)) return std::nullopt;
    return value;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept {
    const auto year = number_at(text, 0, 4, '-');
    const auto month = number_at(text, 5, 2, '-');
    const auto day = number_at(text, 8, 2, 'T');
    const auto hour = number_at(text, 11, 2, ':');
    const auto minute = number_at(text, 14, 2, ':');
    const auto second = number_at(text, 17, 2, 0);
    if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
    int milliseconds = 0;
    std::string_view rest = text.substr(19);
    if (!rest.empty() && rest.front() == '.') {
        const auto fraction = number_at(text, 20, 3, 0);
        if (!fraction) return std::nullopt;
        milliseconds = *fraction;
        rest = text.substr(23);
    }
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (rest != "Z" || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + std::chrono::milliseconds(milliseconds);
}

std::string in_words(std::chrono::milliseconds length) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(length).count();
    if (seconds < 60) return fmt::format("{} s", seconds < 0 ? 0 : seconds);
    if (seconds < 3600) return fmt::format("{} min", seconds / 60);
    if (seconds < 48 * 3600) return fmt::format("{} h", seconds / 3600);
    return fmt::format("{} d", seconds / 86400);
}

std::string since_words(std::string_view text, WallTime now) {
    const auto moment = parse_rfc3339(text);
    return moment ? "since " + in_words(now - *moment) : "-";
}

std::string ago_words(std::string_view text, WallTime now) {
    const auto moment = parse_rfc3339(text);
    return moment ? in_words(now - *moment) + " ago" : "-";
}

std::optional<std::chrono::milliseconds> parse_span(std::string_view text) noexcept {
    if (text.size() < 2 || text.size() > 9) return std::nullopt;
    std::int64_t value = 0;
    const char* const end = text.data() + text.size() - 1;
    const auto read = std::from_chars(text.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end || value < 0) return std::nullopt;
    switch (text.back()) {
        case 's':
            return std::chrono::seconds(value);
        case 'm':
            return std::chrono::minutes(value);
        case 'h':
            return std::chrono::hours(value);
        case 'd':
            return std::chrono::hours(24 * value);
        default:
            return std::nullopt;
    }
}

}  // namespace holdfast::cli
