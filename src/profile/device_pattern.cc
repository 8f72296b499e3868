#include "profile/device_pattern.h"

#include <cstddef>

namespace holdfast::profile {

bool fits_pattern(std::string_view pattern, std::string_view id) noexcept {
    std::size_t at = 0;
    std::size_t in = 0;
    // The last star seen, and how far it reaches for now.
    std::size_t star = std::string_view::npos;
    std::size_t reach = 0;
    while (at < id.size()) {
        if (in < pattern.size() && pattern[in] == '*') {
            star = in++;
            reach = at;
        } else if (in < pattern.size() && (pattern[in] == '?' || pattern[in] == id[at])) {
            ++in;
            ++at;
        } else if (star != std::string_view::npos) {
            in = star + 1;
            at = ++reach;
        } else {
            return false;
        }
    }
    while (in < pattern.size() && pattern[in] == '*')
        ++in;
    return in == pattern.size();
}

}  // namespace holdfast::profile
