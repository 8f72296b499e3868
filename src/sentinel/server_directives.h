#pragma once
// Reads the directives of sentinel.conf that a sentinel shares with a server: port, bind, requirepass, tls-..., user and so on.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sentinel/options.h"
#include "sentinel/server_options.h"

namespace holdfast::sentinel {

enum class DirectiveKind : std::uint8_t {
    taken,        ///< it says something to a sentinel
    meaningless,  ///< Redis knows it; it is nothing to a sentinel, and needs no warning
    unknown,
};

[[nodiscard]] DirectiveKind kind_of_directive(std::string_view name) noexcept;

/// Takes a line whose first word (lower case) is of kind `taken`. Returns what is wrong with it, in Redis' words, or nothing.
[[nodiscard]] std::optional<std::string> take_directive(std::span<const std::string> words, ServerOptions& server,
                                                        SentinelOptions& options);

}  // namespace holdfast::sentinel
