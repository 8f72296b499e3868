#pragma once
// The command centre: takes commands, records them, hands them to the channels of their clusters, collects what comes back and
// answers those who wait. The deciding is done by command::Dispatcher; this is the dispatcher's life in the world: store,
// queue, fleet, time.
//
// Several centres may work on one store. Each device belongs to one of the living ones (`CentreLease::owner_of`), which takes
// care of all its commands, so that window and order hold; a command that is submitted elsewhere is recorded there and handed
// over. When a centre dies another takes its commands over.
//
// Threads: the control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "center/centre_lease.h"
#include "center/durable_gate.h"
#include "center/job_desk.h"
#include "center/waiting_callers.h"
#include "center/webhook_sender.h"
#include "command/dispatcher.h"
#include "control/command_port.h"
#include "control/device_directory.h"
#include "control/watchers.h"
#include "queue/queue.h"
#include "runtime/log.h"
#include "storage/command_store.h"

namespace holdfast::center {

struct CenterOptions {
    command::DispatcherOptions dispatcher = {};  ///< with the centre's name
    command::SubmissionLimits limits = {};
    storage::CommandRetention retention = {};
    Duration lease = std::chrono::seconds(10);
    std::size_t max_waiting_callers = 20'000;
    std::size_t max_watchers = 1'000;
    WebhookOptions webhooks = {};
};

/// The topics of a centre; shared words of centres, channels and gateways.
[[nodiscard]] std::string request_topic(std::string_view cluster);
[[nodiscard]] std::string response_topic(std::string_view centre);
/// Where other centres hand over commands: the payload is an id, behind "-" when the command is to be cancelled.
[[nodiscard]] std::string handover_topic(std::string_view centre);

class CommandCenter final : public control::CommandPort {
public:
    /// All must outlive this object.
    CommandCenter(boost::asio::io_context& io, const Clock& clock, storage::CommandStore& store, queue::Queue& queue,
                  control::DeviceDirectory& directory, CenterOptions options);
    ~CommandCenter() override;

    /// Takes the centre's name, reads what is open and begins. Errors: the store cannot be read, another centre has the name.
    [[nodiscard]] Result<> start();
    /// Takes nothing more, answers those who wait, lets nothing out. Flush the store next.
    void stop();

    /// A gateway saw the device acknowledge an attempt.
    void acknowledged(const command::Report& report);
    /// Puts into effect what may change at run time.
    void set_options(const CenterOptions& options);
    /// Adds what only the composition knows to `status`.
    void on_status(std::function<std::vector<control::CentreStatus::Channel>()> channels) { channels_ = std::move(channels); }
    /// The centres that are alive.
    [[nodiscard]] const std::vector<std::string>& centres() const noexcept { return lease_.alive(); }
    [[nodiscard]] const command::DispatcherCounts& counts() const noexcept { return dispatcher_.counts(); }

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

private:
    // Submitting; submitting.cc.
    void submit_here(command::Command command, SubmitDone done);
    void submit_abroad(command::Command command, std::string_view owner, SubmitDone done);
    /// True when the idempotency key was used before and `done` has its answer or will get it.
    bool answer_repetition(const command::Command& command, SubmitDone& done);
    void answer_accepted(const command::Command& command);
    void give_back(std::vector<command::CommandId>&& ids, const Error& why);
    void cancel_held(command::CommandId id, const control::Caller& caller, CommandDone done);

    // What comes and goes; command_center.cc.
    void consume();
    void take_response(const queue::Delivery& delivery);
    void take_handover(const queue::Delivery& delivery);
    void settle_soon();
    void settle();
    void pass(Passed&& passed);
    void publish(std::vector<command::Dispatch>& requests);
    void arm_timer();
    void arm_care();
    void take_care();
    /// Reads commands of this centre that are due soon from the store, a page at a time.
    void read_open(std::optional<command::CommandId> after);
    void read_handed_over();
    void begin_anew();
    void look_abroad();
    [[nodiscard]] Moment moment() const noexcept { return {clock_.now(), clock_.wall()}; }
    [[nodiscard]] command::CommandId new_id();

    boost::asio::io_context& io_;
    const Clock& clock_;
    storage::CommandStore& store_;
    queue::Queue& queue_;
    control::DeviceDirectory& directory_;
    CenterOptions options_;
    std::mt19937_64 random_;
    command::CommandId last_id_;
    command::Dispatcher dispatcher_;
    DurableGate gate_;
    CentreLease lease_;
    WaitingCallers waiting_;
    WebhookSender webhooks_;
    JobDesk jobs_;
    control::Watchers<const command::Command&> watchers_;

    std::unique_ptr<queue::Consumer> responses_;
    std::unique_ptr<queue::Consumer> handovers_;
    std::unique_ptr<control::Watching> devices_;
    std::function<std::vector<control::CentreStatus::Channel>()> channels_;

    /// Senders whose command is being recorded.
    std::unordered_map<command::CommandId, std::vector<SubmitDone>> accepting_;
    /// Idempotency keys of commands that are being recorded, as submitter, NUL, key.
    std::unordered_map<std::string, command::Command> recording_keys_;
    /// Callers whose cancelling is being recorded.
    std::unordered_map<command::CommandId, std::vector<CommandDone>> cancelling_;
    /// Deliveries whose effects have not entered the gate yet.
    std::vector<std::uint64_t> handled_;

    boost::asio::steady_timer timer_;
    boost::asio::steady_timer care_timer_;
    boost::asio::steady_timer abroad_timer_;
    boost::asio::steady_timer linger_timer_;
    Time read_again_at_{};
    Time sweep_again_at_{};
    log::RepeatLimit unreadable_{1, std::chrono::minutes(1)};
    bool reading_ = false;
    bool settling_ = false;
    /// Progress that nobody waits for is being held back until then.
    Time settle_by_ = Time::max();
    bool lingering_ = false;
    bool running_ = false;
    std::shared_ptr<CommandCenter*> self_;
};

}  // namespace holdfast::center
