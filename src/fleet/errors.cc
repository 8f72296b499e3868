#include "fleet/errors.h"

namespace holdfast::fleet {

namespace {

std::string_view code_name(std::uint16_t code) {
    switch (static_cast<FleetErrc>(code)) {
        case FleetErrc::unknown_cluster:
            return "unknown_cluster";
        case FleetErrc::unknown_node:
            return "unknown_node";
        case FleetErrc::unknown_device:
            return "unknown_device";
        case FleetErrc::unknown_job:
            return "unknown_job";
        case FleetErrc::already_exists:
            return "already_exists";
        case FleetErrc::invalid:
            return "invalid";
        case FleetErrc::conflict:
            return "conflict";
        case FleetErrc::full:
            return "full";
    }
    return "unknown";
}

constexpr ErrorCategory category("fleet", &code_name);

}  // namespace

const ErrorCategory& error_category(FleetErrc) noexcept {
    return category;
}

}  // namespace holdfast::fleet
