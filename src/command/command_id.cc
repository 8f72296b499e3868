#include "command/command_id.h"

#include <array>

namespace holdfast::command {

namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> make_digits() {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        const char lower = alphabet[i];
        digits[static_cast<unsigned char>(lower)] = static_cast<std::uint8_t>(i);
        if (lower >= 'a') digits[static_cast<unsigned char>(lower - 'a' + 'A')] = static_cast<std::uint8_t>(i);
    }
    return digits;
}
constexpr std::array<std::uint8_t, 256> digits = make_digits();

}  // namespace

CommandId CommandId::make(WallTime at, std::uint64_t entropy_high, std::uint64_t entropy_low) noexcept {
    const auto milliseconds = static_cast<std::uint64_t>(at.time_since_epoch().count()) & 0xFFFF'FFFF'FFFFULL;
    return {milliseconds << 16 | (entropy_high & 0xFFFF), entropy_low};
}

CommandId CommandId::make_after(CommandId last, WallTime at, std::uint64_t entropy_high, std::uint64_t entropy_low) noexcept {
    const CommandId made = make(at, entropy_high, entropy_low);
    if (made > last) return made;
    return {last.high_ + (last.low_ == ~0ULL ? 1 : 0), last.low_ + 1};
}

std::optional<CommandId> CommandId::parse(std::string_view text) noexcept {
    if (text.size() != text_length) return std::nullopt;
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < text_length; ++i) {
        const std::uint8_t digit = digits[static_cast<unsigned char>(text[i])];
        // 26 digits have room for 130 bits; the first two must be zero.
        if (digit == no_digit || (i == 0 && digit > 7)) return std::nullopt;
        high = high << 5 | low >> 59;
        low = low << 5 | digit;
    }
    return CommandId(high, low);
}

std::string CommandId::text() const {
    std::string text(text_length, '0');
    std::uint64_t high = high_;
    std::uint64_t low = low_;
    for (std::size_t i = text_length; i-- > 0;) {
        text[i] = alphabet[low & 31];
        low = low >> 5 | high << 59;
        high >>= 5;
    }
    return text;
}

WallTime CommandId::time() const noexcept {
    return WallTime(WallTime::duration(static_cast<std::int64_t>(high_ >> 16)));
}

}  // namespace holdfast::command
