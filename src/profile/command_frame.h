#pragma once
// A command as its device gets it: topic, payload and, for MQTT 5, properties.

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "command/channel_message.h"
#include "mqtt/properties.h"
#include "profile/profile.h"

namespace holdfast::profile {

struct CommandFrame {
    std::string topic = {};
    std::string payload = {};
    /// Message Expiry is the time left in whole seconds, rounded up, at least 1 (a server keeps nothing for longer than the
    /// command lives). MQTT 5 devices also get Response Topic, Correlation Data, Content Type and, as user property `command`,
    /// the name.
    mqtt::PublishProperties properties = {};
};

/// Writes over `frame`, whose memory is used again. `mqtt_version` is the device's: 3, 4 or 5. `request.deadline` must be after
/// `now`. Errors: not_encodable.
[[nodiscard]] Result<> make_frame(const Profile& profile, const command::Request& request, std::uint8_t mqtt_version,
                                  WallTime now, CommandFrame& frame);

}  // namespace holdfast::profile
