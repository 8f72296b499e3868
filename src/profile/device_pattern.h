#pragma once
// Patterns over device ids: `*` stands for any text, `?` for one byte, everything else for itself.

#include <string_view>

namespace holdfast::profile {

/// Time grows with the product of the lengths at worst; no allocation.
[[nodiscard]] bool fits_pattern(std::string_view pattern, std::string_view id) noexcept;

}  // namespace holdfast::profile
