#include "fleet/suggestion.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace holdfast::fleet {

namespace {

/// How many letters must be added, dropped, changed or swapped with their neighbour to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        before_last = last;
        last = row;
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
            row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
            const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
        }
    }
    return row[b.size()];
}

}  // namespace

std::string suggestion(std::string_view wrong, std::span<const std::string_view> names) {
    constexpr std::size_t longest_compared = 128;
    if (wrong.size() > longest_compared) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(wrong.size() / 3, 1) + 1;
    for (const std::string_view name : names) {
        const std::size_t d = distance(wrong, name.substr(0, longest_compared));
        if (d >= best_distance) continue;
        best_distance = d;
        best = name;
    }
    return best.empty() ? std::string{} : fmt::format("; did you mean \"{}\"?", best);
}

}  // namespace holdfast::fleet
