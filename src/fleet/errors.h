#pragma once
// The expected errors of the fleet model: what an operator can ask for in vain. The sentence in the Error says with what.

#include <cstdint>

#include "base/result.h"

namespace holdfast::fleet {

enum class FleetErrc : std::uint16_t {
    unknown_cluster = 1,  ///< no cluster has that name
    unknown_node,         ///< no node has that name
    unknown_device,       ///< no device has that id
    unknown_job,          ///< no job has that number, or it ended long ago
    already_exists,       ///< the name or id is taken
    invalid,              ///< a value outside its bounds or not well formed
    conflict,             ///< right in itself, but not in the present state (the sentence says what to do first)
    full,                 ///< a bound is reached
};

[[nodiscard]] const ErrorCategory& error_category(FleetErrc) noexcept;

}  // namespace holdfast::fleet
