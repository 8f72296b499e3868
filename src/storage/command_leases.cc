#include "storage/command_leases.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

#include "storage/command_columns.h"

namespace holdfast::storage {
namespace {

Result<std::optional<CentreLease>> find_lease(Database& database, std::string_view name) {
    auto query = database.prepare("SELECT epoch, held_until FROM centres WHERE name = ?1");
    if (!query) return std::unexpected(std::move(query.error()));
    const auto found = query->bind(1, name).step();
    if (!found) return std::unexpected(found.error());
    if (*found == Statement::Step::done) return std::nullopt;
    return CentreLease{
        .name = std::string(name), .epoch = static_cast<std::uint64_t>(query->number(0)), .until = wall_time(query->number(1))};
}

Result<void> put_lease(Database& database, const CentreLease& lease) {
    auto statement = database.prepare("INSERT OR REPLACE INTO centres VALUES (?1, ?2, ?3)");
    if (!statement) return std::unexpected(std::move(statement.error()));
    return statement->bind(1, lease.name)
        .bind(2, static_cast<std::int64_t>(lease.epoch))
        .bind(3, milliseconds(lease.until))
        .run();
}

std::unexpected<Error> still_held(const CentreLease& lease, WallTime now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(lease.until - now).count();
    return fail(StorageErrc::in_use,
                fmt::format("the command centre {} is at work elsewhere (its lease holds for {} s); end it, or give this one "
                            "another name",
                            lease.name, left));
}

}  // namespace

Result<CentreLease> take_lease(Database& database, std::string_view name, std::optional<std::uint64_t> epoch, bool holder_ended,
                               WallTime now, Duration length) {
    const auto known = find_lease(database, name);
    if (!known) return std::unexpected(known.error());
    CentreLease lease{
        .name = std::string(name), .epoch = 1, .until = now + std::chrono::ceil<std::chrono::milliseconds>(length)};
    if (*known) {
        const bool renewed = epoch && *epoch == (*known)->epoch;
        if (!renewed && !holder_ended && (*known)->until > now) return still_held(**known, now);
        lease.epoch = renewed ? *epoch : (*known)->epoch + 1;
    }
    if (auto put = put_lease(database, lease); !put) return std::unexpected(std::move(put.error()));
    return lease;
}

Result<void> drop_lease(Database& database, std::string_view name, std::uint64_t epoch) {
    auto statement = database.prepare("UPDATE centres SET held_until = 0 WHERE name = ?1 AND epoch = ?2");
    if (!statement) return std::unexpected(std::move(statement.error()));
    return statement->bind(1, name).bind(2, static_cast<std::int64_t>(epoch)).run();
}

Result<std::vector<CentreLease>> read_leases(Database& database) {
    auto query = database.prepare("SELECT name, epoch, held_until FROM centres ORDER BY name");
    if (!query) return std::unexpected(std::move(query.error()));
    std::vector<CentreLease> leases;
    for (;;) {
        const auto step = query->step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) return leases;
        leases.push_back({.name = std::string(query->text(0)),
                          .epoch = static_cast<std::uint64_t>(query->number(1)),
                          .until = wall_time(query->number(2))});
    }
}

Result<std::uint64_t> adopt_some(Database& database, std::string_view from, std::string_view to, WallTime now,
                                 std::uint64_t limit) {
    auto known = find_lease(database, from);
    if (!known) return std::unexpected(std::move(known.error()));
    if (*known) {
        if ((*known)->until > now) return still_held(**known, now);
        ++(*known)->epoch;
        if (auto put = put_lease(database, **known); !put) return std::unexpected(std::move(put.error()));
    }
    auto jobs = database.prepare("UPDATE jobs SET centre = ?2 WHERE centre = ?1 AND state < 2");
    if (!jobs) return std::unexpected(std::move(jobs.error()));
    if (auto run = jobs->bind(1, from).bind(2, to).run(); !run) return std::unexpected(std::move(run.error()));
    auto commands = database.prepare(
        "UPDATE commands SET centre = ?2 WHERE id IN (SELECT id FROM commands INDEXED BY commands_open WHERE centre = ?1 AND "
        "state < 4 LIMIT ?3)");
    if (!commands) return std::unexpected(std::move(commands.error()));
    if (auto run = commands->bind(1, from).bind(2, to).bind(3, static_cast<std::int64_t>(limit)).run(); !run)
        return std::unexpected(std::move(run.error()));
    return static_cast<std::uint64_t>(database.changes());
}

}  // namespace holdfast::storage
