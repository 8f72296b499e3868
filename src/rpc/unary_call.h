#pragma once
// One call with one answer. Includes gRPC: only for commands_service.cc.

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

#include "rpc/commands_service.h"
#include "rpc/live_call.h"

namespace holdfast::rpc {

/// Kept by the service until gRPC is done with it, and by whatever on the control thread still refers to it. Threads: the
/// control thread, but for gRPC's own reactions.
template <class Reply>
class UnaryCall final : public grpc::ServerUnaryReactor,
                        public LiveCall,
                        public std::enable_shared_from_this<UnaryCall<Reply>> {
public:
    UnaryCall(CommandsService& owner, grpc::CallbackServerContext& call_context, Reply& call_reply)
        : service(owner), context(call_context), reply(call_reply) {}

    CommandsService& service;
    /// Both only until the call has ended.
    grpc::CallbackServerContext& context;
    Reply& reply;
    control::Caller caller = {};

    [[nodiscard]] bool ended() const noexcept { return ended_; }

    void end(const grpc::Status& status) override {
        if (std::exchange(ended_, true)) return;
        watching_.reset();
        Finish(status);
    }
    void succeed() { conclude(grpc::Status::OK); }
    void fail_with(const Error& error) {
        if (!ended_) conclude(refuse(context, error));
    }

    /// Waits for the end of a command and gives it to `done`, unless the call has ended before.
    template <class Done>
    void wait(command::CommandId id, Time until, Done done) {
        auto watching = service.commands.wait(
            id, until, [call = this->shared_from_this(), done = std::move(done)](Result<command::Command> result) {
                if (!call->ended_) done(*call, std::move(result));
            });
        if (!ended_) watching_ = std::move(watching);
    }

    void OnCancel() override {
        boost::asio::post(service.io, [call = this->shared_from_this()] {
            call->end({grpc::StatusCode::CANCELLED, "the caller has stopped waiting; the command goes on"});
        });
    }
    void OnDone() override { service.leave(this); }

private:
    /// As `end`, but may be called by what is waited for, which must not be destroyed meanwhile.
    void conclude(const grpc::Status& status) {
        if (watching_) boost::asio::post(service.io, [over = std::move(watching_)] {});
        end(status);
    }

    std::unique_ptr<control::Watching> watching_;
    bool ended_ = false;
};

/// Takes a call on gRPC's thread and has `work` do it on the control thread, if the caller may.
template <class Reply, class Work>
[[nodiscard]] grpc::ServerUnaryReactor* take_call(CommandsService& service, grpc::CallbackServerContext& context,
                                                  access::Scope needed, Reply& reply, Work work) {
    const auto call = std::make_shared<UnaryCall<Reply>>(service, context, reply);
    grpc::Status refusal;
    if (!service.enter(call, refusal)) {
        grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
        reactor->Finish(refusal);
        return reactor;
    }
    boost::asio::post(service.io, [call, needed, work = std::move(work)] {
        if (call->ended()) return;
        auto caller = admit(call->service.tokens, needed, call->context);
        if (!caller) {
            call->end(caller.error());
            return;
        }
        call->caller = std::move(*caller);
        work(call);
    });
    return call.get();
}

}  // namespace holdfast::rpc
