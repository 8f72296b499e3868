#include "storage/command_retention.h"

#include <algorithm>
#include <string>
#include <vector>

#include "storage/command_columns.h"

namespace holdfast::storage {
namespace {

/// Commands looked at for each that may be removed: open ones lie between the ended ones.
constexpr std::uint64_t looks = 4;

Result<void> remove_audit(Database& database, const CommandRetention& retention, WallTime now, std::uint64_t limit) {
    auto statement = database.prepare(
        "DELETE FROM audit WHERE number < (SELECT min(number) FROM audit) + ?1 AND (at < ?2 OR number <= (SELECT max(number) "
        "FROM audit) - ?3)");
    if (!statement) return std::unexpected(std::move(statement.error()));
    return statement->bind(1, static_cast<std::int64_t>(limit))
        .bind(2, milliseconds(now) - std::chrono::ceil<std::chrono::milliseconds>(retention.age).count())
        .bind(3, static_cast<std::int64_t>(retention.count))
        .run();
}

Result<void> remove_job(Database& database, const std::string& job, std::uint64_t limit) {
    auto devices = database.prepare(
        "DELETE FROM job_devices WHERE job = ?1 AND position < (SELECT min(position) FROM job_devices WHERE job = ?1) + ?2");
    if (!devices) return std::unexpected(std::move(devices.error()));
    if (auto run = devices->bind(1, job).bind(2, static_cast<std::int64_t>(limit)).run(); !run) return run;
    auto row = database.prepare("DELETE FROM jobs WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM job_devices WHERE job = ?1)");
    if (!row) return std::unexpected(std::move(row.error()));
    return row->bind(1, job).run();
}

/// One old job at a time; jobs are few.
Result<void> remove_jobs(Database& database, const CommandRetention& retention, WallTime now, std::uint64_t limit) {
    auto oldest = database.prepare("SELECT id FROM jobs WHERE ended_at < ?1 ORDER BY id LIMIT 1");
    if (!oldest) return std::unexpected(std::move(oldest.error()));
    const auto found =
        oldest->bind(1, milliseconds(now) - std::chrono::ceil<std::chrono::milliseconds>(retention.age).count()).step();
    if (!found) return std::unexpected(found.error());
    if (*found == Statement::Step::done) return {};
    const std::string job(oldest->text(0));
    oldest->reset();
    return remove_job(database, job, limit);
}

}  // namespace

Result<std::uint64_t> CommandRetentionSweep::remove_commands(CommandRows& rows, const CommandRetention& retention, WallTime now,
                                                             std::uint64_t limit) {
    const auto ended = rows.database().number("SELECT sum(count) FROM tallies WHERE state >= 4");
    if (!ended) return std::unexpected(ended.error());
    std::int64_t excess = *ended - static_cast<std::int64_t>(retention.count);
    const WallTime horizon = now - std::chrono::ceil<std::chrono::milliseconds>(retention.age);

    auto query = rows.database().prepare("SELECT id, state, ended_at, device FROM commands WHERE id > ?1 ORDER BY id LIMIT ?2");
    if (!query) return std::unexpected(std::move(query.error()));
    const IdBytes after = id_bytes(after_);
    const std::uint64_t most = limit * looks;
    query->bind_blob(1, after).bind(2, static_cast<std::int64_t>(most));
    struct Old {
        command::CommandId id;
        command::State state;
        std::string device;
    };
    std::vector<Old> old;
    bool at_end = true;
    for (std::uint64_t seen = 0; seen < most; ++seen) {
        const auto step = query->step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) break;
        const auto id = id_from(query->text(0)).value_or(command::CommandId());
        const bool young = id.time() >= horizon;
        if ((young && excess <= 0) || old.size() == limit) break;
        const auto state = static_cast<command::State>(query->number(1));
        at_end = seen + 1 < most;
        after_ = id;
        if (!command::is_terminal(state) || (excess <= 0 && wall_time(query->number(2)) >= horizon)) continue;
        old.push_back({id, state, std::string(query->text(3))});
        --excess;
    }
    query->reset();
    if (at_end && old.size() < limit) after_ = {};
    for (const auto& [id, state, device] : old) {
        if (auto removed = rows.remove(id, device, state); !removed) return std::unexpected(std::move(removed.error()));
    }
    return old.size();
}

Result<std::uint64_t> CommandRetentionSweep::step(CommandRows& rows, const CommandRetention& retention, WallTime now,
                                                  std::uint64_t limit) {
    limit = std::clamp<std::uint64_t>(limit, 1, 100'000);
    const auto removed = remove_commands(rows, retention, now, limit);
    if (!removed) return removed;
    if (auto done = remove_audit(rows.database(), retention, now, limit); !done)
        return std::unexpected(std::move(done.error()));
    if (auto done = remove_jobs(rows.database(), retention, now, limit); !done) return std::unexpected(std::move(done.error()));
    return removed;
}

}  // namespace holdfast::storage
