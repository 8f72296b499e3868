#pragma once
// Commands in one SQLite file, which several processes of one machine may share (several centres on one store).
//
// Writes go to one thread, which takes all that waits into one transaction: while one is committed the next gathers, so a lone
// write is durable after one sync of the disk, and many share one. With `Durability::full` what was answered survives a power
// loss; with `process` it survives the end of the process in whatever way, and a power loss may take back the last moments.
//
// Faults: nothing here throws. A transaction that cannot be committed is answered with its reason; what comes next is tried
// again after a pause that grows to `retry_max`, so a disk that recovers is used again without anybody's help. `status()` says
// why, and the log tells once when it begins and once when it is over. A file that was taken away is not made anew, because
// what it held is held nowhere else: put it back, or start Holdfast again.
//
// The methods that answer at once (leases, adoption, `create_job`, `remove_old`) wait for the writer's next transaction; do not
// call them from a completion.

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include "base/time.h"
#include "storage/command_store.h"
#include "storage/schema.h"

namespace holdfast::storage {

struct SqliteCommandOptions {
    std::string path;
    Durability durability = Durability::full;
    Duration busy_timeout = std::chrono::seconds(2);  ///< how long a transaction waits for another process
    Duration retry_min = std::chrono::milliseconds(100);
    Duration retry_max = std::chrono::seconds(2);
    std::size_t max_waiting = 200'000;  ///< commands that wait for the writer; more are refused at once, on the caller's thread
    std::size_t max_waiting_bytes = 256 * 1024 * 1024;  ///< of their texts, payloads and results
    std::size_t max_waiting_notes = 10'000;             ///< audit entries; more are dropped, and the log says so
};

class SqliteCommandStore {
public:
    /// Opens the file, makes it when it does not exist, and migrates an older one. The directory must exist. `clock` outlives
    /// it.
    [[nodiscard]] static Result<std::unique_ptr<CommandStore>> open(SqliteCommandOptions options, const Clock& clock);
};

}  // namespace holdfast::storage
