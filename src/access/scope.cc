#include "access/scope.h"

#include <array>

namespace holdfast::access {
namespace {

constexpr std::array<std::string_view, 3> names = {"read", "command", "admin"};

}  // namespace

std::string_view to_string(Scope scope) noexcept {
    const auto index = static_cast<std::size_t>(scope);
    return index < names.size() ? names[index] : "unknown";
}

std::optional<Scope> scope_from(std::string_view text) noexcept {
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i] == text) return static_cast<Scope>(i);
    }
    return std::nullopt;
}

}  // namespace holdfast::access
