#pragma once
// What calls of every kind have in common: who asks, whether they may, and errors as gRPC says them. Includes gRPC: only for
// commands_service.cc and watch_call.h.

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "access/tokens.h"
#include "base/result.h"
#include "command/errors.h"
#include "control/command_port.h"

namespace holdfast::rpc {

[[nodiscard]] inline std::string_view as_view(grpc::string_ref text) noexcept {
    return {text.data(), text.size()};
}

[[nodiscard]] inline grpc::StatusCode status_code(const Error& error) noexcept {
    using command::Errc;
    if (error.is(Errc::bad_field) || error.is(Errc::deadline_passed) || error.is(Errc::not_encodable))
        return grpc::StatusCode::INVALID_ARGUMENT;
    if (error.is(Errc::device_unknown) || error.is(Errc::not_found)) return grpc::StatusCode::NOT_FOUND;
    if (error.is(Errc::device_disabled) || error.is(Errc::no_cluster) || error.is(Errc::already_ended))
        return grpc::StatusCode::FAILED_PRECONDITION;
    if (error.is(Errc::key_conflict)) return grpc::StatusCode::ALREADY_EXISTS;
    return error.is(Errc::too_many) ? grpc::StatusCode::RESOURCE_EXHAUSTED : grpc::StatusCode::UNAVAILABLE;
}

/// Says the error's stable name in the trailing metadata too; so call it before the call is finished.
[[nodiscard]] inline grpc::Status refuse(grpc::CallbackServerContext& context, const Error& error) {
    context.AddTrailingMetadata("holdfast-error", std::string(error.code_name()));
    return {status_code(error), error.message()};
}

/// "grpc 127.0.0.1:40112"
[[nodiscard]] inline std::string source_of(const grpc::CallbackServerContext& context) {
    std::string peer = context.peer();
    const std::size_t colon = peer.find(':');
    if (peer.starts_with("ipv") && colon != std::string::npos) peer.erase(0, colon + 1);
    return "grpc " + peer;
}

/// Who calls, or why the call may not be made.
[[nodiscard]] inline std::expected<control::Caller, grpc::Status> admit(access::Tokens& tokens, access::Scope needed,
                                                                        const grpc::CallbackServerContext& context) {
    const auto& metadata = context.client_metadata();
    const auto shown = metadata.find("authorization");
    const auto bearer = shown == metadata.end() ? std::nullopt : tokens.find_authorization(as_view(shown->second));
    if (!bearer) {
        return std::unexpected(grpc::Status(
            grpc::StatusCode::UNAUTHENTICATED,
            "this needs a token: send the metadata 'authorization: Bearer <token>'; the admin token is in admin.token in "
            "Holdfast's data directory, others come from: holdfast token create"));
    }
    if (!allows(bearer->scope, needed)) {
        return std::unexpected(
            grpc::Status(grpc::StatusCode::PERMISSION_DENIED, "the token '" + std::string(bearer->name) + "' has scope " +
                                                                  std::string(to_string(bearer->scope)) +
                                                                  ", and this needs scope " + std::string(to_string(needed))));
    }
    return control::Caller{.name = std::string(bearer->name), .source = source_of(context)};
}

}  // namespace holdfast::rpc
