#pragma once
// What keeps a process of Holdfast from starting, beyond its modules' own errors.

#include "base/result.h"

namespace holdfast::cli {

enum class UpErrc : std::uint16_t {
    data_dir = 1,      ///< the data directory cannot be made or used
    queue_not_shared,  ///< the settings' queue is one process' own
};
[[nodiscard]] const ErrorCategory& error_category(UpErrc) noexcept;

}  // namespace holdfast::cli
