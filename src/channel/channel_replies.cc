// The way of replies through a channel: from the device to the centre that asked.

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "channel/channel_impl.h"

namespace holdfast::channel {

using command::Report;

namespace {

constexpr std::string_view part = "channel";

/// A topic of a stranger's as a line of the log shows it.
std::string_view shown(std::string_view topic) {
    constexpr std::size_t longest = 200;
    return topic.substr(0, longest);
}

}  // namespace

void Channel::Impl::on_message(NodeSession& session, const mqtt::PublishView& message) {
    auto reply = profiles_->read_reply(message.topic, message.payload, message.properties);
    if (!reply) {
        ++counts_.unreadable;
        unreadable_log_.write(
            clock_.now(), log::Level::warning, part,
            fmt::format("{}: a reply of {} bytes on {} by way of node {} is about no command ({}); dropped, see "
                        "the device's profile",
                        options_.cluster, message.payload.size(), shown(message.topic), session.name(),
                        profile::to_string(reply.error())));
        return;
    }
    KnownRequest* const known = known_.find(reply->reading.id);
    if (known == nullptr) return pass_to_every_centre(reply->device, std::move(reply->reading), message.topic);
    if (!reply->device.empty() && reply->device != known->device) {
        ++counts_.wrong_device;
        stranger_log_.write(
            clock_.now(), log::Level::warning, part,
            fmt::format("{}: command {} is for device {}, but {} answered it; dropped, look after who may publish "
                        "on its topics",
                        options_.cluster, reply->reading.id.text(), known->device, reply->device));
        return;
    }
    pass_on(*known, known->device, std::move(reply->reading));
}

void Channel::Impl::pass_on(KnownRequest& known, std::string_view device, profile::ReplyReading reading) {
    // More words than this about one command are noise.
    constexpr std::uint16_t most_words = 2 * command::max_attempts;
    if (reading.attempt > known.attempt) reading.attempt = 0;
    const std::uint16_t attempt = reading.attempt == 0 ? known.attempt : reading.attempt;
    const bool last_word = std::holds_alternative<command::Replied>(reading.what);
    const bool said = known.replied == attempt || (!last_word && known.acknowledged == attempt);
    if (said || known.passed_on >= most_words) {
        ++counts_.repeated_replies;
        return;
    }
    Report report{.id = reading.id, .attempt = reading.attempt, .device = std::string(device), .at = clock_.wall()};
    std::visit([&report](auto& what) { report.what = std::move(what); }, reading.what);
    if (!outbox_->add(message_for(known.centre, report))) {
        ++counts_.reports_lost;
        lost_report_log_.write(clock_.now(), log::Level::error, part,
                               fmt::format("{}: the answer to command {} is lost, because the queue takes no reports ({}); the "
                                           "centre will ask the device again",
                                           options_.cluster, reading.id.text(), outbox_->trouble()));
        return;
    }
    ++known.passed_on;
    (last_word ? known.replied : known.acknowledged) = attempt;
    ++(last_word ? counts_.replies : counts_.acknowledgements);
}

// After a restart, or when another channel of the cluster sent the request.
void Channel::Impl::pass_to_every_centre(std::string_view device, profile::ReplyReading reading, std::string_view topic) {
    const auto centres = device.empty() || !unknown_pace_.take(clock_.now()) ? std::vector<std::string>{} : centres_();
    if (centres.empty()) {
        ++counts_.unmatched;
        stranger_log_.write(clock_.now(), log::Level::warning, part,
                            fmt::format("{}: a reply on {} is for nobody: command {} is not known here; dropped",
                                        options_.cluster, shown(topic), reading.id.text()));
        return;
    }
    ++counts_.unknown_replies;
    Report report{.id = reading.id, .attempt = reading.attempt, .device = std::string(device), .at = clock_.wall()};
    std::visit([&report](auto& what) { report.what = std::move(what); }, reading.what);
    for (const std::string& centre : centres) {
        if (!outbox_->add(message_for(centre, report))) ++counts_.reports_lost;
    }
}

}  // namespace holdfast::channel
