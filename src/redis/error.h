#pragma once
// What can go wrong on the way to a server of the Redis protocol, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::redis {

enum class RedisErrc : std::uint16_t {
    bad_reply = 1,  ///< bytes that are no reply, or one that is too large
    bad_tls,        ///< certificates, keys or other settings of TLS that cannot be used
    no_answer,      ///< a server that cannot be reached, does not answer in time, or answers with an error
};

const ErrorCategory& error_category(RedisErrc code) noexcept;

}  // namespace holdfast::redis
