// Commands over gRPC, with a client made from the same proto file.

#include "rpc/rpc_server.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <future>
#include <thread>

#include "access/token_file.h"
#include "holdfast/v1/commands.grpc.pb.h"
#include "runtime/system_clock.h"
#include "scripted_centre.h"
#include "support/scratch_directory.h"

namespace holdfast::rpc {
namespace {

using command::State;
using test::ScriptedCentre;

constexpr std::string_view admin_token = "a-token-of-the-test_0123456789";
/// Longer than any call here takes; a test that reaches it has failed.
constexpr std::chrono::seconds patience{20};

class RpcStage {
public:
    explicit RpcStage(RpcOptions options = {}) {
        tokens = std::make_unique<access::Tokens>(std::string(admin_token), directory / "tokens");
        options.port = 0;
        server = std::make_unique<RpcServer>(io_, clock_, centre_, *tokens, options);
        const Result<> started = server->start();
        EXPECT_TRUE(started) << started.error().message();
        channel = grpc::CreateChannel(server->endpoint(), grpc::InsecureChannelCredentials());
        stub = v1::Commands::NewStub(channel);
        thread_ = std::thread([this] { io_.run(); });
    }
    ~RpcStage() {
        stop();
        boost::asio::post(io_, [this] { work_.reset(); });
        thread_.join();
    }
    RpcStage(const RpcStage&) = delete;
    RpcStage& operator=(const RpcStage&) = delete;

    /// Runs on the control thread and waits for it.
    template <class Work>
    auto on_centre(Work work) {
        std::packaged_task<decltype(work(centre_))()> task([&] { return work(centre_); });
        auto result = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return result.get();
    }
    void stop() {
        on_centre([this](ScriptedCentre&) { server->stop(); });
    }
    void await_waiters(std::size_t count) {
        while (on_centre([](ScriptedCentre& centre) { return centre.waiting(); }) != count)
            std::this_thread::yield();
    }

    test::ScratchDirectory scratch;
    std::filesystem::path directory = scratch.path();
    std::unique_ptr<access::Tokens> tokens;
    std::unique_ptr<RpcServer> server;
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::Commands::Stub> stub;

private:
    runtime::SystemClock clock_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    ScriptedCentre centre_{clock_};
    std::thread thread_;
};

/// A call's context with a token and an end.
struct Context : grpc::ClientContext {
    explicit Context(std::string_view token = admin_token, std::chrono::milliseconds deadline = patience) {
        if (!token.empty()) AddMetadata("authorization", fmt::format("Bearer {}", token));
        set_deadline(std::chrono::system_clock::now() + deadline);
    }
    std::string error_name() {
        const auto& metadata = GetServerTrailingMetadata();
        const auto found = metadata.find("holdfast-error");
        return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
    }
};

v1::SubmitRequest ping(std::string_view device = "meter-7") {
    v1::SubmitRequest request;
    request.mutable_command()->set_device(std::string(device));
    request.mutable_command()->set_name("ping");
    return request;
}

TEST(Rpc, SubmitsAndShowsACommand) {
    RpcStage stage;
    v1::SubmitRequest request = ping();
    v1::Submission& asked = *request.mutable_command();
    asked.set_payload("{\"n\":1}");
    asked.set_content_type("application/json");
    asked.mutable_deadline_in()->set_seconds(60);
    asked.set_offline(v1::OFFLINE_WAIT);
    asked.set_order(v1::ORDER_NONE);
    asked.set_attempts(7);
    asked.mutable_answer_timeout()->set_nanos(500'000'000);
    asked.set_idempotency_key("k");
    v1::SubmitReply reply;
    Context context;
    const grpc::Status status = stage.stub->Submit(&context, request, &reply);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(reply.command().state(), v1::STATE_QUEUED);
    EXPECT_EQ(reply.command().executed(), v1::EXECUTED_NO);
    EXPECT_EQ(reply.command().submitted_by(), "admin");
    EXPECT_EQ(reply.command().offline(), v1::OFFLINE_WAIT);
    EXPECT_EQ(reply.command().deadline().seconds() - reply.command().created_at().seconds(), 60);
    EXPECT_FALSE(reply.repeated_key());
    const command::Submission read = stage.on_centre([](ScriptedCentre& centre) { return centre.submissions().back(); });
    EXPECT_EQ(read.payload, "{\"n\":1}");
    EXPECT_EQ(read.order, command::Order::none);
    EXPECT_EQ(read.attempts, 7);
    EXPECT_EQ(read.answer_timeout, std::chrono::milliseconds(500));
    EXPECT_FALSE(read.wait);

    v1::GetRequest get;
    get.set_id(reply.command().id());
    v1::Command shown;
    Context again;
    EXPECT_TRUE(stage.stub->Get(&again, get, &shown).ok());
    EXPECT_EQ(shown.SerializeAsString(), reply.command().SerializeAsString());
    v1::SubmitReply repeated;
    Context third;
    EXPECT_TRUE(stage.stub->Submit(&third, request, &repeated).ok());
    EXPECT_TRUE(repeated.repeated_key());
}

TEST(Rpc, WaitsForTheEnd) {
    RpcStage stage;
    std::thread device([&stage] {
        stage.await_waiters(1);
        stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().back(), State::succeeded, "done"); });
    });
    v1::SubmitReply reply;
    Context context;
    const grpc::Status status = stage.stub->SubmitAndWait(&context, ping(), &reply);
    device.join();
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(reply.command().state(), v1::STATE_SUCCEEDED);
    EXPECT_EQ(reply.command().executed(), v1::EXECUTED_YES);
    EXPECT_EQ(reply.command().result(), "done");
    EXPECT_EQ(reply.command().attempts(0).node(), "east-1");
    stage.await_waiters(0);
}

