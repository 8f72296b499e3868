#pragma once
// The store's file while it is open: one SQLite database, locked against a second Holdfast, watched for being taken away.
// Blocking; one thread at a time.

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/time.h"
#include "fleet/records.h"
#include "storage/fleet_rows.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

/// Which file a path leads to.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};
/// Nothing when there is no such file, or it cannot be seen.
[[nodiscard]] std::optional<FileIdentity> identity_of(const std::string& path);

/// Held by one process at a time, until it ends in whatever way. A file of its own, because closing any descriptor of SQLite's
/// file would drop SQLite's locks.
class StoreLock {
public:
    [[nodiscard]] static Result<StoreLock> take(const std::string& store_path);
    StoreLock(StoreLock&& other) noexcept;
    StoreLock& operator=(StoreLock&&) = delete;
    ~StoreLock();

private:
    explicit StoreLock(int descriptor) noexcept : descriptor_(descriptor) {}
    int descriptor_;
};

class FleetFile {
public:
    /// Whether the path still leads to the file that is open.
    enum class Presence : std::uint8_t {
        in_place,
        log_gone,  ///< the file is there, its write-ahead log is not
        gone,
        replaced  ///< another file is there
    };

    /// Opens or makes the file and brings it to this program's version. `check_all` reads all of it for damage.
    [[nodiscard]] static Result<std::unique_ptr<FleetFile>> open(const std::string& path, Duration busy_timeout,
                                                                 bool check_all);

    [[nodiscard]] Presence presence() const;
    [[nodiscard]] FileIdentity identity() const noexcept { return file_; }

    [[nodiscard]] Result<fleet::FleetImage> read_all() { return rows_->read_all(); }
    /// All of them in one durable transaction, or none.
    [[nodiscard]] Result<void> commit(std::span<const fleet::Change> changes);
    [[nodiscard]] Result<void> commit_image(const fleet::FleetImage& image);

private:
    explicit FleetFile(Database database) : database_(std::move(database)) {}

    template <class Write>
    Result<void> in_transaction(Write write);

    Database database_;
    std::optional<FleetRows> rows_;
    FileIdentity file_;
    FileIdentity log_;
};

}  // namespace holdfast::storage
