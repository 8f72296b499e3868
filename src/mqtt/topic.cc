#include "mqtt/topic.h"

#include "mqtt/types.h"

namespace holdfast::mqtt {

namespace {

constexpr std::string_view share_prefix = "$share/";

/// Takes the first level off `rest`; `more` says whether another follows.
std::string_view take_level(std::string_view& rest, bool& more) {
    const std::size_t slash = rest.find('/');
    more = slash != std::string_view::npos;
    const std::string_view level = rest.substr(0, slash);
    rest = more ? rest.substr(slash + 1) : std::string_view{};
    return level;
}

bool has_length(std::string_view text) {
    return !text.empty() && text.size() <= max_field_length;
}

/// Wildcards stand alone in their level, and `#` in the last.
bool has_right_wildcards(std::string_view filter) {
    bool more = true;
    while (more) {
        const std::string_view level = take_level(filter, more);
        if (level.find_first_of("+#") == std::string_view::npos) continue;
        if (level.size() != 1) return false;
        if (level == "#" && more) return false;
    }
    return true;
}

}  // namespace

bool is_topic_name(std::string_view topic) noexcept {
    return has_length(topic) && topic.find_first_of(std::string_view("+#\0", 3)) == std::string_view::npos;
}

bool is_topic_filter(std::string_view filter, bool version_has_shares) noexcept {
    if (!has_length(filter) || filter.find('\0') != std::string_view::npos) return false;
    if (version_has_shares && is_shared(filter)) return parse_shared(filter).has_value();
    return has_right_wildcards(filter);
}

bool topic_matches(std::string_view filter, std::string_view topic) noexcept {
    if (topic.starts_with('$') && !filter.starts_with('$')) {
        if (filter.starts_with('+') || filter.starts_with('#')) return false;
    }
    bool more_filter = true;
    bool more_topic = true;
    while (more_filter && more_topic) {
        const std::string_view wanted = take_level(filter, more_filter);
        if (wanted == "#") return true;
        const std::string_view level = take_level(topic, more_topic);
        if (wanted != "+" && wanted != level) return false;
    }
    // "a/#" matches "a" itself. [MQTT5 4.7.1.2]
    return more_filter ? filter == "#" : !more_topic;
}

bool is_shared(std::string_view filter) noexcept {
    return filter.starts_with(share_prefix);
}

std::optional<SharedSubscription> parse_shared(std::string_view filter) noexcept {
    if (!is_shared(filter)) return std::nullopt;
    std::string_view rest = filter.substr(share_prefix.size());
    bool more = false;
    const std::string_view group = take_level(rest, more);
    if (group.empty() || !more || group.find_first_of("+#") != std::string_view::npos) return std::nullopt;
    if (!has_length(rest) || !has_right_wildcards(rest)) return std::nullopt;
    return SharedSubscription{group, rest};
}

}  // namespace holdfast::mqtt
