#pragma once
// Settings from the command line (`--set section.name=value`) and from the environment (HOLDFAST_SECTION_NAME).

#include <string>
#include <vector>

#include "settings/findings.h"
#include "settings/settings.h"

namespace holdfast::settings {

void read_environment(const Environment& environment, Settings& settings, Findings& findings);
void read_overrides(const std::vector<std::string>& overrides, Settings& settings, Findings& findings);

/// "gateway.max_connections" -> "HOLDFAST_GATEWAY_MAX_CONNECTIONS"
[[nodiscard]] std::string environment_name(std::string_view setting_name);
/// "; did you mean \"gateway.threads\"?", or empty. Also finds a right name under the wrong section.
[[nodiscard]] std::string did_you_mean_setting(std::string_view mistyped);

}  // namespace holdfast::settings
