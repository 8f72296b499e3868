#include "storage/fleet_rows.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace holdfast::storage {
namespace {

std::int64_t milliseconds(WallTime time) {
    return time.time_since_epoch().count();
}
WallTime wall_time(std::int64_t milliseconds) {
    return WallTime(std::chrono::milliseconds(milliseconds));
}

std::string joined(const std::vector<std::string>& tags) {
    std::string text;
    for (const std::string& tag : tags) {
        if (!text.empty()) text += ' ';
        text += tag;
    }
    return text;
}

std::vector<std::string> parted(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        tags.emplace_back(text.substr(0, space));
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
    }
    return tags;
}

std::unexpected<Error> strange_row(const Database& database, std::string_view what, std::string_view name) {
    return fail(StorageErrc::corrupt,
                fmt::format("{} holds a {} \"{}\" that Holdfast did not write; nothing was changed in the file. Put back "
                            "a backup, or move it away to begin with an empty store",
                            database.path(), what, name));
}

/// Calls `take` for each row of the query; it returns false for a row that cannot be.
template <class Take>
Result<void> each_row(Database& database, std::string_view sql, std::string_view what, Take take) {
    auto query = database.prepare(sql);
    if (!query) return std::unexpected(std::move(query.error()));
    for (;;) {
        const auto step = query->step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) return {};
        if (!take(*query)) return strange_row(database, what, query->text(0).substr(0, 100));
    }
}

}  // namespace

