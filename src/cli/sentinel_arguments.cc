#include "cli/sentinel_arguments.h"

namespace holdfast::cli {

std::vector<std::string> take_sentinel_overrides(std::vector<std::string>& words) {
    constexpr std::ptrdiff_t own = 2;
    if (words.size() <= own || words[0] != "sentinel" || words[1].starts_with('-')) return {};
    std::vector<std::string> overrides(words.begin() + own, words.end());
    // Redis' programs are told so that they are sentinels.
    if (overrides.front() == "--sentinel" && (overrides.size() == 1 || overrides[1].starts_with("--")))
        overrides.erase(overrides.begin());
    words.resize(own);
    return overrides;
}

}  // namespace holdfast::cli
