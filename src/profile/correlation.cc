#include "profile/correlation.h"

#include <fmt/format.h>

#include <charconv>

namespace holdfast::profile {

std::string correlation_text(const Correlation& correlation) {
    return fmt::format("{}/{}", correlation.id.text(), correlation.attempt);
}

std::optional<Correlation> correlation_from(ByteView data) noexcept {
    std::string_view text = as_text(data);
    const auto id = command::CommandId::parse(text.substr(0, command::CommandId::text_length));
    if (!id) return std::nullopt;
    text.remove_prefix(command::CommandId::text_length);
    if (text.empty()) return Correlation{*id, 0};
    std::uint16_t attempt = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), attempt);
    if (text.front() != '/' || error != std::errc{} || end != text.data() + text.size() || attempt == 0) return std::nullopt;
    return Correlation{*id, attempt};
}

}  // namespace holdfast::profile
