#pragma once
// The expected errors of tokens.

#include <cstdint>

#include "base/result.h"

namespace holdfast::access {

enum class AccessErrc : std::uint16_t {
    cannot_read,         ///< the token file is there and cannot be read
    cannot_write,        ///< the token file cannot be written
    malformed,           ///< a line of the token file is not one, or a name is not one
    readable_by_others,  ///< others than its owner may read or write the token file
    exists,              ///< there is a token of that name
    not_found,           ///< there is none of that name
    full,                ///< as many tokens as may be
};
const ErrorCategory& error_category(AccessErrc) noexcept;

}  // namespace holdfast::access
