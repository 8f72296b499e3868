#include "discovery/local_error.h"

namespace holdfast::discovery {
namespace {

std::string_view name_of(std::uint16_t code) {
    switch (static_cast<LocalErrc>(code)) {
        case LocalErrc::no_mosquitto:
            return "no_mosquitto";
        case LocalErrc::no_directory:
            return "no_directory";
        case LocalErrc::in_use:
            return "in_use";
        case LocalErrc::no_port:
            return "no_port";
        case LocalErrc::no_process:
            return "no_process";
    }
    return "unknown";
}

constexpr ErrorCategory category{"local", name_of};

}  // namespace

const ErrorCategory& error_category(LocalErrc) noexcept {
    return category;
}

}  // namespace holdfast::discovery
