#pragma once
// Moments as the API writes and reads them (RFC 3339).

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace holdfast::admin {

/// Appends "2026-11-21T22:14:08.123Z". Cheap: answers about commands are full of them.
void append_rfc3339(std::string& out, WallTime wall);
/// "2026-11-21T22:14:08.123Z"
[[nodiscard]] std::string rfc3339(WallTime wall);

/// Reads "2026-11-21T22:14:08.123Z"; the fraction may be missing and have up to nine digits, and the zone may be "+01:00".
[[nodiscard]] std::optional<WallTime> parse_rfc3339(std::string_view text) noexcept;

}  // namespace holdfast::admin
