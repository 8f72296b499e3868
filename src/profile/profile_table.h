#pragma once
// All profiles of a fleet: which one is a device's, what a topic on the wire is about, and what a reply says.
//
// Threads: a table never changes after it was compiled; share it as `std::shared_ptr<const ProfileTable>`.

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "mqtt/property_view.h"
#include "profile/profile.h"

namespace holdfast::profile {

class ProfileTable {
public:
    /// The default profile alone.
    ProfileTable();
    /// In the order in which they are tried; the default profile is put behind them, unless the last one is for all devices.
    /// Errors: bad_profile.
    [[nodiscard]] static Result<ProfileTable> compile(const std::vector<ProfileText>& texts);

    /// The first profile that fits.
    [[nodiscard]] const Profile& of(std::string_view device) const noexcept;

    /// Reads a command's topic on its way to this device: for the gateway, which sees all topics and few of them are commands.
    /// Nothing for a topic that its profile does not make. Does not allocate.
    [[nodiscard]] std::optional<TopicParts> command_topic(std::string_view device, std::uint8_t mqtt_version,
                                                          std::string_view topic) const noexcept;

    /// A reply of any device.
    struct Reply {
        ReplyReading reading = {};
        std::string_view device = {};  ///< as its topic says, a view into it; empty: the topic does not say
    };
    [[nodiscard]] std::expected<Reply, ReplyFault> read_reply(std::string_view topic, ByteView payload,
                                                              const mqtt::PropertiesView& properties) const;

    /// What to subscribe to for all replies; each filter once.
    [[nodiscard]] const std::vector<std::string>& reply_filters() const noexcept { return filters_; }
    [[nodiscard]] std::span<const Profile> profiles() const noexcept { return profiles_; }

private:
    explicit ProfileTable(std::vector<Profile> profiles);

    std::vector<Profile> profiles_;
    std::vector<std::string> filters_;
};

}  // namespace holdfast::profile
