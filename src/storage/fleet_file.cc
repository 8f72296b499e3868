#include "storage/fleet_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "storage/schema.h"

namespace holdfast::storage {

std::optional<FileIdentity> identity_of(const std::string& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return std::nullopt;
    return FileIdentity{found.st_dev, found.st_ino};
}

Result<StoreLock> StoreLock::take(const std::string& store_path) {
    const std::string path = store_path + ".lock";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (descriptor < 0) {
        return fail(
            StorageErrc::cannot_open,
            fmt::format("cannot make {}: {}; the store's directory must exist and be writable", path, std::strerror(errno)));
    }
    StoreLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) {
        return fail(
            StorageErrc::in_use,
            fmt::format("another Holdfast uses the store {}; end it, or set paths.data_dir to another directory", store_path));
    }
    return fail(StorageErrc::cannot_open, fmt::format("cannot lock {}: {}", path, std::strerror(errno)));
}

StoreLock::StoreLock(StoreLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoreLock::~StoreLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::unique_ptr<FleetFile>> FleetFile::open(const std::string& path, Duration busy_timeout, bool check_all) {
    auto database = Database::open(path, busy_timeout);
    if (!database) return std::unexpected(std::move(database.error()));
    std::unique_ptr<FleetFile> file(new FleetFile(std::move(*database)));
    if (auto prepared = prepare_schema(file->database_, schema_steps(), check_all); !prepared) {
        return std::unexpected(std::move(prepared.error()));
    }
    auto rows = FleetRows::prepare(file->database_);
    if (!rows) return std::unexpected(std::move(rows.error()));
    file->rows_.emplace(std::move(*rows));
    // A read makes the write-ahead log's file, so that both can be recognized from now on.
    if (auto read = file->database_.number("SELECT count(*) FROM clusters"); !read)
        return std::unexpected(std::move(read.error()));
    const auto here = identity_of(path);
    const auto log = identity_of(path + "-wal");
    if (!here || !log)
        return fail(StorageErrc::cannot_open, fmt::format("the store {} vanished while it was being opened", path));
    file->file_ = *here;
    file->log_ = *log;
    return file;
}

FleetFile::Presence FleetFile::presence() const {
    const auto here = identity_of(database_.path());
    if (!here) return Presence::gone;
    if (*here != file_) return Presence::replaced;
    if (identity_of(database_.path() + "-wal") != log_) return Presence::log_gone;
    return Presence::in_place;
}

template <class Write>
Result<void> FleetFile::in_transaction(Write write) {
    if (auto begun = database_.run("BEGIN IMMEDIATE"); !begun) return begun;
    Result<void> written = write();
    if (written) written = database_.run("COMMIT");
    if (!written) database_.roll_back();
    return written;
}

Result<void> FleetFile::commit(std::span<const fleet::Change> changes) {
    return in_transaction([&]() -> Result<void> {
        for (const fleet::Change& change : changes) {
            if (auto written = rows_->write(change); !written) return written;
        }
        return {};
    });
}

Result<void> FleetFile::commit_image(const fleet::FleetImage& image) {
    return in_transaction([&] { return rows_->replace_all(image); });
}

}  // namespace holdfast::storage
