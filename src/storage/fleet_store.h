#pragma once
// The port through which the fleet survives its process. The fleet model in memory is the truth while the process runs; the
// store is written behind it: `write` only notes what changed and returns, a writer thread makes it durable a little later,
// many changes in one commit. Device changes that a crash loses cost nothing (the hash gives the same node again); an
// operator's change is answered only when its completion says that it is durable.
//
// Threads: `load` before anything else, on any thread; then `write`, `replace`, `status` and `flush` from any thread.
// Completions and `on_lost` are called on the writer's thread: post them to where they belong, and do not call `flush` from
// them.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "fleet/records.h"

namespace holdfast::storage {

enum class StorageErrc : std::uint16_t {
    cannot_open,   ///< no such directory, no permission, not a file
    in_use,        ///< another Holdfast has it open
    foreign_file,  ///< a file of another program
    newer_file,    ///< written by a newer Holdfast
    corrupt,       ///< the file is damaged
    unavailable    ///< busy, full, read-only: may pass
};
const ErrorCategory& error_category(StorageErrc) noexcept;

/// How the store is doing.
struct StoreStatus {
    bool ok = true;
    std::optional<WallTime> failing_since;  ///< set while not ok
    std::string sentence;                   ///< while not ok: what is wrong and what helps
    std::size_t pending = 0;                ///< keys whose newest value is not durable yet
    Duration last_commit{};                 ///< how long the last commit took
    std::uint64_t commits = 0;
    std::uint64_t changes_written = 0;  ///< after coalescing
    std::uint64_t failures = 0;         ///< commits that failed and were or will be tried again
    std::uint64_t times_lost = 0;       ///< the file vanished and was made anew
    std::uint64_t lost_races = 0;       ///< writes of what had ended already, which changed nothing
};

class FleetStore {
public:
    /// Called exactly once, with true when the changes are durable, with false when the store ended first or too many wait
    /// already.
    using Completion = std::function<void(bool durable)>;

    virtual ~FleetStore() = default;

    /// Everything that was durable when the process last ended. Errors: see StorageErrc; the file is left as it is.
    [[nodiscard]] virtual Result<fleet::FleetImage> load() = 0;

    /// Notes changes, in their order; a later change of the same device, cluster, node or rule list replaces an earlier one
    /// that is not written yet, so what waits is bounded by the fleet's size. Never blocks on the disk and never fails.
    virtual void write(std::vector<fleet::Change> changes, Completion completion = {}) = 0;

    /// Replaces everything stored by this image, and drops what waits (the image contains it). The answer to `on_lost`.
    virtual void replace(fleet::FleetImage image) = 0;

    [[nodiscard]] virtual StoreStatus status() const = 0;

    /// Waits until everything written so far is durable, at most so long. True when it is.
    [[nodiscard]] virtual bool flush(Duration at_most) = 0;
};

}  // namespace holdfast::storage
