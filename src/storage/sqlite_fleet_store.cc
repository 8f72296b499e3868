#include "storage/sqlite_fleet_store.h"

#include <utility>

#include "storage/fleet_file.h"
#include "storage/group_writer.h"

namespace holdfast::storage {
namespace {

class SqliteFleetStore final : public FleetStore {
public:
    SqliteFleetStore(SqliteOptions options, const Clock& clock, StoreLock lock, std::unique_ptr<FleetFile> file)
        : lock_(std::move(lock)), writer_(std::move(options), clock, std::move(file)) {}

    [[nodiscard]] Result<fleet::FleetImage> load() override { return writer_.load(); }
    void write(std::vector<fleet::Change> changes, Completion completion) override {
        writer_.write(std::move(changes), std::move(completion));
    }
    void replace(fleet::FleetImage image) override { writer_.replace(std::move(image)); }
    [[nodiscard]] StoreStatus status() const override { return writer_.status(); }
    [[nodiscard]] bool flush(Duration at_most) override { return writer_.flush(at_most); }

private:
    StoreLock lock_;  // outlives the writer, which closes the file
    GroupWriter writer_;
};

}  // namespace

Result<std::unique_ptr<FleetStore>> open_sqlite_fleet_store(SqliteOptions options, const Clock& clock) {
    auto lock = StoreLock::take(options.path);
    if (!lock) return std::unexpected(std::move(lock.error()));
    auto file = FleetFile::open(options.path, options.busy_timeout, true);
    if (!file) return std::unexpected(std::move(file.error()));
    return std::make_unique<SqliteFleetStore>(std::move(options), clock, std::move(*lock), std::move(*file));
}

}  // namespace holdfast::storage
