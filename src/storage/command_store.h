#pragma once
// The port through which commands survive: the truth about every command, shared by all centres of a fleet.
//
// Writes are grouped: whoever writes is told when it is durable, and many writes share one commit. A record is written whole; a
// later write of the same command that is not written yet replaces the earlier one, but never a terminal one by another. A
// record that is terminal in the store is never changed there, whoever writes: the write counts as done and `lost_race` is
// counted.
//
// Threads: from any thread. Completions are called on the writer's thread: post them to where they belong. Reads block for the
// disk (microseconds while the pages are in memory), see what is durable, and never wait for the writer.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "command/command.h"
#include "command/job.h"
#include "storage/fleet_store.h"

namespace holdfast::storage {

/// Which commands to list; all given conditions must hold. Newest first.
struct CommandQuery {
    std::optional<std::string> device = {};
    std::optional<std::string> job = {};
    std::vector<command::State> states = {};        ///< empty: all
    std::optional<WallTime> from = {};              ///< created at or after
    std::optional<WallTime> until = {};             ///< created before
    std::optional<command::CommandId> before = {};  ///< the page after this one: ids below it
    std::size_t limit = 100;                        ///< 1..1000
};

struct CommandSummary {
    std::uint64_t total = 0;
    std::uint64_t by_state[10] = {};
};

/// A centre's sign of life. While its lease holds nobody else touches its commands.
struct CentreLease {
    std::string name = {};
    std::uint64_t epoch = 0;  ///< grows each time the name is taken
    WallTime until{};
};

struct CommandRetention {
    Duration age = std::chrono::hours(24 * 30);  ///< ended commands are removed after this
    std::uint64_t count = 1'000'000;             ///< ended commands kept at most
};

class CommandStore {
public:
    using Completion = std::function<void(Result<>)>;

    virtual ~CommandStore() = default;

    // --- writing ---

    /// Errors (the store is full, read-only, locked) come when the writer has given up on this group; nothing of the group was
    /// written then, and the same may be written again.
    virtual void write(std::vector<command::Command> commands, Completion done) = 0;

    // --- commands ---

    [[nodiscard]] virtual Result<std::optional<command::Command>> get(command::CommandId id) = 0;
    /// By idempotency key and submitter.
    [[nodiscard]] virtual Result<std::optional<command::Command>> find_key(std::string_view submitted_by,
                                                                           std::string_view key) = 0;
    [[nodiscard]] virtual Result<std::vector<command::Command>> list(const CommandQuery& query) = 0;
    [[nodiscard]] virtual Result<CommandSummary> summary() = 0;
    /// Commands of a centre that have not ended and are due before `horizon`, by rising id after `after`, at most `limit`.
    [[nodiscard]] virtual Result<std::vector<command::Command>> open_commands(std::string_view centre, WallTime horizon,
                                                                              std::optional<command::CommandId> after,
                                                                              std::size_t limit) = 0;

    // --- centres ---

    /// Takes or renews a name. Fails with in_use while another's lease of that name holds; a lease whose holder on this machine
    /// is known to have ended does not hold.
    [[nodiscard]] virtual Result<CentreLease> hold_lease(std::string_view name, std::optional<std::uint64_t> epoch,
                                                         WallTime now, Duration length) = 0;
    /// Ends a lease in good order, so that others may take over at once. Ignored when it is another's now.
    virtual void end_lease(std::string_view name, std::uint64_t epoch) = 0;
    [[nodiscard]] virtual Result<std::vector<CentreLease>> leases() = 0;
    /// Makes the open commands of a centre whose lease has ended before `now` those of `to`, and says how many.
    [[nodiscard]] virtual Result<std::uint64_t> adopt(std::string_view from, std::string_view to, WallTime now) = 0;

    // --- jobs ---

    /// Durable when it returns; `devices` in their order.
    [[nodiscard]] virtual Result<> create_job(const command::Job& job, const std::vector<std::string>& devices) = 0;
    virtual void write_job(const command::Job& job, Completion done) = 0;
    [[nodiscard]] virtual Result<std::optional<command::Job>> get_job(std::string_view id) = 0;
    /// Newest first.
    [[nodiscard]] virtual Result<std::vector<command::Job>> list_jobs(std::size_t limit) = 0;
    /// Devices of a job from position `from` on.
    [[nodiscard]] virtual Result<std::vector<std::string>> job_devices(std::string_view id, std::uint32_t from,
                                                                       std::size_t limit) = 0;

    // --- audit ---

    /// Who asked for what; kept with the same retention. Written with the next group.
    struct AuditEntry {
        WallTime at{};
        std::string who = {};     ///< the token's name
        std::string source = {};  ///< address and face, e.g. "http 127.0.0.1:40112"
        std::string action = {};  ///< e.g. "command.submit"
        std::string object = {};  ///< e.g. the command's id
        std::string detail = {};  ///< device and name; never a payload
    };
    virtual void audit(AuditEntry entry) = 0;
    /// Newest first.
    [[nodiscard]] virtual Result<std::vector<AuditEntry>> audit_log(std::size_t limit) = 0;

    // --- webhooks ---

    /// Ended commands with a webhook that was not told yet, oldest first, at most `limit`.
    [[nodiscard]] virtual Result<std::vector<command::Command>> webhooks_untold(std::size_t limit) = 0;
    /// It was told, or given up. Written with the next group.
    virtual void webhook_told(command::CommandId id) = 0;

    // --- care ---

    /// Removes ended commands beyond the retention, at most `limit` of them; says how many.
    [[nodiscard]] virtual Result<std::uint64_t> remove_old(const CommandRetention& retention, WallTime now,
                                                           std::size_t limit) = 0;
    [[nodiscard]] virtual StoreStatus status() const = 0;
    /// Waits until everything written so far is durable, at most so long. True when it is.
    [[nodiscard]] virtual bool flush(Duration at_most) = 0;
};

}  // namespace holdfast::storage
