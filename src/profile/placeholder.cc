#include "profile/placeholder.h"

#include <array>

namespace holdfast::profile {
namespace {

constexpr std::array<std::string_view, 6> words{"{device}", "{id}", "{attempt}", "{command}", "{deadline}", "{data}"};

}  // namespace

std::string_view text_of(Placeholder placeholder) noexcept {
    return words[static_cast<std::size_t>(placeholder)];
}

TemplatePart take_part(std::string_view& rest) noexcept {
    for (std::size_t at = rest.find('{'); at != std::string_view::npos; at = rest.find('{', at + 1)) {
        for (std::size_t index = 0; index < words.size(); ++index) {
            if (!rest.substr(at).starts_with(words[index])) continue;
            const TemplatePart part{rest.substr(0, at), static_cast<Placeholder>(index)};
            rest.remove_prefix(at + words[index].size());
            return part;
        }
    }
    const TemplatePart part{rest, std::nullopt};
    rest = {};
    return part;
}

}  // namespace holdfast::profile