TEST(Rpc, AnswersBeforeTheCallsOwnDeadline) {
    RpcStage stage;
    std::thread device([&stage] {
        stage.await_waiters(1);
        stage.on_centre([](ScriptedCentre& centre) { centre.end_waits(); });
    });
    v1::SubmitReply reply;
    Context context(admin_token, std::chrono::seconds(10));
    EXPECT_TRUE(stage.stub->SubmitAndWait(&context, ping(), &reply).ok());
    device.join();
    EXPECT_EQ(reply.command().state(), v1::STATE_QUEUED);
    // The answer needs some of the time for its way back.
    const Duration wait = stage.on_centre([](ScriptedCentre& centre) { return centre.last_wait(); });
    EXPECT_GT(wait, std::chrono::seconds(1));
    EXPECT_LE(wait, std::chrono::milliseconds(9800));
}

TEST(Rpc, ForgetsACallerWhoGivesUp) {
    RpcStage stage;
    Context context;
    std::thread caller([&] {
        v1::SubmitReply reply;
        EXPECT_EQ(stage.stub->SubmitAndWait(&context, ping(), &reply).error_code(), grpc::StatusCode::CANCELLED);
    });
    stage.await_waiters(1);
    context.TryCancel();
    caller.join();
    stage.await_waiters(0);
    EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.get(centre.ids().back())->state; }), State::queued);
}

