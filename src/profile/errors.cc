#include "profile/errors.h"

namespace holdfast::profile {

const ErrorCategory& error_category(Errc) noexcept {
    static constexpr ErrorCategory category("profile", [](std::uint16_t code) -> std::string_view {
        switch (static_cast<Errc>(code)) {
            case Errc::bad_profile:
                return "bad_profile";
            case Errc::not_encodable:
                return "not_encodable";
        }
        return "unknown";
    });
    return category;
}

}  // namespace holdfast::profile
