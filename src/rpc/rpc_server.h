#pragma once
// The gRPC face of the command centre: service holdfast.v1.Commands (proto/holdfast/v1/commands.proto) and grpc.health.v1.
//
// gRPC has threads of its own. A call is taken on one of them, handed to the thread that runs `io`, and everything about it is
// decided there; no call holds a thread while it waits.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "access/tokens.h"
#include "base/result.h"
#include "base/time.h"
#include "control/command_port.h"

namespace holdfast::rpc {

enum class RpcErrc : std::uint16_t { bad_address, remote_not_allowed, cannot_listen };
[[nodiscard]] const ErrorCategory& error_category(RpcErrc) noexcept;

struct RpcOptions {
    /// Numeric; IPv6 without brackets.
    std::string address = "127.0.0.1";
    /// 0 takes a free port, which `RpcServer::port` then tells.
    std::uint16_t port = 9090;
    /// Without it, an address outside 127.0.0.0/8 and ::1 is refused at start.
    bool allow_remote = false;
    std::size_t max_message_bytes = 32 * 1024 * 1024;
    /// Calls at a time on one connection, and in all.
    std::size_t max_streams = 10'000;
    std::size_t max_calls = 20'000;
    /// What a watching client has not taken yet, at most; what is beyond is counted and told.
    std::size_t max_watched_commands = 4096;
    std::size_t max_watched_bytes = 4 * 1024 * 1024;
};

/// Threads: everything on the thread that runs `io`, except before that one runs.
class RpcServer {
public:
    /// Everything referred to must outlive the server.
    RpcServer(boost::asio::io_context& io, const Clock& clock, control::CommandPort& commands, access::Tokens& tokens,
              RpcOptions options);
    ~RpcServer();
    RpcServer(const RpcServer&) = delete;
    RpcServer& operator=(const RpcServer&) = delete;

    [[nodiscard]] Result<> start();
    /// Ends every call (UNAVAILABLE) and the listener; takes at most about a second. Nothing of the command centre is used
    /// afterwards.
    void stop();

    /// The bound port; 0 before `start`.
    [[nodiscard]] std::uint16_t port() const noexcept;
    /// "127.0.0.1:9090", or "[::1]:9090".
    [[nodiscard]] std::string endpoint() const;
    /// Calls that have not ended.
    [[nodiscard]] std::size_t calls() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::rpc
