#include "settings/nearest_name.h"

#include <algorithm>
#include <vector>

namespace holdfast::settings {
namespace {

constexpr std::size_t longest_compared = 128;

char folded(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '-' ? '_' : c;
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one to the other (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), current(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        current[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            current[j] = std::min({last[j] + 1, current[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1])) {
                current[j] = std::min(current[j], before_last[j - 2] + 1);
            }
        }
        std::swap(before_last, last);
        std::swap(last, current);
    }
    return last[b.size()];
}

}  // namespace

std::string_view nearest_name(std::string_view mistyped, std::span<const std::string_view> names) {
    if (mistyped.empty() || mistyped.size() > longest_compared) return {};
    std::string_view best;
    std::size_t best_distance = 0;
    for (const std::string_view name : names) {
        std::size_t far = distance(mistyped, name);
        if (mistyped.size() >= 3 && name.starts_with(mistyped)) far = std::min<std::size_t>(far, 1);
        const std::size_t most = std::max<std::size_t>(1, std::min(mistyped.size(), name.size()) / 3);
        if (far <= most && (best.empty() || far < best_distance)) {
            best = name;
            best_distance = far;
        }
    }
    return best;
}

}  // namespace holdfast::settings
