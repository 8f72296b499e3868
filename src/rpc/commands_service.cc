#include "rpc/commands_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "control/batch_record.h"
#include "rpc/command_messages.h"
#include "rpc/unary_call.h"
#include "rpc/watch_call.h"

namespace holdfast::rpc {

namespace {

using access::Scope;
using std::chrono::milliseconds;

constexpr int max_batch = 1000;
constexpr std::size_t max_list = 1000;
/// A command may end so long after its deadline: a channel may still say that it did not send it.
constexpr Duration end_grace = std::chrono::seconds(2);
/// What is left of a call's deadline for the answer's way back.
constexpr Duration shortest_margin = milliseconds(5);
constexpr Duration longest_margin = milliseconds(200);
constexpr Duration longest_wait = std::chrono::hours(24);

template <class Reply>
using CallPtr = std::shared_ptr<UnaryCall<Reply>>;

/// Until when a call may wait for a command: a moment before its own deadline, and a moment after the command's.
Time wait_until(const CommandsService& service, const grpc::CallbackServerContext& context, WallTime deadline,
                Duration at_most) {
    const Duration left_of_command = std::max<Duration>(deadline - service.clock.wall(), Duration(0)) + end_grace;
    Duration wait = std::min({at_most, left_of_command, longest_wait});
    const auto now = std::chrono::system_clock::now();
    if (context.deadline() < now + longest_wait) {
        const Duration left_of_call = std::max<Duration>(context.deadline() - now, Duration(0));
        const Duration margin = std::clamp(left_of_call / 10, shortest_margin, longest_margin);
        wait = std::min(wait, std::max(left_of_call - margin, Duration(0)));
    }
    return service.clock.now() + wait;
}

Result<command::CommandId> read_id(const std::string& text) {
    const auto id = command::CommandId::parse(text);
    if (!id) return fail(command::Errc::not_found, fmt::format("there is no command '{}'", text.substr(0, 100)));
    return *id;
}

void submit(const CallPtr<v1::SubmitReply>& call, const v1::SubmitRequest& request, bool wait) {
    auto submission = read_submission(request.command());
    if (!submission) return call->fail_with(submission.error());
    submission->submitted_by = call->caller.name;
    submission->wait = wait;
    call->service.commands.submit(
        std::move(*submission), call->caller, [call, wait](const Result<control::Submitted>& submitted) {
            if (call->ended()) return;
            if (!submitted) return call->fail_with(submitted.error());
            call->reply.set_repeated_key(submitted->repeated);
            const command::Command& taken = submitted->command;
            if (!wait || is_terminal(taken.state)) {
                write_command(taken, *call->reply.mutable_command());
                return call->succeed();
            }
            const Time until = wait_until(call->service, call->context, taken.deadline, longest_wait);
            call->wait(taken.id, until, [](UnaryCall<v1::SubmitReply>& waiting, const Result<command::Command>& command) {
                if (!command) return waiting.fail_with(command.error());
                write_command(*command, *waiting.reply.mutable_command());
                waiting.succeed();
            });
        });
}

void answer_item(v1::SubmitBatchReply::Answer& answer, const Result<control::Submitted>& submitted) {
    if (submitted) {
        write_command(submitted->command, *answer.mutable_command());
        answer.set_repeated_key(submitted->repeated);
        return;
    }
    answer.mutable_refusal()->set_code(status_code(submitted.error()));
    answer.mutable_refusal()->set_error(std::string(submitted.error().code_name()));
    answer.mutable_refusal()->set_message(submitted.error().message());
}

void submit_batch(const CallPtr<v1::SubmitBatchReply>& call, const v1::SubmitBatchRequest& request) {
    if (request.commands_size() == 0 || request.commands_size() > max_batch) {
        return call->fail_with(Error(command::Errc::bad_field, fmt::format("commands: from 1 to {} of them", max_batch)));
    }
    struct Batch {
        int missing = 0;
        control::BatchRecord record = {};
    };
    const auto batch = std::make_shared<Batch>(request.commands_size());
    control::Caller member = call->caller;
    member.in_batch = true;
    for (int i = 0; i < request.commands_size(); ++i)
        call->reply.add_answers();
    for (int i = 0; i < request.commands_size(); ++i) {
        const auto done = [call, batch, i](const Result<control::Submitted>& submitted) {
            batch->record.add(submitted);
            if (!call->ended()) answer_item(*call->reply.mutable_answers(i), submitted);
            if (--batch->missing > 0) return;
            if (batch->record.taken() > 0) {
                call->service.commands.audit(call->caller, "command.submit", batch->record.first(), batch->record.text());
            }
            if (!call->ended()) call->succeed();
        };
        auto submission = read_submission(request.commands(i));
        if (!submission) {
            done(std::unexpected(submission.error()));
            continue;
        }
        submission->submitted_by = call->caller.name;
        call->service.commands.submit(std::move(*submission), member, done);
    }
}

void get(const CallPtr<v1::Command>& call, const v1::GetRequest& request) {
    const auto id = read_id(request.id());
    if (!id) return call->fail_with(id.error());
    const auto command = call->service.commands.get(*id);
    if (!command) return call->fail_with(command.error());
    if (!request.has_wait() || is_terminal(command->state)) {
        write_command(*command, call->reply);
        return call->succeed();
    }
    const auto at_most = read_duration(request.wait(), "wait");
    if (!at_most) return call->fail_with(at_most.error());
    const Time until = wait_until(call->service, call->context, command->deadline, *at_most);
    call->wait(*id, until, [](UnaryCall<v1::Command>& waiting, const Result<command::Command>& ended) {
        if (!ended) return waiting.fail_with(ended.error());
        write_command(*ended, waiting.reply);
        waiting.succeed();
    });
}

void list(const CallPtr<v1::ListReply>& call, const v1::ListRequest& request) {
    const auto query = read_query(request);
    if (!query) return call->fail_with(query.error());
    const auto commands = call->service.commands.list(*query);
    if (!commands) return call->fail_with(commands.error());
    for (const command::Command& command : *commands)
        write_command(command, *call->reply.add_commands());
    if (commands->size() == query->limit) call->reply.set_next(commands->back().id.text());
    call->succeed();
}

/// Answers a call with a job, or with why there is none.
void answer_job(UnaryCall<v1::Job>& call, const Result<command::Job>& job) {
    if (call.ended()) return;
    if (!job) return call.fail_with(job.error());
    write_job(*job, call.reply);
    call.succeed();
}

}  // namespace

CommandsService::CommandsService(boost::asio::io_context& io_context, const Clock& real_clock, control::CommandPort& port,
                                 access::Tokens& known_tokens, const RpcOptions& bounds)
    : io(io_context), clock(real_clock), commands(port), tokens(known_tokens), options(bounds) {}

grpc::ServerUnaryReactor* CommandsService::Submit(grpc::CallbackServerContext* context, const v1::SubmitRequest* request,
                                                  v1::SubmitReply* reply) {
    return take_call(*this, *context, Scope::command, *reply,
                     [request](const CallPtr<v1::SubmitReply>& call) { submit(call, *request, false); });
}

grpc::ServerUnaryReactor* CommandsService::SubmitAndWait(grpc::CallbackServerContext* context, const v1::SubmitRequest* request,
                                                         v1::SubmitReply* reply) {
    return take_call(*this, *context, Scope::command, *reply,
                     [request](const CallPtr<v1::SubmitReply>& call) { submit(call, *request, true); });
}

grpc::ServerUnaryReactor* CommandsService::SubmitBatch(grpc::CallbackServerContext* context,
                                                       const v1::SubmitBatchRequest* request, v1::SubmitBatchReply* reply) {
    return take_call(*this, *context, Scope::command, *reply,
                     [request](const CallPtr<v1::SubmitBatchReply>& call) { submit_batch(call, *request); });
}

grpc::ServerUnaryReactor* CommandsService::Get(grpc::CallbackServerContext* context, const v1::GetRequest* request,
                                               v1::Command* reply) {
    return take_call(*this, *context, Scope::read, *reply,
                     [request](const CallPtr<v1::Command>& call) { get(call, *request); });
}

grpc::ServerUnaryReactor* CommandsService::List(grpc::CallbackServerContext* context, const v1::ListRequest* request,
                                                v1::ListReply* reply) {
    return take_call(*this, *context, Scope::read, *reply,
                     [request](const CallPtr<v1::ListReply>& call) { list(call, *request); });
}

grpc::ServerUnaryReactor* CommandsService::Cancel(grpc::CallbackServerContext* context, const v1::CancelRequest* request,
                                                  v1::Command* reply) {
    return take_call(*this, *context, Scope::command, *reply, [request](const CallPtr<v1::Command>& call) {
        const auto id = read_id(request->id());
        if (!id) return call->fail_with(id.error());
        call->service.commands.cancel(*id, call->caller, [call](const Result<command::Command>& command) {
            if (call->ended()) return;
            if (!command) return call->fail_with(command.error());
            write_command(*command, call->reply);
            call->succeed();
        });
    });
}

grpc::ServerWriteReactor<v1::WatchReply>* CommandsService::Watch(grpc::CallbackServerContext* context,
                                                                 const v1::WatchRequest* request) {
    /// For a client that is refused before anything else.
    class Refused final : public grpc::ServerWriteReactor<v1::WatchReply> {
    public:
        explicit Refused(const grpc::Status& status) { Finish(status); }
        void OnDone() override { delete this; }
    };
    const auto call = std::make_shared<WatchCall>(*this, *context);
    grpc::Status refusal;
    if (!enter(call, refusal)) return std::make_unique<Refused>(refusal).release();
    boost::asio::post(io, [call, request] { call->begin(*request); });
    return call.get();
}

grpc::ServerUnaryReactor* CommandsService::CreateJob(grpc::CallbackServerContext* context, const v1::CreateJobRequest* request,
                                                     v1::Job* reply) {
    return take_call(*this, *context, Scope::command, *reply, [request](const CallPtr<v1::Job>& call) {
        auto job = read_job(*request);
        if (!job) return call->fail_with(job.error());
        job->command.submitted_by = call->caller.name;
        call->service.commands.create_job(std::move(*job), call->caller,
                                          [call](const Result<command::Job>& made) { answer_job(*call, made); });
    });
}

grpc::ServerUnaryReactor* CommandsService::GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                                  v1::Job* reply) {
    return take_call(*this, *context, Scope::read, *reply, [request](const CallPtr<v1::Job>& call) {
        answer_job(*call, call->service.commands.get_job(request->id()));
    });
}

