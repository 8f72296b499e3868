#pragma once
// The expected errors of device profiles.

#include <cstdint>

#include "base/result.h"

namespace holdfast::profile {

enum class Errc : std::uint16_t {
    bad_profile,    ///< what an operator said makes no profile; the sentence says where
    not_encodable,  ///< this command cannot be said in the profile's form
};
const ErrorCategory& error_category(Errc) noexcept;

}  // namespace holdfast::profile
