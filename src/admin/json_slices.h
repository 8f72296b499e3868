#pragma once
// Pieces of a JSON text as they were written, so that what is handed on stays as it came: the order of members, 1.0 and 1e3.

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace holdfast::admin {

/// The value of a member of the object that `json` is. `json` must be well formed. Of repeated members the last; a name that is
/// written with escapes is not found.
[[nodiscard]] std::optional<std::string_view> member_text(std::string_view json, std::string_view name) noexcept;

/// The elements of the array that `json` is, at most `limit` + 1 of them. `json` must be well formed.
[[nodiscard]] std::vector<std::string_view> element_texts(std::string_view json, std::size_t limit);

}  // namespace holdfast::admin
