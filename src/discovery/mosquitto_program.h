#pragma once
// Where the mosquitto program is on this machine.

#include <string>

#include "base/result.h"
#include "discovery/local_error.h"

namespace holdfast::discovery {

/// `configured` when it is not empty (a path, or a name to look for), else "mosquitto"; names are looked for in PATH, then
/// where Debian and others put it. The error `no_mosquitto` says how to install it.
[[nodiscard]] Result<std::string> find_mosquitto(const std::string& configured);

}  // namespace holdfast::discovery
