#pragma once
// What clusters, nodes, groups and masters may be called.

#include <string>
#include <string_view>

#include "settings/findings.h"

namespace holdfast::settings {

/// Adds a problem when `name` has more in it than letters, digits and . _ - @ :. `what`: the setting.
void check_name(Findings& findings, const std::string& place, std::string_view what, const std::string& name);

}  // namespace holdfast::settings
