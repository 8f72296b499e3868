#pragma once
// This program's version.

#include <string_view>

namespace holdfast::cli {

inline constexpr std::string_view version = HOLDFAST_VERSION;

}  // namespace holdfast::cli
