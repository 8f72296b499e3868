#include "rpc/rpc_server.h"

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <grpc/support/log.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <utility>

#include "rpc/commands_service.h"
#include "runtime/log.h"

namespace holdfast::rpc {

namespace {

/// How long clients may take to get their last answers.
constexpr std::chrono::seconds stop_patience{1};
constexpr const char* service_name = "holdfast.v1.Commands";

/// gRPC's own lines, in our log. Only what is wrong.
void write_line(gpr_log_func_args* line) {
    if (line->severity == GPR_LOG_SEVERITY_ERROR) log::warning("rpc", "gRPC says: {}", line->message);
}

}  // namespace

struct RpcServer::State {
    State(boost::asio::io_context& io, const Clock& clock, control::CommandPort& commands, access::Tokens& tokens,
          RpcOptions bounds)
        : options(std::move(bounds)), service(io, clock, commands, tokens, options) {}

    [[nodiscard]] std::string place(std::uint16_t at) const {
        const bool is_v6 = options.address.find(':') != std::string::npos;
        return is_v6 ? fmt::format("[{}]:{}", options.address, at) : fmt::format("{}:{}", options.address, at);
    }

    RpcOptions options;
    CommandsService service;
    std::unique_ptr<grpc::Server> server;
    std::uint16_t port = 0;
};

RpcServer::RpcServer(boost::asio::io_context& io, const Clock& clock, control::CommandPort& commands, access::Tokens& tokens,
                     RpcOptions options)
    : state_(std::make_unique<State>(io, clock, commands, tokens, std::move(options))) {}

RpcServer::~RpcServer() {
    stop();
}

Result<> RpcServer::start() {
    State& state = *state_;
    boost::system::error_code error;
    const auto address = boost::asio::ip::make_address(state.options.address, error);
    if (error) return fail(RpcErrc::bad_address, fmt::format("rpc.listen: '{}' is not an IP address", state.options.address));
    if (!address.is_loopback() && !state.options.allow_remote) {
        return fail(RpcErrc::remote_not_allowed,
                    fmt::format("rpc.listen: {} can be reached from other machines, and this is plain gRPC; listen on "
                                "127.0.0.1, or set rpc.allow_remote = true",
                                state.options.address));
    }
    gpr_set_log_function(write_line);
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);
    grpc::EnableDefaultHealthCheckService(true);
    grpc::ServerBuilder builder;
    int port = 0;
    // Without this a second Holdfast on the same port would silently take half of the calls.
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(state.options.max_streams));
    builder.SetMaxReceiveMessageSize(static_cast<int>(state.options.max_message_bytes));
    builder.AddListeningPort(state.place(state.options.port), grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&state.service);
    state.server = builder.BuildAndStart();
    if (!state.server || port == 0) {
        state.server.reset();
        return fail(RpcErrc::cannot_listen, fmt::format("gRPC cannot listen on {}; is the port taken? Choose another with "
                                                        "rpc.listen",
                                                        state.place(state.options.port)));
    }
    state.port = static_cast<std::uint16_t>(port);
    if (auto* const health = state.server->GetHealthCheckService(); health != nullptr)
        health->SetServingStatus(service_name, true);
    return {};
}

void RpcServer::stop() {
    State& state = *state_;
    if (!state.server) return;
    state.service.stop();
    state.server->Shutdown(std::chrono::system_clock::now() + stop_patience);
    state.server.reset();
}

std::uint16_t RpcServer::port() const noexcept {
    return state_->port;
}

std::string RpcServer::endpoint() const {
    return state_->place(state_->port);
}

std::size_t RpcServer::calls() const {
    return state_->service.calls();
}

}  // namespace holdfast::rpc
