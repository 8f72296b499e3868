#pragma once
// `holdfast center`: a command centre and its faces as a process of their own, beside the one that has the fleet.

#include "cli/run_options.h"

namespace holdfast::cli {

/// Runs until SIGINT or SIGTERM; SIGHUP reads the settings again. Returns the program's exit code.
[[nodiscard]] int run_center(const RunOptions& options);

}  // namespace holdfast::cli
