#include "settings/quoted.h"

#include <fmt/format.h>

namespace holdfast::settings {

std::string clipped(std::string_view text) {
    constexpr std::size_t most = 60;
    std::string out;
    std::size_t end = text.size();
    if (end > most) {
        end = most;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
            --end;
    }
    for (const char c : text.substr(0, end)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            out += fmt::format("\\x{:02X}", byte);
        } else {
            out += c;
        }
    }
    if (end < text.size()) out += "...";
    return out;
}

std::string quoted(std::string_view text) {
    return '"' + clipped(text) + '"';
}

}  // namespace holdfast::settings