grpc::ServerUnaryReactor* CommandsService::ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                                    v1::ListJobsReply* reply) {
    return take_call(*this, *context, Scope::read, *reply, [request](const CallPtr<v1::ListJobsReply>& call) {
        const auto jobs =
            call->service.commands.list_jobs(request->limit() == 0 ? 100 : std::min<std::size_t>(request->limit(), max_list));
        if (!jobs) return call->fail_with(jobs.error());
        for (const command::Job& job : *jobs)
            write_job(job, *call->reply.add_jobs());
        call->succeed();
    });
}

grpc::ServerUnaryReactor* CommandsService::CancelJob(grpc::CallbackServerContext* context, const v1::CancelJobRequest* request,
                                                     v1::Job* reply) {
    return take_call(*this, *context, Scope::command, *reply, [request](const CallPtr<v1::Job>& call) {
        call->service.commands.cancel_job(request->id(), call->caller,
                                          [call](const Result<command::Job>& job) { answer_job(*call, job); });
    });
}

bool CommandsService::enter(const std::shared_ptr<LiveCall>& call, grpc::Status& refusal) {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
        refusal = {grpc::StatusCode::UNAVAILABLE, "this command centre ends; ask again in a moment"};
        return false;
    }
    if (calls_.size() >= options.max_calls) {
        refusal = {grpc::StatusCode::RESOURCE_EXHAUSTED, "as many calls as may be are being answered; try again later"};
        return false;
    }
    calls_.emplace(call.get(), call);
    return true;
}

void CommandsService::leave(const LiveCall* call) {
    std::shared_ptr<LiveCall> last;
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(call);
    if (found == calls_.end()) return;
    // Destroyed after the lock is let go.
    last = std::move(found->second);
    calls_.erase(found);
}

std::size_t CommandsService::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_.size();
}

void CommandsService::stop() {
    std::vector<std::shared_ptr<LiveCall>> calls;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        calls.reserve(calls_.size());
        for (const auto& [key, call] : calls_)
            calls.push_back(call);
    }
    for (const auto& call : calls)
        call->end({grpc::StatusCode::UNAVAILABLE, "this command centre ends; the command goes on"});
}

}  // namespace holdfast::rpc
