#pragma once
// Writing commands, jobs and the audit record: the prepared statements of the one connection that writes. Every method belongs
// inside the caller's transaction.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command/command.h"
#include "command/job.h"
#include "storage/command_store.h"
#include "storage/device_index.h"
#include "storage/sqlite.h"

namespace holdfast::storage {

class CommandRows {
public:
    /// What became of a record.
    enum class Outcome : std::uint8_t {
        written,
        lost_race,  ///< it had ended, and stays as it was
        key_taken   ///< another command of this submitter has its idempotency key; it was not written
    };

    /// `database` must outlive this object and have the newest schema.
    [[nodiscard]] static Result<CommandRows> prepare(Database& database);

    [[nodiscard]] Result<Outcome> put(const command::Command& command);
    [[nodiscard]] Result<void> remove(command::CommandId id, std::string_view device, command::State state);
    [[nodiscard]] Result<void> put(const command::Job& job);
    [[nodiscard]] Result<void> put_devices(std::string_view job, const std::vector<std::string>& devices);
    [[nodiscard]] Result<void> put(const CommandStore::AuditEntry& entry);
    [[nodiscard]] Result<void> mark_webhook_told(command::CommandId id);

    /// How many commands there are in each state is kept beside them; brings that up to date.
    [[nodiscard]] Result<void> write_tallies();
    /// To be called before the transaction's end.
    [[nodiscard]] Result<void> finish();
    /// To be called after each transaction, whatever became of it.
    void forget() noexcept;

    [[nodiscard]] Database& database() noexcept { return *database_; }

private:
    explicit CommandRows(Database& database) : database_(&database) {}
    [[nodiscard]] Result<Outcome> change(const command::Command& command, std::string_view attempts);
    [[nodiscard]] Result<bool> insert(const command::Command& command, std::string_view attempts);
    void count(command::State state, std::int64_t change) noexcept { tallies_[static_cast<std::size_t>(state)] += change; }

    Database* database_;
    std::optional<DeviceIndex> devices_;
    std::array<std::int64_t, 10> tallies_{};  ///< changes not written yet
    std::optional<Statement> insert_, update_, find_state_, remove_, tally_, mark_told_;
    std::optional<Statement> insert_job_, update_job_, insert_device_, insert_audit_;
};

}  // namespace holdfast::storage
