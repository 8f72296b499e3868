#pragma once
// How the devices of a fleet want their commands, and how they answer: topics, payload form, what to make of a reply. A fleet
// without profiles of its own has the default one; others name the devices that they are for.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mqtt/properties.h"
#include "mqtt/property_view.h"
#include "profile/errors.h"
#include "profile/payload_template.h"
#include "profile/reply_reading.h"
#include "profile/topic_template.h"

namespace holdfast::profile {

constexpr std::size_t max_profiles = 64;
constexpr std::size_t max_device_patterns = 256;  ///< of one profile
constexpr std::size_t max_user_properties = 16;   ///< of one profile

/// A profile as an operator says it.
struct ProfileText {
    std::string name = "default";
    /// Ids, with `*` for any text and `?` for one byte. Empty: all devices.
    std::vector<std::string> devices = {};
    /// For devices that speak MQTT 5; the attempt is in the Correlation Data.
    std::string topic = "holdfast/{device}/command/{id}";
    /// For devices that speak MQTT 3.1 or 3.1.1.
    std::string topic_v3 = "holdfast/{device}/command/{id}/{attempt}";
    /// Ends in `/{id}`: then `/{attempt}` may follow. Without `{device}` a device could answer for another one that it knows
    /// a command's id of. Empty with `answers = false` only.
    std::string reply_topic = "holdfast/{device}/reply/{id}";
    std::string payload = R"({"id":"{id}","attempt":{attempt},"command":"{command}","data":{data}})";
    /// Of the payload as it is sent. Empty: application/json when the payload is JSON, else what the sender said.
    std::string content_type = {};
    /// Sent along to MQTT 5 devices.
    mqtt::UserProperties user_properties = {};
    /// False: these devices never answer; that the device has it is the last word.
    bool answers = true;
    ReplyText reply = {};

    friend bool operator==(const ProfileText&, const ProfileText&) = default;
};

/// A profile that has been checked.
class Profile {
public:
    /// Errors: bad_profile, with the profile's name and the field.
    [[nodiscard]] static Result<Profile> compile(const ProfileText& text);

    [[nodiscard]] const std::string& name() const noexcept { return text_.name; }
    [[nodiscard]] bool answers() const noexcept { return text_.answers; }
    /// Whether it is for this device.
    [[nodiscard]] bool fits(std::string_view device) const noexcept;
    /// `mqtt_version` as the device said it in CONNECT: 3, 4 or 5.
    [[nodiscard]] const TopicTemplate& topic(std::uint8_t mqtt_version) const noexcept;
    /// Null for devices that have no reply topic.
    [[nodiscard]] const TopicTemplate* reply_topic() const noexcept { return reply_topic_ ? &*reply_topic_ : nullptr; }
    [[nodiscard]] const PayloadTemplate& payload() const noexcept { return payload_; }
    [[nodiscard]] const ReplyRules& reply() const noexcept { return reply_; }
    [[nodiscard]] const ProfileText& text() const noexcept { return text_; }

private:
    Profile(ProfileText text, TopicTemplate topic, TopicTemplate topic_v3, PayloadTemplate payload, ReplyRules reply);

    ProfileText text_;
    TopicTemplate topic_;
    TopicTemplate topic_v3_;
    std::optional<TopicTemplate> reply_topic_;
    PayloadTemplate payload_;
    ReplyRules reply_;
};

}  // namespace holdfast::profile
