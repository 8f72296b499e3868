#pragma once
// Numbers of IPv4 and IPv6 as text, without asking the system.

#include <optional>
#include <string>
#include <string_view>

namespace holdfast::sentinel {

/// The address in the one form in which sentinels compare it ("::1" for "0:0::1"); nothing for what is no address. No brackets,
/// no zone.
[[nodiscard]] std::optional<std::string> canonical_ip(std::string_view text);

}  // namespace holdfast::sentinel
