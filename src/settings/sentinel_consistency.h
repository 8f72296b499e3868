#pragma once
// What no single row can say of [sentinel], [[sentinel.redis]] and [[group]].

#include "settings/findings.h"
#include "settings/settings.h"

namespace holdfast::settings {

void check_sentinel(const Settings& settings, Findings& findings);

}  // namespace holdfast::settings
