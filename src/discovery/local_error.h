#pragma once
// What keeps a local cluster from starting, as codes.

#include <cstdint>

#include "base/result.h"

namespace holdfast::discovery {

enum class LocalErrc : std::uint16_t {
    no_mosquitto = 1,  ///< the program is not there
    no_directory,      ///< a node's directory or a file in it cannot be used
    in_use,            ///< another Holdfast runs with this data directory
    no_port,           ///< no port can be had for a node
    no_process,        ///< the system gives no process
};

const ErrorCategory& error_category(LocalErrc code) noexcept;

}  // namespace holdfast::discovery
