#pragma once
// One client that follows commands. What it has not taken waits here, up to a bound; beyond it the oldest go, and the client is
// told how many. Includes gRPC: only for commands_service.cc.

#include <boost/asio/post.hpp>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "rpc/command_messages.h"
#include "rpc/commands_service.h"
#include "rpc/live_call.h"

namespace holdfast::rpc {

/// Threads: the control thread, but for gRPC's own reactions.
class WatchCall final : public grpc::ServerWriteReactor<v1::WatchReply>,
                        public LiveCall,
                        public std::enable_shared_from_this<WatchCall> {
public:
    WatchCall(CommandsService& owner, grpc::CallbackServerContext& call_context) : service(owner), context(call_context) {}

    CommandsService& service;
    grpc::CallbackServerContext& context;

    void begin(const v1::WatchRequest& request) {
        if (ended_) return;
        if (const auto caller = admit(service.tokens, access::Scope::read, context); !caller) {
            end(caller.error());
            return;
        }
        control::CommandPort::WatchFilter filter;
        if (!request.device().empty()) filter.device = request.device();
        if (!request.job().empty()) filter.job = request.job();
        std::optional<command::Command> now;
        if (!request.id().empty()) {
            filter.id = command::CommandId::parse(request.id());
            auto command = filter.id ? service.commands.get(*filter.id)
                                     : Result<command::Command>(fail(command::Errc::not_found, "id: this is no command's id"));
            if (!command) {
                end(refuse(context, command.error()));
                return;
            }
            now = std::move(*command);
        }
        one_ = filter.id.has_value();
        StartSendInitialMetadata();
        watching_ = service.commands.watch(filter, [this](const command::Command& command) { changed(command); });
        if (now) changed(*now);
    }

    void end(const grpc::Status& status) override {
        if (std::exchange(ended_, true)) return;
        watching_.reset();
        {
            const std::lock_guard lock(mutex_);
            if (writing_) {
                // Only one thing at a time may go out.
                final_ = status;
                return;
            }
        }
        Finish(status);
    }

    void OnWriteDone(bool ok) override {
        std::optional<grpc::Status> final;
        {
            const std::lock_guard lock(mutex_);
            writing_ = false;
            final = std::move(final_);
        }
        if (final) {
            Finish(*final);
            return;
        }
        boost::asio::post(service.io, [call = shared_from_this(), ok] {
            if (ok) {
                call->write_next();
            } else {
                call->end({grpc::StatusCode::CANCELLED, "the client has gone"});
            }
        });
    }
    void OnCancel() override {
        boost::asio::post(service.io,
                          [call = shared_from_this()] { call->end({grpc::StatusCode::CANCELLED, "the client has gone"}); });
    }
    void OnDone() override { service.leave(this); }

private:
    void changed(const command::Command& command) {
        if (ended_ || last_) return;
        last_ = one_ && is_terminal(command.state);
        v1::WatchReply reply;
        write_command(command, *reply.mutable_command());
        bytes_ += reply.ByteSizeLong();
        waiting_.push_back(std::move(reply));
        while (waiting_.size() > 1 &&
               (waiting_.size() > service.options.max_watched_commands || bytes_ > service.options.max_watched_bytes)) {
            bytes_ -= waiting_.front().ByteSizeLong();
            waiting_.pop_front();
            ++missed_;
        }
        write_next();
    }

    void write_next() {
        if (ended_) return;
        if (waiting_.empty()) {
            if (last_) end(grpc::Status::OK);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            if (writing_) return;
            writing_ = true;
        }
        bytes_ -= waiting_.front().ByteSizeLong();
        current_ = std::move(waiting_.front());
        waiting_.pop_front();
        current_.set_missed(std::exchange(missed_, 0));
        StartWrite(&current_);
    }

    std::unique_ptr<control::Watching> watching_;
    std::deque<v1::WatchReply> waiting_;
    std::size_t bytes_ = 0;
    std::uint64_t missed_ = 0;
    bool one_ = false;
    bool last_ = false;
    bool ended_ = false;
    v1::WatchReply current_;
    std::mutex mutex_;
    bool writing_ = false;               ///< under the mutex
    std::optional<grpc::Status> final_;  ///< under the mutex: to be said when what is being written is out
};

}  // namespace holdfast::rpc
