#include "admin/router.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace holdfast::admin {
namespace {

/// Takes the next segment off a path that begins behind its first '/'. Nothing when there is no further one.
std::optional<std::string_view> take_segment(std::optional<std::string_view>& rest) noexcept {
    if (!rest) return std::nullopt;
    const std::size_t slash = rest->find('/');
    const std::string_view segment = rest->substr(0, slash);
    if (slash == std::string_view::npos) {
        rest.reset();
    } else {
        rest->remove_prefix(slash + 1);
    }
    return segment;
}

std::optional<std::string_view> behind_slash(std::string_view path) noexcept {
    if (!path.empty() && path.front() == '/') path.remove_prefix(1);
    return path;
}

bool is_value(std::string_view part) noexcept {
    return part.size() > 2 && part.front() == '{' && part.back() == '}';
}

/// How many fixed segments match, or -1 when the path does not fit the pattern. Each request asks every route, so nothing is
/// allocated here.
int match_score(std::string_view pattern, std::string_view path) noexcept {
    auto patterns = behind_slash(pattern);
    auto parts = behind_slash(path);
    int fixed = 0;
    while (true) {
        const auto wanted = take_segment(patterns);
        const auto part = take_segment(parts);
        if (!wanted || !part) return wanted || part ? -1 : fixed;
        if (is_value(*wanted)) {
            if (part->empty()) return -1;
        } else if (*wanted == *part) {
            ++fixed;
        } else {
            return -1;
        }
    }
}

}  // namespace

RouteMatch find_route(std::span<const Route> routes, boost::beast::http::verb method, std::string_view path) {
    RouteMatch match;
    int best = -1;
    for (const Route& route : routes) {
        const int score = match_score(route.path, path);
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
    auto patterns = behind_slash(match.route->path);
    auto parts = behind_slash(path);
    while (const auto wanted = take_segment(patterns)) {
        const auto part = take_segment(parts);
        if (!is_value(*wanted)) continue;
        auto value = percent_decode(*part, false);
        if (!value) {
            match.malformed = true;
            return match;
        }
        match.path_values.push_back(std::move(*value));
    }
    return match;
}

}  // namespace holdfast::admin
