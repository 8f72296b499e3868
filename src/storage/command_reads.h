#pragma once
// The questions that a store of commands answers, on a connection of its own. One thread at a time.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/command_store.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

class CommandReads {
public:
    /// `database` has the newest schema.
    explicit CommandReads(Database database) : database_(std::move(database)) {}

    [[nodiscard]] Result<std::optional<command::Command>> get(command::CommandId id);
    [[nodiscard]] Result<std::optional<command::Command>> find_key(std::string_view submitted_by, std::string_view key);
    [[nodiscard]] Result<std::vector<command::Command>> list(const CommandQuery& query);
    [[nodiscard]] Result<CommandSummary> summary();
    [[nodiscard]] Result<std::vector<command::Command>> open_commands(std::string_view centre, WallTime horizon,
                                                                      std::optional<command::CommandId> after,
                                                                      std::size_t limit);
    [[nodiscard]] Result<std::vector<command::Command>> webhooks_untold(std::size_t limit);
    [[nodiscard]] Result<std::vector<CentreLease>> leases();
    [[nodiscard]] Result<std::optional<command::Job>> get_job(std::string_view id);
    [[nodiscard]] Result<std::vector<command::Job>> list_jobs(std::size_t limit);
    [[nodiscard]] Result<std::vector<std::string>> job_devices(std::string_view id, std::uint32_t from, std::size_t limit);
    [[nodiscard]] Result<std::vector<CommandStore::AuditEntry>> audit_log(std::size_t limit);

private:
    /// Prepared once for each text; there are as many as this file knows.
    [[nodiscard]] Result<Statement*> prepared(const std::string& sql);
    [[nodiscard]] Result<std::vector<command::Command>> commands_of(Statement& query);
    [[nodiscard]] Result<std::vector<command::Job>> jobs_of(Statement& query);
    [[nodiscard]] Result<std::vector<command::Command>> list_device(const CommandQuery& query);
    [[nodiscard]] Result<std::vector<command::Command>> list_any(const CommandQuery& query);
    [[nodiscard]] Result<std::vector<command::Command>> list_unfinished(const CommandQuery& query);
    [[nodiscard]] Result<std::vector<command::Command>> page(const std::string& source, const CommandQuery& query,
                                                             command::CommandId from, command::CommandId below,
                                                             std::size_t limit);
    [[nodiscard]] Result<std::string> walk_for(const CommandQuery& query, std::uint32_t states);

    Database database_;
    std::unordered_map<std::string, Statement> statements_;
};

}  // namespace holdfast::storage
