#pragma once
// Where processes without a fleet find the API of the one that has it.

#include "directory/remote_directory.h"
#include "settings/settings.h"

namespace holdfast::cli {

/// As commands.fleet_api says, else as the file `endpoint` in the data directory says at that moment; with the token of
/// admin.token_file.
[[nodiscard]] directory::RemoteDirectory::FindFleet fleet_place_finder(const settings::Settings& settings);

}  // namespace holdfast::cli
