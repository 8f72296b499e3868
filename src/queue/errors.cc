#include <array>

#include "queue/queue.h"

namespace holdfast::queue {

const ErrorCategory& error_category(QueueErrc) noexcept {
    static constexpr ErrorCategory category("queue", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 4> names{"full", "too_large", "unavailable", "closed"};
        return code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::queue
