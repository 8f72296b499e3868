// Callers of Holdfast's gRPC service, all on one connection.

#include <fmt/format.h>
#include <grpcpp/create_channel.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <memory>
#include <mutex>
#include <random>

#include "commands_bench.h"
#include "holdfast/v1/commands.grpc.pb.h"
#include "stopwatch.h"

namespace holdfast::bench {
namespace {

constexpr std::chrono::seconds patience{10};

class GrpcCallers {
public:
    explicit GrpcCallers(const DriveOptions& options) : options_(options), random_(options.seed), calls_(options.callers) {
        std::ifstream file(options.token_file);
        std::string token;
        if (!(file >> token)) give_up("there is no token in " + options.token_file);
        bearer_ = "Bearer " + token;
        channel_ = grpc::CreateChannel(fmt::format("127.0.0.1:{}", options.port), grpc::InsecureChannelCredentials());
        if (!channel_->WaitForConnected(std::chrono::system_clock::now() + patience)) give_up("there is no gRPC service");
        stub_ = v1::Commands::NewStub(channel_);
    }

    void run() {
        until_ = Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.seconds));
        std::unique_lock lock(mutex_);
        watch.start();
        for (Call& call : calls_)
            ask(call);
        // Every call ends by its deadline.
        all_ended_.wait(lock, [this] { return under_way_ == 0; });
        watch.stop();
    }

    Stopwatch watch;

private:
    struct Call {
        std::unique_ptr<grpc::ClientContext> context = {};
        v1::SubmitRequest request = {};
        v1::SubmitReply reply = {};
        Clock::time_point asked{};
    };

    // Both with mutex_ held.
    void ask(Call& call) {
        call.context = std::make_unique<grpc::ClientContext>();
        call.context->AddMetadata("authorization", bearer_);
        call.context->set_deadline(std::chrono::system_clock::now() + patience);
        v1::Submission& command = *call.request.mutable_command();
        command.set_device(device_id(random_() % options_.devices));
        command.set_name("set-rate");
        command.set_payload(command_data);
        command.set_content_type("application/json");
        ++under_way_;
        call.asked = Clock::now();
        stub_->async()->SubmitAndWait(call.context.get(), &call.request, &call.reply,
                                      [this, &call](const grpc::Status& status) {
                                          const std::lock_guard lock(mutex_);
                                          answered(call, status);
                                      });
    }
    void answered(Call& call, const grpc::Status& status) {
        --under_way_;
        if (status.ok() && call.reply.command().state() == v1::STATE_SUCCEEDED) {
            watch.done(call.asked);
        } else {
            watch.failed(status.ok() ? call.reply.ShortDebugString() : status.error_message());
        }
        if (Clock::now() < until_) {
            ask(call);
        } else if (under_way_ == 0) {
            all_ended_.notify_all();
        }
    }

    const DriveOptions& options_;
    std::mt19937_64 random_;
    std::string bearer_;
    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<v1::Commands::Stub> stub_;
    Clock::time_point until_{};
    std::mutex mutex_;
    std::condition_variable all_ended_;
    std::deque<Call> calls_;
    std::size_t under_way_ = 0;
};

}  // namespace

void run_grpc(const DriveOptions& options) {
    GrpcCallers callers(options);
    ReportLine("prepared").send();
    await_driver();
    callers.run();
    ReportLine line("done");
    callers.watch.report(line);
    line.send();
    await_driver();
}

}  // namespace holdfast::bench
