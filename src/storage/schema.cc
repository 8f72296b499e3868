#include "storage/schema.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>

namespace holdfast::storage {
namespace {

// Ids are bytes (a client id may hold any UTF-8), names are text. Times are milliseconds since 1970. Tags are joined by a
// space, which no tag contains.
constexpr std::array<std::string_view, 2> steps{R"(
CREATE TABLE clusters (
    name    TEXT PRIMARY KEY,
    weight  INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 10000),
    source  TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE TABLE nodes (
    name     TEXT PRIMARY KEY,
    cluster  TEXT NOT NULL,
    host     TEXT NOT NULL,
    port     INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
    weight   INTEGER NOT NULL CHECK (weight BETWEEN 0 AND 10000),
    draining INTEGER NOT NULL CHECK (draining IN (0, 1)),
    listed   INTEGER NOT NULL CHECK (listed IN (0, 1)),
    origin   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    id               BLOB PRIMARY KEY,
    home             TEXT NOT NULL,
    explicit_cluster TEXT NOT NULL,
    explicit_node    TEXT NOT NULL,
    sticky_node      TEXT NOT NULL,
    enrolled_at      INTEGER NOT NULL,
    routed_at        INTEGER NOT NULL,
    connected_last   INTEGER NOT NULL,
    disabled         INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    tags             TEXT NOT NULL,
    note             TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)",
                                                R"(
ALTER TABLE clusters ADD COLUMN policy TEXT NOT NULL DEFAULT 'sticky-hash';
ALTER TABLE clusters ADD COLUMN active TEXT NOT NULL DEFAULT '';
ALTER TABLE clusters ADD COLUMN active_epoch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE nodes ADD COLUMN priority INTEGER NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 10000);
)"};

/// True for a file that holds nothing yet; an error for one that is not ours to use.
Result<bool> is_new(Database& database, const Schema& schema, std::int64_t version) {
    const auto owner = database.number("PRAGMA application_id");
    if (!owner) return std::unexpected(owner.error());
    const auto tables = database.number("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::unexpected(tables.error());
    if (*owner == 0 && *tables == 0 && version == 0) return true;
    if (*owner != schema.owner) {
        return fail(StorageErrc::foreign_file,
                    fmt::format("{} belongs to another program, and was left alone; move it away, or set storage.path",
                                database.path()));
    }
    if (version < 0 || static_cast<std::size_t>(version) > schema.steps.size()) {
        return fail(
            StorageErrc::newer_file,
            fmt::format(
                "{} was written by a newer Holdfast (version {} of the store, this program knows {}), and was left alone; "
                "use that Holdfast, or move the file away",
                database.path(), version, schema.steps.size()));
    }
    return false;
}

Result<void> check_whole_file(Database& database) {
    const auto found = database.text("PRAGMA quick_check(1)");
    if (!found) return std::unexpected(found.error());
    if (*found == "ok") return {};
    return std::unexpected(sqlite_error(SQLITE_CORRUPT, *found, 0, database.path()));
}

Result<void> set_durability(Database& database, Durability durability) {
    const auto mode = database.text("PRAGMA journal_mode = WAL");
    if (!mode) return std::unexpected(mode.error());
    if (*mode != "wal") {
        return fail(StorageErrc::cannot_open,
                    fmt::format("the file system of {} cannot hold a store: SQLite's write-ahead log does not work there",
                                database.path()));
    }
    return database.run(fmt::format("PRAGMA synchronous = {}; PRAGMA journal_size_limit = 67108864",
                                    durability == Durability::full ? "FULL" : "NORMAL"));
}

/// Inside a transaction: the next step, unless another process has made it meanwhile.
Result<void> make_step(Database& database, const Schema& schema, std::size_t from) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version > static_cast<std::int64_t>(from)) return {};
    return database.run(
        fmt::format("{} PRAGMA application_id = {}; PRAGMA user_version = {};", schema.steps[from], schema.owner, from + 1));
}

Result<void> commit_step(Database& database, const Schema& schema, std::size_t from) {
    if (auto begun = database.run("BEGIN IMMEDIATE"); !begun) return begun;
    auto made = make_step(database, schema, from);
    if (made) made = database.run("COMMIT");
    if (!made) database.roll_back();
    return made;
}

/// The file's version, if it is ours to use.
Result<std::int64_t> examine(Database& database, const Schema& schema, bool check_all) {
    const auto version = database.number("PRAGMA user_version");
    if (!version) return version;
    const auto fresh = is_new(database, schema, *version);
    if (!fresh) return std::unexpected(fresh.error());
    if (check_all && !*fresh) {
        if (auto checked = check_whole_file(database); !checked) return std::unexpected(std::move(checked.error()));
    }
    return version;
}

/// In one transaction, because another process may be making the file at this moment.
Result<std::int64_t> look(Database& database, const Schema& schema, bool check_all) {
    if (auto begun = database.run("BEGIN"); !begun) return std::unexpected(std::move(begun.error()));
    auto version = examine(database, schema, check_all);
    if (version) {
        if (auto ended = database.run("COMMIT"); !ended) return std::unexpected(std::move(ended.error()));
    }
    database.roll_back();
    return version;
}

}  // namespace

std::span<const std::string_view> schema_steps() noexcept {
    return steps;
}

Result<void> prepare_schema(Database& database, const Schema& schema, bool check_all) {
    const auto version = look(database, schema, check_all);
    if (!version) return std::unexpected(version.error());
    if (auto set = set_durability(database, schema.durability); !set) return set;
    for (auto i = static_cast<std::size_t>(*version); i < schema.steps.size(); ++i) {
        if (auto made = commit_step(database, schema, i); !made) return made;
    }
    return {};
}

Result<void> prepare_schema(Database& database, std::span<const std::string_view> all_steps, bool check_all) {
    return prepare_schema(database, Schema{.steps = all_steps}, check_all);
}

}  // namespace holdfast::storage
