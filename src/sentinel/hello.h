#pragma once
// What sentinels tell each other on the channel __sentinel__:hello: who they are, and which master they know for a group.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sentinel/address.h"

namespace holdfast::sentinel {

inline constexpr std::string_view hello_channel = "__sentinel__:hello";

/// Other sentinels of one group that are taken up.
inline constexpr std::size_t peers_limit = 128;

struct Hello {
    Address sender = {};
    std::string run_id = {};
    std::uint64_t current_epoch = 0;
    std::string group = {};
    Address master = {};
    std::uint64_t config_epoch = 0;

    friend bool operator==(const Hello&, const Hello&) = default;
};

/// Nothing for what is no hello: not eight fields, a number that is none, a run id that is not 40 characters, a part that could
/// not stand in a file or an event.
[[nodiscard]] std::optional<Hello> parse_hello(std::string_view text);
[[nodiscard]] std::string format_hello(const Hello& hello);

}  // namespace holdfast::sentinel
