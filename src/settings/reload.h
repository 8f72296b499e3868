#pragma once
// What a reload may change. Settings whose row says so take effect at once; the others keep their value until the next start,
// and say so.

#include <string>
#include <vector>

#include "settings/settings.h"

namespace holdfast::settings {

struct SettingChange {
    std::string name;  ///< dotted, e.g. "gateway.connect_rate"; "the list of ..." for lists of tables
    std::string from;  ///< text forms; secrets are masked
    std::string to;
};

struct Reload {
    Settings settings;                        ///< to use from now on
    std::vector<SettingChange> changed;       ///< in effect at once
    std::vector<SettingChange> need_restart;  ///< kept at their old value
    /// One sentence a change, for the log and for the operator.
    [[nodiscard]] std::vector<std::string> sentences() const;
};

/// Compares the settings in use with freshly loaded ones. Static clusters, allocation rules, groups and Redis masters may
/// change; a local cluster may not.
[[nodiscard]] Reload reload(const Settings& current, const Settings& fresh);

}  // namespace holdfast::settings
