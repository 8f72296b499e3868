#pragma once
// What a sentinel's process can fail at, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::watch {

enum class WatchErrc : std::uint16_t {
    cannot_read = 1,  ///< a file
    cannot_write,     ///< a file
    bad_rule,         ///< of an access list
    cannot_listen,    ///< on none of the given addresses
};

const ErrorCategory& error_category(WatchErrc code) noexcept;

}  // namespace holdfast::watch
