#pragma once
// "Did you mean ...?" for names that do not exist.

#include <span>
#include <string>
#include <string_view>

namespace holdfast::fleet {

/// `; did you mean "west"?` when one of `names` is close to `wrong`, else nothing.
[[nodiscard]] std::string suggestion(std::string_view wrong, std::span<const std::string_view> names);

}  // namespace holdfast::fleet
