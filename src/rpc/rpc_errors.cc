#include <array>

#include "rpc/rpc_server.h"

namespace holdfast::rpc {
namespace {

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 3> names = {"bad_address", "remote_not_allowed", "cannot_listen"};
    return code < names.size() ? names[code] : "unknown";
}

}  // namespace

const ErrorCategory& error_category(RpcErrc) noexcept {
    static const ErrorCategory category("rpc", code_name);
    return category;
}

}  // namespace holdfast::rpc