Result<FleetRows> FleetRows::prepare(Database& database) {
    FleetRows rows(database);
    const std::pair<std::optional<Statement>*, std::string_view> wanted[] = {
        {&rows.put_cluster_, "INSERT OR REPLACE INTO clusters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
        {&rows.put_node_, "INSERT OR REPLACE INTO nodes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
        {&rows.put_device_, "INSERT OR REPLACE INTO devices VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"},
        {&rows.erase_cluster_, "DELETE FROM clusters WHERE name = ?1"},
        {&rows.erase_node_, "DELETE FROM nodes WHERE name = ?1"},
        {&rows.erase_device_, "DELETE FROM devices WHERE id = ?1"},
    };
    for (const auto& [slot, sql] : wanted) {
        auto statement = database.prepare(sql);
        if (!statement) return std::unexpected(std::move(statement.error()));
        slot->emplace(std::move(*statement));
    }
    return rows;
}

Result<void> FleetRows::put(const fleet::ClusterRecord& record) {
    return put_cluster_->bind(1, record.name)
        .bind(2, std::int64_t{record.weight})
        .bind(3, fleet::to_string(record.source))
        .bind(4, std::int64_t{record.enabled})
        .bind(5, fleet::to_string(record.policy))
        .bind(6, record.active)
        .bind(7, static_cast<std::int64_t>(record.active_epoch))
        .run();
}

Result<void> FleetRows::put(const fleet::NodeRecord& record) {
    return put_node_->bind(1, record.name)
        .bind(2, record.cluster)
        .bind(3, record.host)
        .bind(4, std::int64_t{record.port})
        .bind(5, std::int64_t{record.weight})
        .bind(6, std::int64_t{record.draining})
        .bind(7, std::int64_t{record.listed})
        .bind(8, record.origin)
        .bind(9, std::int64_t{record.priority})
        .run();
}

Result<void> FleetRows::put(const fleet::DeviceRecord& record) {
    const std::string tags = joined(record.tags);
    return put_device_->bind_blob(1, as_bytes(record.id))
        .bind(2, record.home)
        .bind(3, record.explicit_cluster)
        .bind(4, record.explicit_node)
        .bind(5, record.sticky_node)
        .bind(6, milliseconds(record.enrolled_at))
        .bind(7, milliseconds(record.routed_at))
        .bind(8, milliseconds(record.connected_last))
        .bind(9, std::int64_t{record.disabled})
        .bind(10, tags)
        .bind(11, record.note)
        .run();
}

Result<void> FleetRows::put(const fleet::ClusterErased& erased) {
    return erase_cluster_->bind(1, erased.name).run();
}
Result<void> FleetRows::put(const fleet::NodeErased& erased) {
    return erase_node_->bind(1, erased.name).run();
}
Result<void> FleetRows::put(const fleet::DeviceErased& erased) {
    return erase_device_->bind_blob(1, as_bytes(erased.id)).run();
}

Result<void> FleetRows::write(const fleet::Change& change) {
    return std::visit([this](const auto& record) { return put(record); }, change);
}

Result<void> FleetRows::replace_all(const fleet::FleetImage& image) {
    if (auto emptied = database_->run("DELETE FROM clusters; DELETE FROM nodes; DELETE FROM devices"); !emptied) return emptied;
    for (const auto& record : image.clusters) {
        if (auto written = put(record); !written) return written;
    }
    for (const auto& record : image.nodes) {
        if (auto written = put(record); !written) return written;
    }
    for (const auto& record : image.devices) {
        if (auto written = put(record); !written) return written;
    }
    return {};
}

Result<void> FleetRows::read_clusters(fleet::FleetImage& image) {
    return each_row(*database_, "SELECT name, weight, source, enabled, policy, active, active_epoch FROM clusters", "cluster",
                    [&](const Statement& row) {
                        const auto source = fleet::cluster_source_from(row.text(2));
                        const auto policy = fleet::cluster_policy_from(row.text(4));
                        if (!source || !policy || !fleet::valid_name(row.text(0))) return false;
                        image.clusters.push_back({.name = std::string(row.text(0)),
                                                  .weight = static_cast<std::uint32_t>(row.number(1)),
                                                  .source = *source,
                                                  .enabled = row.number(3) != 0,
                                                  .policy = *policy,
                                                  .active = std::string(row.text(5)),
                                                  .active_epoch = static_cast<std::uint64_t>(row.number(6))});
                        return true;
                    });
}

Result<void> FleetRows::read_nodes(fleet::FleetImage& image) {
    return each_row(*database_, "SELECT name, cluster, host, port, weight, draining, listed, origin, priority FROM nodes",
                    "node", [&](const Statement& row) {
                        if (!fleet::valid_name(row.text(0)) || !fleet::valid_name(row.text(1))) return false;
                        image.nodes.push_back({.cluster = std::string(row.text(1)),
                                               .name = std::string(row.text(0)),
                                               .host = std::string(row.text(2)),
                                               .port = static_cast<std::uint16_t>(row.number(3)),
                                               .weight = static_cast<std::uint32_t>(row.number(4)),
                                               .draining = row.number(5) != 0,
                                               .listed = row.number(6) != 0,
                                               .origin = std::string(row.text(7)),
                                               .priority = static_cast<std::uint32_t>(row.number(8))});
                        return true;
                    });
}

Result<void> FleetRows::read_devices(fleet::FleetImage& image) {
    const auto count = database_->number("SELECT count(*) FROM devices");
    if (!count) return std::unexpected(count.error());
    image.devices.reserve(static_cast<std::size_t>(*count));
    return each_row(*database_,
                    "SELECT id, home, explicit_cluster, explicit_node, sticky_node, enrolled_at, routed_at, connected_last, "
                    "disabled, tags, "
                    "note FROM devices",
                    "device", [&](const Statement& row) {
                        if (!fleet::valid_device_id(row.text(0))) return false;
                        image.devices.push_back({.id = std::string(row.text(0)),
                                                 .home = std::string(row.text(1)),
                                                 .explicit_cluster = std::string(row.text(2)),
                                                 .explicit_node = std::string(row.text(3)),
                                                 .sticky_node = std::string(row.text(4)),
                                                 .enrolled_at = wall_time(row.number(5)),
                                                 .routed_at = wall_time(row.number(6)),
                                                 .connected_last = wall_time(row.number(7)),
                                                 .disabled = row.number(8) != 0,
                                                 .tags = parted(row.text(9)),
                                                 .note = std::string(row.text(10))});
                        return true;
                    });
}

Result<fleet::FleetImage> FleetRows::read_all() {
    fleet::FleetImage image;
    if (auto read = read_clusters(image); !read) return std::unexpected(std::move(read.error()));
    if (auto read = read_nodes(image); !read) return std::unexpected(std::move(read.error()));
    if (auto read = read_devices(image); !read) return std::unexpected(std::move(read.error()));
    return image;
}

}  // namespace holdfast::storage
