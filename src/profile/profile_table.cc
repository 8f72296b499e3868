#include "profile/profile_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace holdfast::profile {
namespace {

Profile default_profile() {
    auto made = Profile::compile(ProfileText{});
    HF_ASSERT(made.has_value(), "the default profile is sound");
    return std::move(*made);
}

std::vector<Profile> only_default() {
    std::vector<Profile> profiles;
    profiles.push_back(default_profile());
    return profiles;
}

}  // namespace

ProfileTable::ProfileTable() : ProfileTable(only_default()) {}

ProfileTable::ProfileTable(std::vector<Profile> profiles) : profiles_(std::move(profiles)) {
    for (const Profile& profile : profiles_) {
        if (profile.reply_topic() == nullptr) continue;
        const std::string& filter = profile.reply_topic()->filter();
        if (std::ranges::find(filters_, filter) == filters_.end()) filters_.push_back(filter);
    }
}

Result<ProfileTable> ProfileTable::compile(const std::vector<ProfileText>& texts) {
    if (texts.size() > max_profiles) return fail(Errc::bad_profile, fmt::format("at most {} profiles", max_profiles));
    std::vector<Profile> profiles;
    for (const ProfileText& text : texts) {
        const bool known = std::ranges::any_of(profiles, [&](const Profile& one) { return one.name() == text.name; });
        if (known) return fail(Errc::bad_profile, fmt::format("profile {}: there are two of this name", text.name));
        auto profile = Profile::compile(text);
        if (!profile) return std::unexpected(std::move(profile.error()));
        profiles.push_back(std::move(*profile));
    }
    if (profiles.empty() || !profiles.back().text().devices.empty()) profiles.push_back(default_profile());
    return ProfileTable(std::move(profiles));
}

const Profile& ProfileTable::of(std::string_view device) const noexcept {
    const auto found = std::ranges::find_if(profiles_, [device](const Profile& profile) { return profile.fits(device); });
    return found != profiles_.end() ? *found : profiles_.back();
}

std::optional<TopicParts> ProfileTable::command_topic(std::string_view device, std::uint8_t mqtt_version,
                                                      std::string_view topic) const noexcept {
    auto parts = of(device).topic(mqtt_version).match(topic);
    if (parts && parts->device != device) return std::nullopt;
    return parts;
}

std::expected<ProfileTable::Reply, ReplyFault> ProfileTable::read_reply(std::string_view topic, ByteView payload,
                                                                        const mqtt::PropertiesView& properties) const {
    ReplyFault fault = ReplyFault::other_topic;
    for (const Profile& profile : profiles_) {
        if (profile.reply_topic() == nullptr) continue;
        const auto parts = profile.reply_topic()->match(topic);
        // Profiles may share a topic; then the device says which one it is.
        if (!parts || (!parts->device.empty() && &of(parts->device) != &profile)) continue;
        auto reading = profile.reply().read({*parts, payload, properties});
        if (!reading) {
            fault = reading.error();
            continue;
        }
        if (auto* const has_it = std::get_if<command::Delivered>(&reading->what)) has_it->last_word = !profile.answers();
        return Reply{std::move(*reading), parts->device};
    }
    return std::unexpected(fault);
}

}  // namespace holdfast::profile
