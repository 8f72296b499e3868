#include "net/error.h"

namespace holdfast::net {
namespace {

std::string_view name_of(std::uint16_t code) {
    switch (static_cast<NetErrc>(code)) {
        case NetErrc::bad_address:
            return "bad_address";
        case NetErrc::unresolved:
            return "unresolved";
        case NetErrc::port_in_use:
            return "port_in_use";
        case NetErrc::address_not_here:
            return "address_not_here";
        case NetErrc::not_permitted:
            return "not_permitted";
        case NetErrc::no_descriptors:
            return "no_descriptors";
        case NetErrc::listen_failed:
            return "listen_failed";
    }
    return "unknown";
}

constexpr ErrorCategory category{"net", name_of};

}  // namespace

const ErrorCategory& error_category(NetErrc) noexcept {
    return category;
}

}  // namespace holdfast::net
