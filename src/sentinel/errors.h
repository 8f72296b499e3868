#pragma once
// What a sentinel can refuse to do, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::sentinel {

enum class SentinelErrc : std::uint16_t {
    unknown_group = 1,  ///< no master of that name
    duplicate_group,    ///< a master of that name is watched already
    bad_argument,       ///< a value that cannot be
    bad_message,        ///< text of another that is not what it should be
    failover_running,   ///< INPROG
    no_good_replica,    ///< NOGOODSLAVE
    bad_file,           ///< a sentinel.conf with an error; the sentence names the line
    no_majority,        ///< too few sentinels are within reach
};

const ErrorCategory& error_category(SentinelErrc code) noexcept;

}  // namespace holdfast::sentinel
