#pragma once
// Loads settings from a text, as tests see it: problems as one line each.

#include <optional>
#include <string>
#include <vector>

#include "settings/load.h"

namespace holdfast::settings::testing {

inline Environment environment_of(std::map<std::string, std::string> variables) {
    variables.try_emplace("HOME", "/home/kim");
    return [variables](const std::string& name) -> std::optional<std::string> {
        const auto at = variables.find(name);
        if (at == variables.end()) return std::nullopt;
        return at->second;
    };
}

inline Inputs file(std::string text) {
    return {.file_name = "holdfast.toml", .file_text = std::move(text), .overrides = {}, .environment = environment_of({})};
}

inline std::vector<std::string> problems(const Inputs& inputs) {
    const auto loaded = load(inputs);
    std::vector<std::string> lines;
    if (!loaded) {
        for (const Problem& problem : loaded.error())
            lines.push_back(problem.text());
    }
    return lines;
}

inline std::vector<std::string> problems(std::string text) {
    return problems(file(std::move(text)));
}

}  // namespace holdfast::settings::testing
