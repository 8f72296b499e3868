#include "cli/errors.h"

namespace holdfast::cli {

const ErrorCategory& error_category(UpErrc) noexcept {
    static constexpr ErrorCategory category("up", [](std::uint16_t code) -> std::string_view {
        switch (static_cast<UpErrc>(code)) {
            case UpErrc::data_dir:
                return "data_dir";
            case UpErrc::queue_not_shared:
                return "queue_not_shared";
        }
        return "unknown";
    });
    return category;
}

}  // namespace holdfast::cli
