#pragma once
// Patterns as Redis has them: for channels, for parameters, for names of groups.

#include <string_view>

namespace holdfast::resp {

/// '*' any run, '?' any one byte, "[abc]", "[^a]", "[a-z]" one of a class, '\' the next byte as it is. An open class ends with
/// the pattern. Takes at most pattern x text steps.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace holdfast::resp
