#pragma once
// The name of a command: 128 bits, the first 48 of them the milliseconds since 1970 at which it was submitted, the rest random.
// So ids sort by time, and a range of time is a range of ids. As text 26 letters and digits (Crockford's base 32, lower case),
// which fits into a topic, a URL and a file name as it is.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace holdfast::command {

class CommandId {
public:
    static constexpr std::size_t text_length = 26;

    constexpr CommandId() noexcept = default;
    constexpr CommandId(std::uint64_t high, std::uint64_t low) noexcept : high_(high), low_(low) {}

    /// `entropy`: 80 random bits, the lower 16 of `entropy_high` and all of `entropy_low`.
    [[nodiscard]] static CommandId make(WallTime at, std::uint64_t entropy_high, std::uint64_t entropy_low) noexcept;
    /// The same, but greater than `last` even when the clock stands or has stepped back: the next number after it then. A
    /// centre makes its ids so, because commands that are restored after a crash take their order from them.
    [[nodiscard]] static CommandId make_after(CommandId last, WallTime at, std::uint64_t entropy_high,
                                              std::uint64_t entropy_low) noexcept;
    /// The smallest id of that millisecond.
    [[nodiscard]] static CommandId first_at(WallTime at) noexcept { return make(at, 0, 0); }
    /// Accepts upper case too. Nothing for anything but 26 characters of the alphabet that stay within 128 bits.
    [[nodiscard]] static std::optional<CommandId> parse(std::string_view text) noexcept;

    [[nodiscard]] std::string text() const;
    [[nodiscard]] WallTime time() const noexcept;
    [[nodiscard]] constexpr bool valid() const noexcept { return high_ != 0 || low_ != 0; }
    [[nodiscard]] constexpr std::uint64_t high() const noexcept { return high_; }
    [[nodiscard]] constexpr std::uint64_t low() const noexcept { return low_; }

    friend constexpr auto operator<=>(CommandId, CommandId) noexcept = default;

private:
    std::uint64_t high_ = 0;
    std::uint64_t low_ = 0;
};

}  // namespace holdfast::command

template <>
struct std::hash<holdfast::command::CommandId> {
    std::size_t operator()(holdfast::command::CommandId id) const noexcept {
        return static_cast<std::size_t>((id.low() ^ (id.high() >> 7)) * 0x9E3779B97F4A7C15ULL);
    }
};
