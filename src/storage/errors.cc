#include "storage/fleet_store.h"

namespace holdfast::storage {
namespace {

std::string_view errc_name(std::uint16_t code) {
    switch (static_cast<StorageErrc>(code)) {
        case StorageErrc::cannot_open:
            return "cannot_open";
        case StorageErrc::in_use:
            return "in_use";
        case StorageErrc::foreign_file:
            return "foreign_file";
        case StorageErrc::newer_file:
            return "newer_file";
        case StorageErrc::corrupt:
            return "corrupt";
        case StorageErrc::unavailable:
            return "unavailable";
    }
    return "unknown";
}

}  // namespace

const ErrorCategory& error_category(StorageErrc) noexcept {
    static constexpr ErrorCategory category("storage", errc_name);
    return category;
}

}  // namespace holdfast::storage
