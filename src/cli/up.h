#pragma once
// `holdfast up`: everything in one process, until it is told to end.

#include <string>
#include <vector>

namespace holdfast::cli {

struct UpOptions {
    /// The settings file; empty: none.
    std::string config;
    /// "section.name=value", as given to --set.
    std::vector<std::string> sets;
    /// Overrides paths.data_dir; empty: does not.
    std::string data_dir;
    /// Two local clusters and a simulated fleet, without a settings file.
    bool demo = false;
};

/// Runs until SIGINT or SIGTERM; SIGHUP reads the settings again. Returns the program's exit code.
[[nodiscard]] int run_up(const UpOptions& options);

}  // namespace holdfast::cli
