#include "redis/error.h"

#include <array>

namespace holdfast::redis {

const ErrorCategory& error_category(RedisErrc) noexcept {
    static constexpr ErrorCategory category("redis", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 4> names{"", "bad_reply", "bad_tls", "no_answer"};
        return code > 0 && code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::redis
