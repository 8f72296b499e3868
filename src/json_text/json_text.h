#pragma once
// JSON as text, without a tree: is it JSON, and how does a text stand in a JSON string. What devices send and what programs ask
// for is looked at this way.

#include <cstddef>
#include <string>
#include <string_view>

namespace holdfast::json_text {

/// How deep arrays and objects may stand in each other in what is sent and read.
constexpr std::size_t max_json_depth = 32;

/// True for exactly one JSON value, in UTF-8, with space around it. Does not allocate.
[[nodiscard]] bool is_json(std::string_view text) noexcept;

/// Appends `text` (UTF-8) as it stands between the quotes of a JSON string.
void append_json_escaped(std::string& out, std::string_view text);

}  // namespace holdfast::json_text
