#pragma once
// Words of a line as Redis' files and inline commands have them, in quotes or not.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sentinel {

/// One line in words: "..." with \n \r \t \b \a \xHH and \other, '...' with \'. Nothing when quotes are not balanced, or
/// something stands right behind a closing one.
[[nodiscard]] std::optional<std::vector<std::string>> split_config_line(std::string_view line);

/// The word in double quotes, what cannot be printed escaped.
[[nodiscard]] std::string quoted_config_word(std::string_view word);
/// The same where it would not be one word otherwise; else as it is.
[[nodiscard]] std::string config_word(std::string_view word);

/// The integer that the text begins with, as C's atoi reads it, but bounded: 0 when there is none.
[[nodiscard]] long long leading_integer(std::string_view text) noexcept;
/// The text is one decimal integer and nothing else (no blanks, no '+').
[[nodiscard]] std::optional<long long> whole_integer(std::string_view text) noexcept;

/// A to Z become a to z; nothing else changes.
[[nodiscard]] std::string lower_case(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

}  // namespace holdfast::sentinel
