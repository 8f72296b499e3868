#pragma once
// What keeps `holdfast up` from starting, beyond its modules' own errors.

#include "base/result.h"

namespace holdfast::cli {

enum class UpErrc : std::uint16_t {
    data_dir = 1,  ///< the data directory cannot be made or used
};
[[nodiscard]] const ErrorCategory& error_category(UpErrc) noexcept;

}  // namespace holdfast::cli
