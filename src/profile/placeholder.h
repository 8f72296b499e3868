#pragma once
// The words in braces that templates know, and how a template's text is cut at them. A brace that does not begin one of these
// words is plain text.

#include <cstdint>
#include <optional>
#include <string_view>

namespace holdfast::profile {

enum class Placeholder : std::uint8_t {
    device,    ///< the device's id
    id,        ///< the command's id, 26 letters and digits
    attempt,   ///< the attempt's number, from 1
    command,   ///< the command's name
    deadline,  ///< milliseconds since 1970; payloads only
    data,      ///< what the sender gave; payloads only
};

/// "{device}" and so on; lives as long as the program.
[[nodiscard]] std::string_view text_of(Placeholder placeholder) noexcept;

/// Text up to the next placeholder, and that one.
struct TemplatePart {
    std::string_view literal;
    std::optional<Placeholder> placeholder;  ///< none: the end of the text
};
/// Takes the next part off the front of `rest`.
[[nodiscard]] TemplatePart take_part(std::string_view& rest) noexcept;

}  // namespace holdfast::profile
