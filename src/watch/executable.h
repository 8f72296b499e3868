#pragma once
// Whether a script can be run.

#include <string_view>

namespace holdfast::watch {

/// A regular file that this user may execute.
[[nodiscard]] bool is_executable_file(std::string_view path);

}  // namespace holdfast::watch
