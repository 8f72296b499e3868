#include "storage/command_reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "storage/command_columns.h"
#include "storage/command_leases.h"

namespace holdfast::storage {
namespace {

constexpr std::size_t longest_page = 1000;
constexpr std::uint32_t all_states = 0x3FF;
constexpr std::uint32_t open_states = 0x00F;
constexpr std::uint32_t unsuccessful_states = 0x3E0;
/// So many open commands are sorted for a page of them; among more, the newest commands are looked through.
constexpr std::int64_t few_open = 20'000;

std::uint32_t mask_of(const std::vector<command::State>& states) {
    if (states.empty()) return all_states;
    std::uint32_t mask = 0;
    for (const command::State state : states)
        mask |= 1U << static_cast<unsigned>(state);
    return mask;
}

bool only(std::uint32_t mask, std::uint32_t of) {
    return (mask & ~of) == 0;
}

std::size_t limit_of(const CommandQuery& query) {
    return std::clamp<std::size_t>(query.limit, 1, longest_page);
}

/// From the first id on, and below the second: a command's id begins with the time of its creation.
std::pair<command::CommandId, command::CommandId> range_of(const CommandQuery& query) {
    command::CommandId below(UINT64_MAX, UINT64_MAX);
    if (query.until) below = command::CommandId::first_at(*query.until);
    if (query.before) below = std::min(below, *query.before);
    return {query.from ? command::CommandId::first_at(*query.from) : command::CommandId(), below};
}

command::CommandId next_after(command::CommandId id) {
    return id.low() == UINT64_MAX ? command::CommandId(id.high() + 1, 0) : command::CommandId(id.high(), id.low() + 1);
}

std::unexpected<Error> strange_row(const Database& database, std::string_view what) {
    return fail(StorageErrc::corrupt,
                fmt::format("{} holds a {} that Holdfast did not write; put back a backup, or move it away to begin with an "
                            "empty store",
                            database.path(), what));
}

/// Calls `take` for each row until it returns false for one that cannot be, and resets the query.
template <class Take>
Result<void> each_row(const Database& database, Statement& query, std::string_view what, Take take) {
    for (;;) {
        const auto step = query.step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done) break;
        if (!take()) {
            query.reset();
            return strange_row(database, what);
        }
    }
    query.reset();
    return {};
}

}  // namespace

Result<Statement*> CommandReads::prepared(const std::string& sql) {
    const auto known = statements_.find(sql);
    if (known != statements_.end()) return &known->second;
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    return &statements_.emplace(sql, std::move(*statement)).first->second;
}

