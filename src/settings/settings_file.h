#pragma once
// The settings file: TOML whose every key is a row of the table.

#include <string>

#include "settings/findings.h"
#include "settings/settings.h"

namespace holdfast::settings {

/// Sets what the text says; what is wrong with it goes to `findings`, with "file:line:column".
void read_file_text(const std::string& file_name, const std::string& text, Settings& settings, Findings& findings);

}  // namespace holdfast::settings
