#pragma once
// Words as sentinel.conf has them: putting them in quotes, and reading numbers. For splitting a line see resp/quoted_words.h.

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sentinel {

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