Result<std::vector<command::Command>> CommandReads::commands_of(Statement& query) {
    std::vector<command::Command> commands;
    auto read = each_row(database_, query, "command", [&] {
        auto command = command_from(query);
        if (command) commands.push_back(std::move(*command));
        return command.has_value();
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return commands;
}

Result<std::vector<command::Job>> CommandReads::jobs_of(Statement& query) {
    std::vector<command::Job> jobs;
    auto read = each_row(database_, query, "job", [&] {
        auto job = job_from(query);
        if (job) jobs.push_back(std::move(*job));
        return job.has_value();
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return jobs;
}

Result<std::optional<command::Command>> CommandReads::get(command::CommandId id) {
    auto query = prepared(fmt::format("SELECT {} FROM commands WHERE id = ?1", command_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    const IdBytes bytes = id_bytes(id);
    auto found = commands_of((*query)->bind_blob(1, bytes));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

Result<std::optional<command::Command>> CommandReads::find_key(std::string_view submitted_by, std::string_view key) {
    if (key.empty()) return std::nullopt;
    auto query = prepared(fmt::format(
        "SELECT {} FROM commands WHERE submitted_by = ?1 AND idempotency_key = ?2 AND idempotency_key <> ''", command_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    auto found = commands_of((*query)->bind(1, submitted_by).bind(2, key));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

/// By which index to go, and the condition that lets SQLite take it.
Result<std::string> CommandReads::walk_for(const CommandQuery& query, std::uint32_t states) {
    if (query.job) return std::string("commands INDEXED BY commands_job WHERE job = ?3 AND job <> ''");
    if (only(states, unsuccessful_states)) return std::string("commands INDEXED BY commands_unsuccessful WHERE state > 4");
    if (only(states, open_states)) {
        const auto open = database_.number("SELECT sum(count) FROM tallies WHERE state < 4");
        if (!open) return std::unexpected(open.error());
        if (*open <= few_open) return std::string("commands INDEXED BY commands_open WHERE state < 4");
    }
    return std::string("commands WHERE true");
}

/// Commands of `source` with ids from `from` to below `below` that meet the query. In `source`, ?3 is the job and ?6 the
/// device.
Result<std::vector<command::Command>> CommandReads::page(const std::string& source, const CommandQuery& query,
                                                         command::CommandId from, command::CommandId below, std::size_t limit) {
    const std::uint32_t states = mask_of(query.states);
    std::string sql = fmt::format("SELECT {} FROM {} AND id >= ?1 AND id < ?2", command_columns, source);
    if (query.device && query.job) sql += " AND job = ?3";
    if (states != all_states) sql += " AND (?5 >> state) & 1";
    sql += " ORDER BY id DESC LIMIT ?4";
    auto statement = prepared(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    const IdBytes from_bytes = id_bytes(from);
    const IdBytes below_bytes = id_bytes(below);
    (*statement)->bind_blob(1, from_bytes).bind_blob(2, below_bytes).bind(4, static_cast<std::int64_t>(limit));
    if (query.job) (*statement)->bind(3, *query.job);
    if (states != all_states) (*statement)->bind(5, std::int64_t{states});
    if (query.device) (*statement)->bind(6, *query.device);
    return commands_of(**statement);
}

/// First the newest, which have no entry in the index of devices yet, then those that have.
Result<std::vector<command::Command>> CommandReads::list_device(const CommandQuery& query) {
    auto indexed = prepared("SELECT up_to FROM device_index");
    if (!indexed) return std::unexpected(std::move(indexed.error()));
    command::CommandId up_to;
    auto read = each_row(database_, **indexed, "index of devices", [&] {
        const auto id = id_from((*indexed)->text(0));
        up_to = id.value_or(up_to);
        return id.has_value();
    });
    if (!read) return std::unexpected(std::move(read.error()));
    const auto [from, below] = range_of(query);
    const std::size_t limit = limit_of(query);
    auto found = page("commands WHERE device = ?6", query, std::max(from, next_after(up_to)), below, limit);
    if (!found || found->size() == limit) return found;
    auto older = page("device_commands CROSS JOIN commands USING (id) WHERE of_device = ?6", query, from,
                      std::min(below, next_after(up_to)), limit - found->size());
    if (!older) return older;
    std::ranges::move(*older, std::back_inserter(*found));
    return found;
}

Result<std::vector<command::Command>> CommandReads::list(const CommandQuery& query) {
    // What is put together from several looks is to be seen at one moment.
    if (auto begun = database_.run("BEGIN"); !begun) return std::unexpected(std::move(begun.error()));
    auto found = query.device ? list_device(query) : list_any(query);
    database_.roll_back();
    return found;
}

Result<std::vector<command::Command>> CommandReads::list_any(const CommandQuery& query) {
    const std::uint32_t states = mask_of(query.states);
    const bool both_kinds = !only(states, open_states) && !only(states, unsuccessful_states);
    if (!query.job && both_kinds && only(states, open_states | unsuccessful_states)) return list_unfinished(query);
    const auto walk = walk_for(query, states);
    if (!walk) return std::unexpected(walk.error());
    const auto [from, below] = range_of(query);
    return page(*walk, query, from, below, limit_of(query));
}

/// Open and unsuccessful ones, each by their own index, so that the many that succeeded are not looked through.
Result<std::vector<command::Command>> CommandReads::list_unfinished(const CommandQuery& query) {
    CommandQuery open = query;
    std::erase_if(open.states, command::is_terminal);
    CommandQuery unsuccessful = query;
    std::erase_if(unsuccessful.states, [](command::State state) { return !command::is_terminal(state); });
    auto found = list_any(open);
    if (!found) return found;
    auto others = list_any(unsuccessful);
    if (!others) return others;
    std::ranges::move(*others, std::back_inserter(*found));
    std::ranges::sort(*found, std::greater(), &command::Command::id);
    if (found->size() > limit_of(query)) found->resize(limit_of(query));
    return found;
}

Result<CommandSummary> CommandReads::summary() {
    auto query = prepared("SELECT state, count FROM tallies");
    if (!query) return std::unexpected(std::move(query.error()));
    CommandSummary summary;
    auto read = each_row(database_, **query, "tally", [&] {
        const std::int64_t state = (*query)->number(0);
        if (state < 0 || state > 9) return false;
        summary.by_state[state] = static_cast<std::uint64_t>((*query)->number(1));
        summary.total += summary.by_state[state];
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return summary;
}

Result<std::vector<command::Command>> CommandReads::open_commands(std::string_view centre, WallTime horizon,
                                                                  std::optional<command::CommandId> after, std::size_t limit) {
    auto query =
        prepared(fmt::format("SELECT {} FROM commands INDEXED BY commands_open WHERE centre = ?1 AND state < 4 AND id > ?2 AND "
                             "(deliver_at IS NULL OR deliver_at < ?3) ORDER BY id LIMIT ?4",
                             command_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    const IdBytes from = id_bytes(after.value_or(command::CommandId()));
    return commands_of(
        (*query)->bind(1, centre).bind_blob(2, from).bind(3, milliseconds(horizon)).bind(4, static_cast<std::int64_t>(limit)));
}

Result<std::vector<command::Command>> CommandReads::webhooks_untold(std::size_t limit) {
    auto query =
        prepared(fmt::format("SELECT {} FROM commands INDEXED BY commands_untold WHERE webhook <> '' AND webhook_told = 0 AND "
                             "state >= 4 ORDER BY id LIMIT ?1",
                             command_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    return commands_of((*query)->bind(1, static_cast<std::int64_t>(std::min(limit, longest_page))));
}

Result<std::vector<CentreLease>> CommandReads::leases() {
    return read_leases(database_);
}

Result<std::optional<command::Job>> CommandReads::get_job(std::string_view id) {
    auto query = prepared(fmt::format("SELECT {} FROM jobs WHERE id = ?1", job_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    auto found = jobs_of((*query)->bind(1, id));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->empty()) return std::nullopt;
    return std::move(found->front());
}

Result<std::vector<command::Job>> CommandReads::list_jobs(std::size_t limit) {
    auto query = prepared(fmt::format("SELECT {} FROM jobs ORDER BY id DESC LIMIT ?1", job_columns));
    if (!query) return std::unexpected(std::move(query.error()));
    return jobs_of((*query)->bind(1, static_cast<std::int64_t>(std::min(limit, longest_page))));
}

Result<std::vector<std::string>> CommandReads::job_devices(std::string_view id, std::uint32_t from, std::size_t limit) {
    auto query = prepared("SELECT device FROM job_devices WHERE job = ?1 AND position >= ?2 ORDER BY position LIMIT ?3");
    if (!query) return std::unexpected(std::move(query.error()));
    Statement& statement = (*query)
                               ->bind(1, id)
                               .bind(2, std::int64_t{from})
                               .bind(3, static_cast<std::int64_t>(std::min(limit, command::max_job_devices)));
    std::vector<std::string> devices;
    auto read = each_row(database_, statement, "job's device", [&] {
        devices.emplace_back(statement.text(0));
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return devices;
}

Result<std::vector<CommandStore::AuditEntry>> CommandReads::audit_log(std::size_t limit) {
    auto query = prepared("SELECT at, who, source, action, object, detail FROM audit ORDER BY number DESC LIMIT ?1");
    if (!query) return std::unexpected(std::move(query.error()));
    Statement& row = (*query)->bind(1, static_cast<std::int64_t>(std::min(limit, 10 * longest_page)));
    std::vector<CommandStore::AuditEntry> entries;
    auto read = each_row(database_, row, "audit entry", [&] {
        entries.push_back({.at = wall_time(row.number(0)),
                           .who = std::string(row.text(1)),
                           .source = std::string(row.text(2)),
                           .action = std::string(row.text(3)),
                           .object = std::string(row.text(4)),
                           .detail = std::string(row.text(5))});
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return entries;
}

}  // namespace holdfast::storage
