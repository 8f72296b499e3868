#include "admin/router.h"

#include <algorithm>
#include <utility>

namespace holdfast::admin {
namespace {

std::vector<std::string_view> split_path(std::string_view path) {
    std::vector<std::string_view> parts;
    if (!path.empty() && path.front() == '/') path.remove_prefix(1);
    while (true) {
        const std::size_t slash = path.find('/');
        parts.push_back(path.substr(0, slash));
        if (slash == std::string_view::npos) return parts;
        path.remove_prefix(slash + 1);
    }
}

bool is_value(std::string_view part) noexcept {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

/// How many fixed segments match, or -1 when the path does not fit the pattern.
int match_score(const std::vector<std::string_view>& pattern, const std::vector<std::string_view>& parts) {
    if (pattern.size() != parts.size()) return -1;
    int fixed = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (is_value(pattern[i])) {
            if (parts[i].empty()) return -1;
        } else if (pattern[i] == parts[i]) {
            ++fixed;
        } else {
            return -1;
        }
    }
    return fixed;
}

}  // namespace

RouteMatch find_route(std::span<const Route> routes, boost::beast::http::verb method, std::string_view path) {
    RouteMatch match;
    const auto parts = split_path(path);
    int best = -1;
    for (const Route& route : routes) {
        const int score = match_score(split_path(route.path), parts);
        if (score < 0) continue;
        if (std::find(match.allowed.begin(), match.allowed.end(), route.method) == match.allowed.end()) {
            match.allowed.push_back(route.method);
        }
        if (route.method == method && score > best) {
            best = score;
            match.route = &route;
        }
    }
    if (match.route == nullptr) return match;
    const auto pattern = split_path(match.route->path);
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (!is_value(pattern[i])) continue;
        auto value = percent_decode(parts[i], false);
        if (!value) {
            match.malformed = true;
            return match;
        }
        match.path_values.push_back(std::move(*value));
    }
    return match;
}

}  // namespace holdfast::admin
