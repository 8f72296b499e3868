#include "command/errors.h"

#include <array>

namespace holdfast::command {

const ErrorCategory& error_category(Errc) noexcept {
    static constexpr ErrorCategory category("command", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 14> names{
            "bad_field",    "device_unknown", "device_disabled", "no_cluster",   "deadline_passed",
            "key_conflict", "not_found",      "already_ended",   "too_many",     "store_unavailable",
            "stopping",     "malformed",      "newer_version",   "not_encodable"};
        return code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::command
