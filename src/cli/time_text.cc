#include "cli/time_text.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <ctime>

#include "admin/rfc3339.h"

namespace holdfast::cli {
namespace {

/// The length of "2026-12-01T08:00" and of "2026-12-01T08:00:00".
constexpr std::size_t to_minutes = 16;
constexpr std::size_t to_seconds = 19;

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept {
    return admin::parse_rfc3339(text);
}

std::string format_rfc3339(WallTime wall) {
    return admin::rfc3339(wall);
}

std::optional<WallTime> parse_moment(std::string_view text) {
    std::string whole(text);
    if (whole.size() < to_minutes) return std::nullopt;
    if (whole[10] == ' ') whole[10] = 'T';
    if (whole.size() == to_minutes || whole[to_minutes] != ':') whole.insert(to_minutes, ":00");
    if (const auto moment = admin::parse_rfc3339(whole)) return moment;
    // Without a zone: as if it were UTC, then the machine's own idea of when that is here.
    const auto as_utc = admin::parse_rfc3339(whole + "Z");
    if (!as_utc || whole.size() < to_seconds) return std::nullopt;
    const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(*as_utc).time_since_epoch().count();
    std::tm parts{};
    if (::gmtime_r(&seconds, &parts) == nullptr) return std::nullopt;
    parts.tm_isdst = -1;
    const std::time_t local = std::mktime(&parts);
    if (local == -1) return std::nullopt;
    return WallTime(std::chrono::seconds(local)) + (*as_utc - std::chrono::floor<std::chrono::seconds>(*as_utc));
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
