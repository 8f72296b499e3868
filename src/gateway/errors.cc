#include "gateway/errors.h"

#include <system_error>

namespace holdfast::gateway {

const ErrorCategory& error_category(Errc) noexcept {
    static constexpr ErrorCategory category("gateway", [](std::uint16_t code) -> std::string_view {
        switch (static_cast<Errc>(code)) {
            case Errc::cannot_listen:
                return "cannot_listen";
            case Errc::no_resources:
                return "no_resources";
        }
        return "unknown";
    });
    return category;
}

std::string system_message(int error) {
    return std::generic_category().message(error);
}

}  // namespace holdfast::gateway
