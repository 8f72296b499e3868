#pragma once
// The fleet in one SQLite file, for a Holdfast on one machine.
//
// Durability: WAL with synchronous=FULL. With NORMAL, a commit survives a kill -9 of the process but a power loss may take back
// the last ones, also those an operator was told about. FULL syncs the log at each commit; group commit pays that price once
// per many changes: a change that somebody waits for (a completion, a flush) is committed at once together with all that waits,
// the others gather for up to `commit_interval`.
//
// Faults: nothing here throws and no failure loses what waits. A failed commit is tried again with back-off (retry_min ..
// retry_max); `status()` says why, and the log tells once when it begins and once when it is over. A file that vanished is
// noticed by its inode around each commit, and every two seconds when idle, and made anew from the image that the owner hands
// in when `on_lost` asks for it. A file that somebody puts in its place while Holdfast runs is never written to.

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "base/time.h"
#include "storage/fleet_store.h"

namespace holdfast::storage {

struct SqliteOptions {
    std::string path;
    Duration commit_interval =
        std::chrono::milliseconds(250);               ///< the longest a change that nobody waits for waits for company
    Duration busy_timeout = std::chrono::seconds(2);  ///< how long one try waits for another program's lock
    Duration retry_min = std::chrono::milliseconds(200);
    Duration retry_max = std::chrono::seconds(10);
    std::size_t max_completions = 10000;  ///< more waiting completions are refused at once, on the caller's thread
    std::function<void()> on_lost;  ///< asks the owner to call `replace` soon; asked again every few seconds until it does
};

/// Opens the file, makes it when it does not exist, migrates an older one, and checks all of it for damage (about a second per
/// million devices). The directory must exist. `clock` outlives it. A second Holdfast is refused (StorageErrc::in_use).
[[nodiscard]] Result<std::unique_ptr<FleetStore>> open_sqlite_fleet_store(SqliteOptions options, const Clock& clock);

}  // namespace holdfast::storage
