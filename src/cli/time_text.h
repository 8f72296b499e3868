#pragma once
// Times as the API writes them (RFC 3339, UTC, milliseconds) and as people say them.

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace holdfast::cli {

/// Reads "2026-11-21T22:14:08.123Z".
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept;

/// Writes it.
[[nodiscard]] std::string format_rfc3339(WallTime wall);
/// Reads a time as people give it: "2026-12-01T08:00", "2026-12-01 08:00:30", in local time unless a zone follows ("Z",
/// "+01:00").
[[nodiscard]] std::optional<WallTime> parse_moment(std::string_view text);

/// "3 s", "3 min", "2 h", "5 d": the largest unit that fits, rounded down.
[[nodiscard]] std::string in_words(std::chrono::milliseconds length);

/// "since 3 min" of a moment in the past; "-" when `text` is empty or not a time.
[[nodiscard]] std::string since_words(std::string_view text, WallTime now);
/// "3 min ago"; "-" when `text` is empty or not a time.
[[nodiscard]] std::string ago_words(std::string_view text, WallTime now);

/// How far back, as people give it to --since: "90s", "5m", "2h", "1d".
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_span(std::string_view text) noexcept;

}  // namespace holdfast::cli
