#include "command/command.h"

#include <array>
#include <utility>

namespace holdfast::command {

namespace {

constexpr std::array<std::string_view, 6> fates{"queued", "not_sent", "sent", "delivered", "answered", "lost"};

}  // namespace

std::string_view to_string(Attempt::Fate fate) noexcept {
    const auto position = static_cast<std::size_t>(std::to_underlying(fate));
    return position < fates.size() ? fates[position] : "unknown_word";
}

std::optional<Attempt::Fate> fate_from(std::string_view text) noexcept {
    for (std::size_t i = 0; i < fates.size(); ++i) {
        if (fates[i] == text) return static_cast<Attempt::Fate>(i);
    }
    return std::nullopt;
}

}  // namespace holdfast::command
