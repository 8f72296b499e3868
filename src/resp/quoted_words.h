#pragma once
// Words of a line as Redis has them in inline commands and in its files, in quotes or not.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::resp {

using Words = std::vector<std::string>;

/// The words: "..." with \n, \r, \t, \b, \a, \xHH and \ before anything else, '...' with \'. Nothing when quotes are not
/// balanced, or something stands right behind a closing one.
[[nodiscard]] std::optional<Words> split_words(std::string_view line);

}  // namespace holdfast::resp
