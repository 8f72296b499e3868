#pragma once
// The settings in words: effective values with where they come from, the reference page, and the help text. All made from the
// table.

#include <string>
#include <vector>

#include "settings/load.h"

namespace holdfast::settings {

struct ShownSetting {
    std::string name;    ///< "gateway.threads", "cluster[east].weight", "allocation.rule[0].prefix"
    std::string value;   ///< text form; a secret that is set is "(set)"
    std::string source;  ///< "default", "file", "environment", "command line"
    bool changeable = false;
};

/// Every effective setting in the table's order, the lists last.
[[nodiscard]] std::vector<ShownSetting> shown_settings(const Loaded& loaded);
/// The same as aligned text for a terminal.
[[nodiscard]] std::string show(const Loaded& loaded);
/// The reference page in Markdown; docs/settings.md is exactly this.
[[nodiscard]] std::string reference_markdown();
/// For `--help`: a line or two per setting.
[[nodiscard]] std::string help_text();

}  // namespace holdfast::settings
