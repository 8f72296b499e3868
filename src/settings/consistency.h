#pragma once
// What no single row can say: settings that must fit each other.

#include "settings/findings.h"
#include "settings/settings.h"

namespace holdfast::settings {

void check_consistency(const Settings& settings, Findings& findings);

}  // namespace holdfast::settings
