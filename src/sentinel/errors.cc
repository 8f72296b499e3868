#include "sentinel/errors.h"

#include <array>

namespace holdfast::sentinel {

const ErrorCategory& error_category(SentinelErrc) noexcept {
    static constexpr ErrorCategory category("sentinel", [](std::uint16_t code) -> std::string_view {
        static constexpr std::array<std::string_view, 9> names{"",
                                                               "unknown_group",
                                                               "duplicate_group",
                                                               "bad_argument",
                                                               "bad_message",
                                                               "failover_running",
                                                               "no_good_replica",
                                                               "bad_file",
                                                               "no_majority"};
        return code > 0 && code < names.size() ? names[code] : "unknown";
    });
    return category;
}

}  // namespace holdfast::sentinel
