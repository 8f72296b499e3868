#pragma once
// `holdfast channel`: channels as a process of their own, beside centres and the process that has the fleet.

#include <string>
#include <vector>

#include "cli/run_options.h"

namespace holdfast::cli {

struct ChannelRunOptions : RunOptions {
    /// Clusters to serve; empty: all.
    std::vector<std::string> clusters;
};

/// Runs until SIGINT or SIGTERM. Returns the program's exit code.
[[nodiscard]] int run_channel(const ChannelRunOptions& options);

}  // namespace holdfast::cli
