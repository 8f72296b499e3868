#pragma once
// "Did you mean": the known name that a mistyped one is closest to.

#include <span>
#include <string_view>

namespace holdfast::settings {

/// The closest of `names`, or empty when none is close enough to be meant. Letter case and "-" for "_" hardly count; swapped
/// neighbours count as one slip; a beginning of at least three letters counts as close.
[[nodiscard]] std::string_view nearest_name(std::string_view mistyped, std::span<const std::string_view> names);

}  // namespace holdfast::settings
