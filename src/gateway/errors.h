#pragma once
// The gateway's expected errors.

#include <string>

#include "base/result.h"

namespace holdfast::gateway {

enum class Errc : std::uint16_t {
    /// A listening address cannot be used: taken, not ours, or not permitted.
    cannot_listen = 1,
    /// The kernel refused a descriptor, a thread or memory that the gateway cannot start without.
    no_resources,
};
[[nodiscard]] const ErrorCategory& error_category(Errc code) noexcept;

/// The system's own words for an errno value. Threads: any.
[[nodiscard]] std::string system_message(int error);

}  // namespace holdfast::gateway
