#pragma once
// How a command and a job lie in their tables' columns: binding them to a statement and reading them from a row.

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "command/command.h"
#include "command/job.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

/// An id as its 16 bytes in the table; compares like the id.
using IdBytes = std::array<Byte, 16>;
[[nodiscard]] IdBytes id_bytes(command::CommandId id) noexcept;
/// Nothing for anything but 16 bytes.
[[nodiscard]] std::optional<command::CommandId> id_from(std::string_view bytes) noexcept;

[[nodiscard]] inline std::int64_t milliseconds(WallTime time) noexcept {
    return time.time_since_epoch().count();
}
[[nodiscard]] inline WallTime wall_time(std::int64_t milliseconds) noexcept {
    return WallTime(std::chrono::milliseconds(milliseconds));
}

/// All columns of a command in the order of `command_from`, with commas.
extern const std::string_view command_columns;
/// `INSERT OR IGNORE` of a command bound by `bind_new`.
extern const std::string_view insert_command_sql;
/// `UPDATE` of what can change of a command, bound by `bind_changed`.
extern const std::string_view update_command_sql;

/// What is bound points into its arguments, which must live until the statement has run.
void bind_new(Statement& statement, const command::Command& command, const IdBytes& id, std::string_view attempts);
void bind_changed(Statement& statement, const command::Command& command, const IdBytes& id, std::string_view attempts);
/// Nothing when the row is not one that Holdfast writes.
[[nodiscard]] std::optional<command::Command> command_from(const Statement& row);

extern const std::string_view job_columns;
extern const std::string_view insert_job_sql;
/// `UPDATE` of what can change of a job that has not ended, bound by `bind_changed`.
extern const std::string_view update_job_sql;
void bind_new(Statement& statement, const command::Job& job, std::string_view submission, std::string_view ended);
void bind_changed(Statement& statement, const command::Job& job, std::string_view ended);
[[nodiscard]] std::optional<command::Job> job_from(const Statement& row);

}  // namespace holdfast::storage
