#include "profile/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "command/command.h"
#include "mqtt/utf8.h"
#include "profile/device_pattern.h"

namespace holdfast::profile {
namespace {

bool is_property_text(std::string_view text) noexcept {
    return text.size() <= mqtt::max_field_length && mqtt::is_mqtt_text(as_bytes(text));
}

/// What is wrong with the parts that need no compiling, as a sentence; empty: nothing.
std::string problem_with(const ProfileText& text) {
    if (text.devices.size() > max_device_patterns) return fmt::format("devices: at most {} patterns", max_device_patterns);
    if (text.user_properties.size() > max_user_properties)
        return fmt::format("user_properties: at most {}", max_user_properties);
    const bool sound = std::ranges::all_of(
        text.user_properties, [](const auto& one) { return is_property_text(one.first) && is_property_text(one.second); });
    if (!sound) return "user_properties: names and values must be UTF-8 without U+0000";
    if (text.content_type.size() > command::max_content_type_length || !is_property_text(text.content_type))
        return fmt::format("content_type: at most {} bytes of UTF-8", command::max_content_type_length);
    if (text.reply_topic.empty() && text.answers) return "reply_topic: needed, as these devices answer";
    return {};
}

}  // namespace

Profile::Profile(ProfileText text, TopicTemplate topic, TopicTemplate topic_v3, PayloadTemplate payload, ReplyRules reply)
    : text_(std::move(text)),
      topic_(std::move(topic)),
      topic_v3_(std::move(topic_v3)),
      payload_(std::move(payload)),
      reply_(std::move(reply)) {}

Result<Profile> Profile::compile(const ProfileText& text) {
    const std::string place = fmt::format("profile {}: ", text.name);
    if (auto problem = problem_with(text); !problem.empty()) return fail(Errc::bad_profile, place + problem);
    const auto because = [&place](Error error) { return std::unexpected(std::move(error).with_prefix(place)); };
    auto topic = TopicTemplate::compile(text.topic);
    if (!topic) return because(std::move(topic.error()));
    auto topic_v3 = TopicTemplate::compile(text.topic_v3);
    if (!topic_v3) return because(std::move(topic_v3.error()));
    for (const auto* one : {&*topic, &*topic_v3}) {
        if (!one->holds(Placeholder::device))
            return fail(Errc::bad_profile, place + fmt::format("the topic \"{}\" needs {{device}}, or all devices would get "
                                                               "each other's commands",
                                                               one->text()));
    }
    auto payload = PayloadTemplate::compile(text.payload);
    if (!payload) return because(std::move(payload.error()));
    auto reply = ReplyRules::compile(text.reply);
    if (!reply) return because(std::move(reply.error()));
    Profile made(text, std::move(*topic), std::move(*topic_v3), std::move(*payload), std::move(*reply));
    if (!text.reply_topic.empty()) {
        auto reply_topic = TopicTemplate::compile(text.reply_topic, TopicTemplate::Tail::loose);
        if (!reply_topic) return because(std::move(reply_topic.error()));
        made.reply_topic_ = std::move(*reply_topic);
    }
    return made;
}

bool Profile::fits(std::string_view device) const noexcept {
    if (text_.devices.empty()) return true;
    return std::ranges::any_of(text_.devices, [device](const auto& pattern) { return fits_pattern(pattern, device); });
}

const TopicTemplate& Profile::topic(std::uint8_t mqtt_version) const noexcept {
    constexpr std::uint8_t with_properties = 5;
    return mqtt_version >= with_properties ? topic_ : topic_v3_;
}

}  // namespace holdfast::profile
