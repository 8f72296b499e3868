#pragma once
// The calls of holdfast.v1.Commands: taken on gRPC's threads, decided on the control thread. Includes gRPC: only for
// rpc_server.cc and commands_service.cc.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "access/tokens.h"
#include "base/time.h"
#include "control/command_port.h"
#include "holdfast/v1/commands.grpc.pb.h"
#include "rpc/rpc_server.h"

namespace holdfast::rpc {

/// One call, as the service keeps it until it has ended.
class LiveCall {
public:
    virtual ~LiveCall() = default;
    /// Ends the call now. Threads: the control thread.
    virtual void end(const grpc::Status& status) = 0;
};

/// Threads: the overridden methods on gRPC's threads, the rest as they say.
class CommandsService final : public v1::Commands::CallbackService {
public:
    CommandsService(boost::asio::io_context& io, const Clock& clock, control::CommandPort& commands, access::Tokens& tokens,
                    const RpcOptions& options);

    grpc::ServerUnaryReactor* Submit(grpc::CallbackServerContext* context, const v1::SubmitRequest* request,
                                     v1::SubmitReply* reply) override;
    grpc::ServerUnaryReactor* SubmitAndWait(grpc::CallbackServerContext* context, const v1::SubmitRequest* request,
                                            v1::SubmitReply* reply) override;
    grpc::ServerUnaryReactor* SubmitBatch(grpc::CallbackServerContext* context, const v1::SubmitBatchRequest* request,
                                          v1::SubmitBatchReply* reply) override;
    grpc::ServerUnaryReactor* Get(grpc::CallbackServerContext* context, const v1::GetRequest* request,
                                  v1::Command* reply) override;
    grpc::ServerUnaryReactor* List(grpc::CallbackServerContext* context, const v1::ListRequest* request,
                                   v1::ListReply* reply) override;
    grpc::ServerUnaryReactor* Cancel(grpc::CallbackServerContext* context, const v1::CancelRequest* request,
                                     v1::Command* reply) override;
    grpc::ServerWriteReactor<v1::WatchReply>* Watch(grpc::CallbackServerContext* context,
                                                    const v1::WatchRequest* request) override;
    grpc::ServerUnaryReactor* CreateJob(grpc::CallbackServerContext* context, const v1::CreateJobRequest* request,
                                        v1::Job* reply) override;
    grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context, const v1::GetJobRequest* request,
                                     v1::Job* reply) override;
    grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context, const v1::ListJobsRequest* request,
                                       v1::ListJobsReply* reply) override;
    grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context, const v1::CancelJobRequest* request,
                                        v1::Job* reply) override;

    /// From now on calls are refused; those there are end. Threads: the control thread.
    void stop();

    // --- for the calls themselves ---

    /// False when the service stops or has as many calls as it may: then the call is to be refused with `refusal`. Threads:
    /// any.
    [[nodiscard]] bool enter(const std::shared_ptr<LiveCall>& call, grpc::Status& refusal);
    /// Threads: any.
    void leave(const LiveCall* call);
    [[nodiscard]] std::size_t calls() const;

    boost::asio::io_context& io;
    const Clock& clock;
    control::CommandPort& commands;  ///< control thread
    access::Tokens& tokens;          ///< control thread
    const RpcOptions& options;

private:
    mutable std::mutex mutex_;
    bool stopping_ = false;
    std::unordered_map<const LiveCall*, std::shared_ptr<LiveCall>> calls_;
};

}  // namespace holdfast::rpc
