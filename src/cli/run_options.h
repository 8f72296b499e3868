#pragma once
// What the commands that run a process of Holdfast are told, and the settings that follow from it.

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "settings/load.h"

namespace holdfast::cli {

struct RunOptions {
    /// Settings file; empty: none.
    std::string config;
    /// "section.name=value", as given to --set.
    std::vector<std::string> sets;
    /// Overrides paths.data_dir; empty: does not.
    std::string data_dir;
};

/// `built_in`: settings in place of a file, where there is none; empty: none.
[[nodiscard]] std::expected<settings::Loaded, std::vector<settings::Problem>> load_settings(const RunOptions& options,
                                                                                            std::string_view built_in = {});

/// The same, for a process that starts: problems go to standard error. `who` is the command.
[[nodiscard]] std::expected<settings::Loaded, int> load_settings_or_explain(std::string_view who, const RunOptions& options,
                                                                            std::string_view built_in = {});

}  // namespace holdfast::cli
