#pragma once
// What a token allows. Each scope contains those before it.

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::access {

enum class Scope : std::uint8_t {
    read,     ///< look at everything
    command,  ///< and send commands to devices, take them back, start and stop jobs
    admin,    ///< and change the fleet and the process
};
[[nodiscard]] std::string_view to_string(Scope scope) noexcept;
[[nodiscard]] std::optional<Scope> scope_from(std::string_view text) noexcept;

[[nodiscard]] constexpr bool allows(Scope held, Scope needed) noexcept {
    return held >= needed;
}

}  // namespace holdfast::access
