#include "profile/command_frame.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>

#include "mqtt/utf8.h"
#include "profile/correlation.h"

namespace holdfast::profile {
namespace {

constexpr std::uint8_t with_properties = 5;

std::uint32_t seconds_left(WallTime deadline, WallTime now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(deadline - now).count();
    constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, longest));
}

std::string_view content_type(const Profile& profile, const command::Request& request) {
    if (!profile.text().content_type.empty()) return profile.text().content_type;
    if (profile.payload().form() == PayloadTemplate::Form::json) return "application/json";
    return request.content_type;
}

}  // namespace

Result<> make_frame(const Profile& profile, const command::Request& request, std::uint8_t mqtt_version, WallTime now,
                    CommandFrame& frame) {
    const std::string id = request.id.text();
    const TopicValues topic{request.device, id, request.attempt, request.name};
    if (auto made = profile.topic(mqtt_version).render(topic, frame.topic); !made) return made;
    const PayloadValues payload{.device = request.device,
                                .id = id,
                                .attempt = request.attempt,
                                .command = request.name,
                                .deadline = request.deadline,
                                .data = request.payload,
                                .content_type = request.content_type};
    if (auto made = profile.payload().render(payload, frame.payload); !made) return made;
    mqtt::PublishProperties& properties = frame.properties;
    properties.message_expiry_interval = seconds_left(request.deadline, now);
    properties.user_properties.clear();
    properties.response_topic.reset();
    properties.correlation_data.reset();
    properties.content_type.reset();
    if (mqtt_version < with_properties) return {};
    if (const auto* const reply = profile.reply_topic(); reply != nullptr) {
        if (auto made = reply->render(topic, properties.response_topic.emplace()); !made) return made;
    }
    const std::string correlation = correlation_text({request.id, request.attempt});
    properties.correlation_data.emplace(correlation.begin(), correlation.end());
    if (const auto type = content_type(profile, request); !type.empty() && mqtt::is_mqtt_text(as_bytes(type)))
        properties.content_type = type;
    if (mqtt::is_mqtt_text(as_bytes(request.name))) properties.user_properties.emplace_back("command", request.name);
    properties.user_properties.insert(properties.user_properties.end(), profile.text().user_properties.begin(),
                                      profile.text().user_properties.end());
    return {};
}

}  // namespace holdfast::profile
