#include "cli/errors.h"

namespace holdfast::cli {

const ErrorCategory& error_category(UpErrc) noexcept {
    static constexpr ErrorCategory category("up", [](std::uint16_t code) -> std::string_view {
        return static_cast<UpErrc>(code) == UpErrc::data_dir ? "data_dir" : "unknown";
    });
    return category;
}

}  // namespace holdfast::cli
