#pragma once
// A stranger's text inside a sentence: clipped, and without control characters.

#include <string>
#include <string_view>

namespace holdfast::settings {

/// At most about sixty characters; control characters as \xNN, and "..." where it was cut.
[[nodiscard]] std::string clipped(std::string_view text);
/// The same in double quotes.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace holdfast::settings
