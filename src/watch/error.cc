#include "watch/error.h"

#include <array>

namespace holdfast::watch {

const ErrorCategory& error_category(WatchErrc) noexcept {
    static constexpr ErrorCategory category("watch", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 5> names{"", "cannot_read", "cannot_write", "bad_rule", "cannot_listen"};
        return code > 0 && code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::watch
