#pragma once
// Topic names and filters (MQTT5 4.7), and shared subscriptions (MQTT5 4.8.2).

#include <optional>
#include <string_view>

namespace holdfast::mqtt {

/// True when a message may be published to `topic`: not empty, at most 65,535 bytes, no wildcard, no U+0000.
/// [MQTT-3.3.2-2] [MQTT-4.7.3-1] [MQTT-4.7.3-2] [MQTT-4.7.3-3]. UTF-8 is checked where texts are read.
[[nodiscard]] bool is_topic_name(std::string_view topic) noexcept;

/// True when `filter` may be subscribed to: like a name, but `+` may fill a level and `#` the last one. [MQTT-4.7.1-1]
/// [MQTT-4.7.1-2] A filter that begins with `$share/` must also be a right shared subscription when `version_has_shares`.
[[nodiscard]] bool is_topic_filter(std::string_view filter, bool version_has_shares = false) noexcept;

/// True when a message on `topic` (a right name) goes to a subscription of `filter` (a right one, without `$share`). Wildcards
/// at the first level do not match topics that begin with `$`. [MQTT-4.7.2-1]
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic) noexcept;

/// `$share/{group}/{filter}` in its parts; views into the text that was parsed.
struct SharedSubscription {
    std::string_view group;
    std::string_view filter;

    bool operator==(const SharedSubscription&) const = default;
};

/// True when `filter` begins as a shared subscription does; it may still be a wrong one.
[[nodiscard]] bool is_shared(std::string_view filter) noexcept;

/// The parts of a shared subscription; nothing when the text is none, or a wrong one: the group must have a character and
/// neither
/// `/`, `+` nor `#`, and the filter must be right. [MQTT-4.8.2-1] [MQTT-4.8.2-2]
[[nodiscard]] std::optional<SharedSubscription> parse_shared(std::string_view filter) noexcept;

}  // namespace holdfast::mqtt