TEST(Rpc, TellsErrorsByTheirCodeAndName) {
    using command::Errc;
    RpcStage stage;
    const std::vector<std::tuple<Errc, grpc::StatusCode>> table = {
        {Errc::bad_field, grpc::StatusCode::INVALID_ARGUMENT},
        {Errc::deadline_passed, grpc::StatusCode::INVALID_ARGUMENT},
        {Errc::device_unknown, grpc::StatusCode::NOT_FOUND},
        {Errc::device_disabled, grpc::StatusCode::FAILED_PRECONDITION},
        {Errc::no_cluster, grpc::StatusCode::FAILED_PRECONDITION},
        {Errc::key_conflict, grpc::StatusCode::ALREADY_EXISTS},
        {Errc::too_many, grpc::StatusCode::RESOURCE_EXHAUSTED},
        {Errc::store_unavailable, grpc::StatusCode::UNAVAILABLE},
    };
    for (const auto& [code, wanted] : table) {
        stage.on_centre([code = code](ScriptedCentre& centre) { centre.refuse_with(Error(code, "name: a sentence")); });
        v1::SubmitReply reply;
        Context context;
        const grpc::Status status = stage.stub->Submit(&context, ping(), &reply);
        EXPECT_EQ(status.error_code(), wanted);
        EXPECT_EQ(status.error_message(), "name: a sentence");
        EXPECT_EQ(context.error_name(), Error(code, "").code_name());
    }
    v1::SubmitRequest wrong = ping();
    wrong.mutable_command()->mutable_deadline_in()->set_seconds(-1);
    v1::SubmitReply reply;
    Context context;
    EXPECT_TRUE(stage.stub->Submit(&context, wrong, &reply).error_message().starts_with("deadline_in: "));
    v1::GetRequest nonsense;
    nonsense.set_id("nonsense");
    v1::Command command;
    Context other;
    EXPECT_EQ(stage.stub->Get(&other, nonsense, &command).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST(Rpc, WantsATokenThatAllowsIt) {
    RpcStage stage;
    const std::string reader = access::create_token(stage.directory / "tokens", "reader", access::Scope::read).value_or("");
    const std::string sender = access::create_token(stage.directory / "tokens", "sender", access::Scope::command).value_or("");
    const auto submit = [&](std::string_view token) {
        v1::SubmitReply reply;
        Context context(token);
        return stage.stub->Submit(&context, ping(), &reply);
    };
    EXPECT_EQ(submit("").error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(submit("nonsense").error_code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(submit(reader).error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(submit(reader).error_message(), "the token 'reader' has scope read, and this needs scope command");
    EXPECT_TRUE(submit(sender).ok());
    EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.submissions().back().submitted_by; }), "sender");
    EXPECT_TRUE(stage.on_centre([](ScriptedCentre& centre) { return centre.audit_log(1)->front().source; })
                    .starts_with("grpc 127.0.0.1:"));
    v1::ListReply list;
    Context context(reader);
    EXPECT_TRUE(stage.stub->List(&context, v1::ListRequest(), &list).ok());
    EXPECT_EQ(list.commands_size(), 1);
}

TEST(Rpc, TakesManyListsAndCancels) {
    RpcStage stage;
    v1::SubmitBatchRequest batch;
    for (const char* const device : {"a", "no-b", "c"})
        *batch.add_commands() = ping(device).command();
    v1::SubmitBatchReply answers;
    Context context;
    ASSERT_TRUE(stage.stub->SubmitBatch(&context, batch, &answers).ok());
    ASSERT_EQ(answers.answers_size(), 3);
    EXPECT_EQ(answers.answers(0).command().device(), "a");
    EXPECT_EQ(answers.answers(1).refusal().code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(answers.answers(1).refusal().error(), "device_unknown");
    Context nothing;
    EXPECT_EQ(stage.stub->SubmitBatch(&nothing, v1::SubmitBatchRequest(), &answers).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);

    v1::CancelRequest cancel;
    cancel.set_id(answers.answers(0).command().id());
    v1::Command cancelled;
    Context second;
    EXPECT_TRUE(stage.stub->Cancel(&second, cancel, &cancelled).ok());
    EXPECT_EQ(cancelled.state(), v1::STATE_CANCELLED);
    Context third;
    EXPECT_EQ(stage.stub->Cancel(&third, cancel, &cancelled).error_code(), grpc::StatusCode::FAILED_PRECONDITION);

    v1::ListRequest query;
    query.add_states(v1::STATE_CANCELLED);
    v1::ListReply list;
    Context fourth;
    EXPECT_TRUE(stage.stub->List(&fourth, query, &list).ok());
    EXPECT_EQ(list.commands_size(), 1);
    EXPECT_TRUE(list.next().empty());
    query.Clear();
    query.set_limit(1);
    v1::ListReply page;
    Context fifth;
    EXPECT_TRUE(stage.stub->List(&fifth, query, &page).ok());
    EXPECT_EQ(page.next(), page.commands(0).id());
}

TEST(Rpc, FollowsOneCommandToItsEnd) {
    RpcStage stage;
    v1::SubmitReply submitted;
    Context context;
    ASSERT_TRUE(stage.stub->Submit(&context, ping(), &submitted).ok());
    v1::WatchRequest request;
    request.set_id(submitted.command().id());
    Context following;
    const auto stream = stage.stub->Watch(&following, request);
    v1::WatchReply change;
    ASSERT_TRUE(stream->Read(&change));
    EXPECT_EQ(change.command().state(), v1::STATE_QUEUED);
    stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().back(), State::failed, "no"); });
    ASSERT_TRUE(stream->Read(&change));
    EXPECT_EQ(change.command().state(), v1::STATE_FAILED);
    EXPECT_FALSE(stream->Read(&change));
    EXPECT_TRUE(stream->Finish().ok());
    EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.watching(); }), 0u);
}

TEST(Rpc, TellsAFollowerWhatItMissed) {
    RpcOptions options;
    options.max_watched_commands = 3;
    RpcStage stage(options);
    Context following;
    const auto stream = stage.stub->Watch(&following, v1::WatchRequest());
    stream->WaitForInitialMetadata();
    stage.on_centre([](ScriptedCentre& centre) {
        for (int i = 0; i < 100; ++i) {
            command::Submission submission;
            submission.device = fmt::format("d{}", i);
            submission.name = "ping";
            centre.submit(std::move(submission), {}, [](const Result<control::Submitted>&) {});
        }
    });
    std::uint64_t seen = 0;
    v1::WatchReply change;
    while (change.command().device() != "d99") {
        ASSERT_TRUE(stream->Read(&change));
        seen += 1 + change.missed();
    }
    EXPECT_EQ(seen, 100u);
    following.TryCancel();
    EXPECT_FALSE(stream->Read(&change));
    while (stage.on_centre([](ScriptedCentre& centre) { return centre.watching(); }) > 0)
        std::this_thread::yield();
}

