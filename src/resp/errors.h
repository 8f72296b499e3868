#pragma once
// What can be wrong with bytes of the Redis protocol, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::resp {

enum class RespErrc : std::uint16_t {
    protocol_error = 1,  ///< bytes that are no request; the sentence is the one that Redis answers, without "ERR "
    too_large,           ///< a request of more bytes than are kept for one
};

const ErrorCategory& error_category(RespErrc code) noexcept;

}  // namespace holdfast::resp
