#pragma once
// What the faces (HTTP, gRPC, the command line through them) need of the command centre. The centre role implements it.
//
// Threads: the control thread only. Completions are called on it, possibly before the method returns.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "command/command.h"
#include "command/dispatcher.h"
#include "command/errors.h"
#include "command/job.h"
#include "command/submission.h"
#include "control/device_directory.h"
#include "queue/queue.h"
#include "storage/command_store.h"

namespace holdfast::control {

/// Who asks; goes to the audit record.
struct Caller {
    std::string name = {};    ///< the token's name
    std::string source = {};  ///< face and address, e.g. "http 127.0.0.1:40112"
    /// One of a batch, which has an entry of its own in the audit record.
    bool in_batch = false;
};

struct Submitted {
    command::Command command = {};
    bool repeated = false;  ///< the idempotency key was known: this is the command of the first time
};

struct JobRequest {
    command::Submission command = {};       ///< without a device
    std::string tag = {};                   ///< either a tag
    std::vector<std::string> devices = {};  ///< or a list
    double pace = 0;
    std::uint8_t abort_percent = 0;
    std::uint32_t abort_after = 10;
};

struct CentreStatus {
    std::string name = {};
    command::DispatcherCounts counts = {};
    std::uint64_t waiting_callers = 0;
    storage::StoreStatus store = {};
    queue::QueueStatus queue = {};
    /// Channels as the centre sees them.
    struct Channel {
        std::string cluster = {};
        bool connected = false;
        std::string sentence = {};
    };
    std::vector<Channel> channels = {};
};

class CommandPort {
public:
    virtual ~CommandPort() = default;

    using SubmitDone = std::function<void(Result<Submitted>)>;
    using CommandDone = std::function<void(Result<command::Command>)>;

    /// Adds to the audit record.
    virtual void audit(const Caller& caller, std::string_view action, std::string object, std::string detail) = 0;

    /// Answers when the command is durable (or has been refused). Errors: see command::Errc.
    virtual void submit(command::Submission submission, const Caller& caller, SubmitDone done) = 0;
    /// Answers when the command has ended and that is durable, or at `until` with its form then. Also for commands of other
    /// centres. Drop the returned object to stop waiting; `done` is then not called.
    [[nodiscard]] virtual std::unique_ptr<Watching> wait(command::CommandId id, Time until, CommandDone done) = 0;

    [[nodiscard]] virtual Result<command::Command> get(command::CommandId id) = 0;
    [[nodiscard]] virtual Result<std::vector<command::Command>> list(const storage::CommandQuery& query) = 0;
    [[nodiscard]] virtual Result<storage::CommandSummary> summary() = 0;
    /// Answers with the command as it is after that, when it is durable.
    virtual void cancel(command::CommandId id, const Caller& caller, CommandDone done) = 0;

    /// Calls back with every durable change of commands that match: all, of a device, of a job, or one.
    struct WatchFilter {
        std::optional<std::string> device = {};
        std::optional<std::string> job = {};
        std::optional<command::CommandId> id = {};
    };
    [[nodiscard]] virtual std::unique_ptr<Watching> watch(WatchFilter filter,
                                                          std::function<void(const command::Command&)> changed) = 0;

    virtual void create_job(JobRequest request, const Caller& caller, std::function<void(Result<command::Job>)> done) = 0;
    [[nodiscard]] virtual Result<command::Job> get_job(std::string_view id) = 0;
    [[nodiscard]] virtual Result<std::vector<command::Job>> list_jobs(std::size_t limit) = 0;
    virtual void cancel_job(std::string_view id, const Caller& caller, std::function<void(Result<command::Job>)> done) = 0;

    [[nodiscard]] virtual Result<std::vector<storage::CommandStore::AuditEntry>> audit_log(std::size_t limit) = 0;
    [[nodiscard]] virtual std::vector<queue::Poison> poison(std::size_t limit) = 0;
    [[nodiscard]] virtual CentreStatus status() = 0;
};

}  // namespace holdfast::control
