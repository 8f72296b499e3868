#include "storage/sqlite_command_store.h"

#include <mutex>
#include <optional>
#include <utility>

#include "storage/command_leases.h"
#include "storage/command_reads.h"
#include "storage/command_retention.h"
#include "storage/command_writer.h"
#include "storage/name_locks.h"

namespace holdfast::storage {
namespace {

/// Commands that one transaction hands over, so that others are not held up for long.
constexpr std::uint64_t adopted_at_once = 5000;

class OpenStore final : public CommandStore {
public:
    OpenStore(SqliteCommandOptions options, const Clock& clock, std::unique_ptr<CommandFile> file, Database reading)
        : names_(options.path), reads_(std::move(reading)), writer_(std::move(options), clock, std::move(file)) {}

    void write(std::vector<command::Command> commands, Completion done) override {
        writer_.write(std::move(commands), std::move(done));
    }
    void write_job(const command::Job& job, Completion done) override { writer_.write_job(job, std::move(done)); }
    void audit(AuditEntry entry) override { writer_.audit(std::move(entry)); }
    void webhook_told(command::CommandId id) override { writer_.webhook_told(id); }
    [[nodiscard]] StoreStatus status() const override { return writer_.status(); }
    [[nodiscard]] bool flush(Duration at_most) override { return writer_.flush(at_most); }

    [[nodiscard]] Result<std::optional<command::Command>> get(command::CommandId id) override {
        const std::lock_guard lock(mutex_);
        return reads_.get(id);
    }
    [[nodiscard]] Result<std::optional<command::Command>> find_key(std::string_view submitted_by,
                                                                   std::string_view key) override {
        const std::lock_guard lock(mutex_);
        return reads_.find_key(submitted_by, key);
    }
    [[nodiscard]] Result<std::vector<command::Command>> list(const CommandQuery& query) override {
        const std::lock_guard lock(mutex_);
        return reads_.list(query);
    }
    [[nodiscard]] Result<CommandSummary> summary() override {
        const std::lock_guard lock(mutex_);
        return reads_.summary();
    }
    [[nodiscard]] Result<std::vector<command::Command>> open_commands(std::string_view centre, WallTime horizon,
                                                                      std::optional<command::CommandId> after,
                                                                      std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        return reads_.open_commands(centre, horizon, after, limit);
    }
    [[nodiscard]] Result<std::vector<command::Command>> webhooks_untold(std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        return reads_.webhooks_untold(limit);
    }
    [[nodiscard]] Result<std::vector<CentreLease>> leases() override {
        const std::lock_guard lock(mutex_);
        return reads_.leases();
    }
    [[nodiscard]] Result<std::optional<command::Job>> get_job(std::string_view id) override {
        const std::lock_guard lock(mutex_);
        return reads_.get_job(id);
    }
    [[nodiscard]] Result<std::vector<command::Job>> list_jobs(std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        return reads_.list_jobs(limit);
    }
    [[nodiscard]] Result<std::vector<std::string>> job_devices(std::string_view id, std::uint32_t from,
                                                               std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        return reads_.job_devices(id, from, limit);
    }
    [[nodiscard]] Result<std::vector<AuditEntry>> audit_log(std::size_t limit) override {
        const std::lock_guard lock(mutex_);
        return reads_.audit_log(limit);
    }

    [[nodiscard]] Result<CentreLease> hold_lease(std::string_view name, std::optional<std::uint64_t> epoch, WallTime now,
                                                 Duration length) override {
        const bool free = !epoch && names_.take(name);
        auto lease = answer_of<CentreLease>(
            [=](CommandFile& file) { return take_lease(file.rows().database(), name, epoch, free, now, length); });
        if (!lease && free) names_.release(name);
        return lease;
    }
    void end_lease(std::string_view name, std::uint64_t epoch) override {
        // When it cannot be written the lease ends by itself.
        static_cast<void>(writer_.run([=](CommandFile& file) { return drop_lease(file.rows().database(), name, epoch); }));
        names_.release(name);
    }
    [[nodiscard]] Result<std::uint64_t> adopt(std::string_view from, std::string_view to, WallTime now) override {
        for (std::uint64_t all = 0; from != to;) {
            const auto some = answer_of<std::uint64_t>(
                [=](CommandFile& file) { return adopt_some(file.rows().database(), from, to, now, adopted_at_once); });
            if (!some) return some;
            all += *some;
            if (*some < adopted_at_once) return all;
        }
        return 0;
    }
    [[nodiscard]] Result<> create_job(const command::Job& job, const std::vector<std::string>& devices) override {
        return writer_.run([&](CommandFile& file) {
            auto put = file.rows().put(job);
            return put ? file.rows().put_devices(job.id, devices) : put;
        });
    }
    [[nodiscard]] Result<std::uint64_t> remove_old(const CommandRetention& retention, WallTime now,
                                                   std::size_t limit) override {
        return answer_of<std::uint64_t>([&](CommandFile& file) { return sweep_.step(file.rows(), retention, now, limit); });
    }

private:
    /// What a task in the writer's next transaction answers.
    template <class Value, class Task>
    Result<Value> answer_of(Task task) {
        std::optional<Value> value;
        auto run = writer_.run([&](CommandFile& file) -> Result<void> {
            auto answer = task(file);
            if (!answer) return std::unexpected(std::move(answer.error()));
            value = std::move(*answer);
            return {};
        });
        if (!run) return std::unexpected(std::move(run.error()));
        return std::move(*value);
    }

    NameLocks names_;
    std::mutex mutex_;  ///< for `reads_`
    CommandReads reads_;
    CommandRetentionSweep sweep_;  ///< the writer's thread only
    CommandWriter writer_;         // the last, so that it ends first
};

}  // namespace

Result<std::unique_ptr<CommandStore>> SqliteCommandStore::open(SqliteCommandOptions options, const Clock& clock) {
    auto file = CommandFile::open(options.path, options.busy_timeout, options.durability);
    if (!file) return std::unexpected(std::move(file.error()));
    auto reading = CommandFile::open_for_reading(options.path, options.busy_timeout);
    if (!reading) return std::unexpected(std::move(reading.error()));
    return std::make_unique<OpenStore>(std::move(options), clock, std::move(*file), std::move(*reading));
}

}  // namespace holdfast::storage
