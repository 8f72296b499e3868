#include "cli/run_options.h"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

#include "cli/exit_code.h"

namespace holdfast::cli {

std::expected<settings::Loaded, std::vector<settings::Problem>> load_settings(const RunOptions& options,
                                                                              std::string_view built_in) {
    settings::Inputs inputs;
    inputs.environment = settings::process_environment;
    inputs.overrides = options.sets;
    if (!options.data_dir.empty()) inputs.overrides.push_back("paths.data_dir=" + options.data_dir);
    if (!options.config.empty()) {
        auto text = settings::read_settings_file(options.config);
        if (!text) return std::unexpected(std::vector{settings::Problem{options.config, text.error().message()}});
        inputs.file_name = options.config;
        inputs.file_text = std::move(*text);
    } else if (!built_in.empty()) {
        inputs.file_name = "demo settings";
        inputs.file_text = built_in;
    }
    return settings::load(inputs);
}

std::expected<settings::Loaded, int> load_settings_or_explain(std::string_view who, const RunOptions& options,
                                                              std::string_view built_in) {
    auto loaded = load_settings(options, built_in);
    if (loaded) return std::move(*loaded);
    for (const settings::Problem& problem : loaded.error())
        fmt::print(stderr, "holdfast {}: {}\n", who, problem.text());
    return std::unexpected(static_cast<int>(ExitCode::usage));
}

}  // namespace holdfast::cli
