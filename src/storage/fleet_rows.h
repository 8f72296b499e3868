#pragma once
// The fleet's records as rows: the prepared statements of one open database.

#include <span>

#include "fleet/records.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

class FleetRows {
public:
    /// `database` must outlive this object and have the newest schema.
    [[nodiscard]] static Result<FleetRows> prepare(Database& database);

    [[nodiscard]] Result<fleet::FleetImage> read_all();

    /// One change inside the caller's transaction.
    [[nodiscard]] Result<void> write(const fleet::Change& change);
    /// Forgets every row and writes these, inside the caller's transaction.
    [[nodiscard]] Result<void> replace_all(const fleet::FleetImage& image);

private:
    explicit FleetRows(Database& database) : database_(&database) {}

    [[nodiscard]] Result<void> put(const fleet::ClusterRecord& record);
    [[nodiscard]] Result<void> put(const fleet::NodeRecord& record);
    [[nodiscard]] Result<void> put(const fleet::DeviceRecord& record);
    [[nodiscard]] Result<void> put(const fleet::ClusterErased& erased);
    [[nodiscard]] Result<void> put(const fleet::NodeErased& erased);
    [[nodiscard]] Result<void> put(const fleet::DeviceErased& erased);
    [[nodiscard]] Result<void> read_clusters(fleet::FleetImage& image);
    [[nodiscard]] Result<void> read_nodes(fleet::FleetImage& image);
    [[nodiscard]] Result<void> read_devices(fleet::FleetImage& image);

    Database* database_;
    std::optional<Statement> put_cluster_, put_node_, put_device_;
    std::optional<Statement> erase_cluster_, erase_node_, erase_device_;
};

}  // namespace holdfast::storage