TEST(Rpc, RunsJobs) {
    RpcStage stage;
    v1::CreateJobRequest request;
    request.mutable_command()->set_name("ping");
    v1::Job job;
    Context nothing;
    EXPECT_TRUE(stage.stub->CreateJob(&nothing, request, &job).error_message().starts_with("devices: "));
    request.add_devices("a");
    request.add_devices("no-b");
    Context context;
    ASSERT_TRUE(stage.stub->CreateJob(&context, request, &job).ok());
    EXPECT_EQ(job.devices(), 2u);
    EXPECT_EQ(job.refused(), 1u);
    v1::GetJobRequest get;
    get.set_id(job.id());
    v1::Job shown;
    Context second;
    EXPECT_TRUE(stage.stub->GetJob(&second, get, &shown).ok());
    EXPECT_EQ(shown.name(), "ping");
    v1::ListJobsReply jobs;
    Context third;
    EXPECT_TRUE(stage.stub->ListJobs(&third, v1::ListJobsRequest(), &jobs).ok());
    EXPECT_EQ(jobs.jobs_size(), 1);
    v1::CancelJobRequest cancel;
    cancel.set_id(job.id());
    Context fourth;
    EXPECT_TRUE(stage.stub->CancelJob(&fourth, cancel, &shown).ok());
    EXPECT_EQ(shown.state(), "cancelled");
}

TEST(Rpc, EndsWhoWaitsAndWhoFollowsWhenItStops) {
    RpcStage stage;
    std::thread caller([&stage] {
        v1::SubmitReply reply;
        Context context;
        EXPECT_EQ(stage.stub->SubmitAndWait(&context, ping(), &reply).error_code(), grpc::StatusCode::UNAVAILABLE);
    });
    Context following;
    const auto stream = stage.stub->Watch(&following, v1::WatchRequest());
    stream->WaitForInitialMetadata();
    stage.await_waiters(1);
    stage.stop();
    caller.join();
    v1::WatchReply change;
    while (stream->Read(&change)) {
    }
    EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(stage.server->calls(), 0u);
}

TEST(Rpc, TakesNoMoreCallsThanItMay) {
    RpcOptions options;
    options.max_calls = 1;
    RpcStage stage(options);
    Context following;
    const auto stream = stage.stub->Watch(&following, v1::WatchRequest());
    stream->WaitForInitialMetadata();
    v1::SubmitReply reply;
    Context context;
    EXPECT_EQ(stage.stub->Submit(&context, ping(), &reply).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    Context second;
    const auto refused = stage.stub->Watch(&second, v1::WatchRequest());
    v1::WatchReply change;
    EXPECT_FALSE(refused->Read(&change));
    EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(Rpc, AnswersManyAtATime) {
    RpcStage stage;
    stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(true); });
    std::vector<std::thread> callers;
    std::atomic<int> good = 0;
    for (int i = 0; i < 8; ++i) {
        callers.emplace_back([&] {
            for (int k = 0; k < 50; ++k) {
                v1::SubmitReply reply;
                Context context;
                if (stage.stub->SubmitAndWait(&context, ping(), &reply).ok()) ++good;
            }
        });
    }
    for (std::thread& caller : callers)
        caller.join();
    EXPECT_EQ(good, 400);
}

TEST(Rpc, RefusesAddressesThatAreTakenOrMeantForStrangers) {
    RpcStage stage;
    boost::asio::io_context io;
    runtime::SystemClock clock;
    ScriptedCentre centre(clock);
    const auto start = [&](std::string address, std::uint16_t port) {
        RpcOptions options;
        options.address = std::move(address);
        options.port = port;
        return RpcServer(io, clock, centre, *stage.tokens, options).start();
    };
    EXPECT_TRUE(start("127.0.0.1", stage.server->port()).error().is(RpcErrc::cannot_listen));
    EXPECT_TRUE(start("0.0.0.0", 0).error().is(RpcErrc::remote_not_allowed));
    EXPECT_TRUE(start("here", 0).error().is(RpcErrc::bad_address));
}

}  // namespace
}  // namespace holdfast::rpc
