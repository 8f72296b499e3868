#include "access/errors.h"

#include <array>

namespace holdfast::access {
namespace {

std::string_view code_name(std::uint16_t code) {
    constexpr std::array<std::string_view, 7> names = {"cannot_read", "cannot_write", "malformed", "readable_by_others",
                                                       "exists",      "not_found",    "full"};
    return code < names.size() ? names[code] : "unknown";
}

}  // namespace

const ErrorCategory& error_category(AccessErrc) noexcept {
    static const ErrorCategory category("access", code_name);
    return category;
}

}  // namespace holdfast::access
