#pragma once
// A command centre for tests of the faces: commands in memory, durable at once, and devices that answer when and what the test
// says. It checks no more than the faces need: devices whose name begins with "no-" are unknown, names in "keys" repeat.
//
// Threads: the control thread only.

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/command_port.h"

namespace holdfast::test {

class ScriptedCentre final : public control::CommandPort {
public:
    explicit ScriptedCentre(const Clock& clock) : clock_(clock) {}

    void audit(const control::Caller& caller, std::string_view action, std::string object, std::string detail) override;
    void submit(command::Submission submission, const control::Caller& caller, SubmitDone done) override;
    [[nodiscard]] std::unique_ptr<control::Watching> wait(command::CommandId id, Time until, CommandDone done) override;
    [[nodiscard]] Result<command::Command> get(command::CommandId id) override;
    [[nodiscard]] Result<std::vector<command::Command>> list(const storage::CommandQuery& query) override;
    [[nodiscard]] Result<storage::CommandSummary> summary() override;
    void cancel(command::CommandId id, const control::Caller& caller, CommandDone done) override;
    [[nodiscard]] std::unique_ptr<control::Watching> watch(WatchFilter filter,
                                                           std::function<void(const command::Command&)> changed) override;
    void create_job(control::JobRequest request, const control::Caller& caller,
                    std::function<void(Result<command::Job>)> done) override;
    [[nodiscard]] Result<command::Job> get_job(std::string_view id) override;
    [[nodiscard]] Result<std::vector<command::Job>> list_jobs(std::size_t limit) override;
    void cancel_job(std::string_view id, const control::Caller& caller,
                    std::function<void(Result<command::Job>)> done) override;
    [[nodiscard]] Result<std::vector<storage::CommandStore::AuditEntry>> audit_log(std::size_t limit) override;
    [[nodiscard]] std::vector<queue::Poison> poison(std::size_t limit) override;
    [[nodiscard]] control::CentreStatus status() override;

    /// The device's answer; ends the command.
    void answer(command::CommandId id, command::State state, std::string result);
    /// Every waiting caller's time is over.
    void end_waits();
    /// From now on commands succeed as soon as they are submitted, with their own data as result.
    void answer_at_once(bool on) { at_once_ = on; }
    /// What the next submissions fail with, if anything.
    void refuse_with(std::optional<Error> error) { refusal_ = std::move(error); }

    /// How long the last one who waited would have.
    [[nodiscard]] Duration last_wait() const noexcept { return last_wait_; }
    [[nodiscard]] std::size_t waiting() const noexcept { return waits_.size(); }
    [[nodiscard]] std::size_t watching() const noexcept { return watches_.size(); }
    [[nodiscard]] const std::vector<command::Submission>& submissions() const noexcept { return submissions_; }
    [[nodiscard]] std::vector<command::CommandId> ids() const;

private:
    struct Wait {
        command::CommandId id;
        CommandDone done;
    };
    struct Watch {
        WatchFilter filter;
        std::function<void(const command::Command&)> changed;
    };
    template <class T>
    class Held;

    void tell(const command::Command& command);

    const Clock& clock_;
    std::map<command::CommandId, command::Command> commands_;
    std::map<std::string, command::Job, std::less<>> jobs_;
    std::list<Wait> waits_;
    std::list<Watch> watches_;
    std::vector<command::Submission> submissions_;
    std::vector<storage::CommandStore::AuditEntry> audit_;
    std::optional<Error> refusal_;
    std::uint64_t made_ = 0;
    Duration last_wait_{};
    bool at_once_ = false;
};

}  // namespace holdfast::test
