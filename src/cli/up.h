#pragma once
// `holdfast up`: everything in one process, until it is told to end.

#include "cli/run_options.h"

namespace holdfast::cli {

struct UpOptions : RunOptions {
    /// Two local clusters and a simulated fleet, without a settings file.
    bool demo = false;
};

/// Runs until SIGINT or SIGTERM; SIGHUP reads the settings again. Returns the program's exit code.
[[nodiscard]] int run_up(const UpOptions& options);

}  // namespace holdfast::cli
