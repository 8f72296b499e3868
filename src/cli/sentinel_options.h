#pragma once
// From the settings to what a sentinel's process is told.

#include <string>

#include "base/result.h"
#include "settings/settings.h"
#include "watch/watcher.h"

namespace holdfast::cli {

/// `state`: the text of the file in which the sentinel keeps what it knows of Redis masters, from its last run; empty: none.
/// What it knows of them counts, except their options. Without the process' own facts. Errors: bad_file.
[[nodiscard]] Result<watch::WatcherSetup> sentinel_setup(const settings::Settings& settings, std::string_view state);

}  // namespace holdfast::cli
