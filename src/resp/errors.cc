#include "resp/errors.h"

#include <array>

namespace holdfast::resp {

const ErrorCategory& error_category(RespErrc) noexcept {
    static constexpr ErrorCategory category("resp", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 3> names{"", "protocol_error", "too_large"};
        return code > 0 && code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::resp
