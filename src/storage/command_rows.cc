#include "storage/command_rows.h"

#include <utility>

#include "storage/command_blobs.h"
#include "storage/command_columns.h"

namespace holdfast::storage {

Result<CommandRows> CommandRows::prepare(Database& database) {
    CommandRows rows(database);
    const std::pair<std::optional<Statement>*, std::string_view> wanted[] = {
        {&rows.insert_, insert_command_sql},
        {&rows.update_, update_command_sql},
        {&rows.find_state_, "SELECT state FROM commands WHERE id = ?1"},
        {&rows.remove_, "DELETE FROM commands WHERE id = ?1"},
        {&rows.tally_, "UPDATE tallies SET count = count + ?2 WHERE state = ?1"},
        {&rows.mark_told_, "UPDATE commands SET webhook_told = 1 WHERE id = ?1"},
        {&rows.insert_job_, insert_job_sql},
        {&rows.update_job_, update_job_sql},
        {&rows.insert_device_, "INSERT INTO job_devices VALUES (?1, ?2, ?3)"},
        {&rows.insert_audit_, "INSERT INTO audit (at, who, source, action, object, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
    };
    for (const auto& [slot, sql] : wanted) {
        auto statement = database.prepare(sql);
        if (!statement) return std::unexpected(std::move(statement.error()));
        slot->emplace(std::move(*statement));
    }
    auto devices = DeviceIndex::prepare(database);
    if (!devices) return std::unexpected(std::move(devices.error()));
    rows.devices_.emplace(std::move(*devices));
    return rows;
}

/// False when the id or its idempotency key is there already.
Result<bool> CommandRows::insert(const command::Command& command, std::string_view attempts) {
    const IdBytes id = id_bytes(command.id);
    bind_new(*insert_, command, id, attempts);
    if (auto run = insert_->run(); !run) return std::unexpected(std::move(run.error()));
    if (database_->changes() == 0) return false;
    count(command.state, 1);
    if (auto noted = devices_->inserted(command.device, id); !noted) return std::unexpected(std::move(noted.error()));
    return true;
}

Result<CommandRows::Outcome> CommandRows::put(const command::Command& command) {
    const std::string attempts = pack(command.attempts);
    // A command without attempts is most likely a new one.
    const bool tried = command.attempts.empty();
    if (tried) {
        const auto inserted = insert(command, attempts);
        if (!inserted) return std::unexpected(inserted.error());
        if (*inserted) return Outcome::written;
    }
    const auto changed = change(command, attempts);
    if (!changed || *changed != Outcome::key_taken || tried) return changed;
    const auto inserted = insert(command, attempts);
    if (!inserted) return std::unexpected(inserted.error());
    return *inserted ? Outcome::written : Outcome::key_taken;
}

/// `key_taken` when there is no such command, which is why it could not be inserted if that was tried.
Result<CommandRows::Outcome> CommandRows::change(const command::Command& command, std::string_view attempts) {
    const IdBytes id = id_bytes(command.id);
    const auto found = find_state_->bind_blob(1, id).step();
    if (!found) return std::unexpected(found.error());
    const bool exists = *found == Statement::Step::row;
    const auto before = exists ? static_cast<command::State>(find_state_->number(0)) : command::State::scheduled;
    find_state_->reset();
    if (!exists) return Outcome::key_taken;
    if (command::is_terminal(before)) return Outcome::lost_race;
    bind_changed(*update_, command, id, attempts);
    if (auto run = update_->run(); !run) return std::unexpected(std::move(run.error()));
    count(before, -1);
    count(command.state, 1);
    return Outcome::written;
}

Result<void> CommandRows::remove(command::CommandId id, std::string_view device, command::State state) {
    const IdBytes bytes = id_bytes(id);
    auto run = remove_->bind_blob(1, bytes).run();
    if (!run || database_->changes() == 0) return run;
    count(state, -1);
    return devices_->removed(device, bytes);
}

Result<void> CommandRows::put(const command::Job& job) {
    const std::string ended = pack(job.ended);
    bind_changed(*update_job_, job, ended);
    if (auto run = update_job_->run(); !run || database_->changes() == 1) return run;
    const std::string submission = pack(job.command);
    bind_new(*insert_job_, job, submission, ended);
    return insert_job_->run();
}

Result<void> CommandRows::put_devices(std::string_view job, const std::vector<std::string>& devices) {
    std::int64_t position = 0;
    for (const std::string& device : devices) {
        if (auto run = insert_device_->bind(1, job).bind(2, position++).bind(3, device).run(); !run) return run;
    }
    return {};
}

Result<void> CommandRows::put(const CommandStore::AuditEntry& entry) {
    return insert_audit_->bind(1, milliseconds(entry.at))
        .bind(2, entry.who)
        .bind(3, entry.source)
        .bind(4, entry.action)
        .bind(5, entry.object)
        .bind(6, entry.detail)
        .run();
}

Result<void> CommandRows::mark_webhook_told(command::CommandId id) {
    const IdBytes bytes = id_bytes(id);
    return mark_told_->bind_blob(1, bytes).run();
}

Result<void> CommandRows::write_tallies() {
    for (std::size_t state = 0; state < tallies_.size(); ++state) {
        if (tallies_[state] == 0) continue;
        auto run = tally_->bind(1, static_cast<std::int64_t>(state)).bind(2, tallies_[state]).run();
        if (!run) return run;
    }
    tallies_.fill(0);
    return {};
}

Result<void> CommandRows::finish() {
    if (auto written = write_tallies(); !written) return written;
    return devices_->write();
}

void CommandRows::forget() noexcept {
    tallies_.fill(0);
    devices_->forget();
}

}  // namespace holdfast::storage
