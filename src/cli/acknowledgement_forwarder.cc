#include "cli/acknowledgement_forwarder.h"

#include <fmt/format.h>

#include <utility>

namespace holdfast::cli {

Result<std::unique_ptr<AcknowledgementForwarder>> AcknowledgementForwarder::create(boost::asio::io_context& io,
                                                                                   const Clock& clock,
                                                                                   const settings::Settings& settings,
                                                                                   control::DeviceDirectory& directory) {
    auto parts = CommandParts::open(io, clock, settings);
    if (!parts) return std::unexpected(std::move(parts).error());
    return std::unique_ptr<AcknowledgementForwarder>(new AcknowledgementForwarder(clock, std::move(*parts), directory));
}

AcknowledgementForwarder::AcknowledgementForwarder(const Clock& clock, CommandParts parts, control::DeviceDirectory& directory)
    : clock_(clock), parts_(std::move(parts)), directory_(directory), centres_(clock, *parts_.store) {}

void AcknowledgementForwarder::take(std::string_view device, const fleet::Acknowledged& fact) {
    const auto report = report_of(*parts_.profiles, directory_, device, fact);
    if (!report) return;
    // Whose command it is stands in the store only; the centres pass over what is not theirs.
    std::vector<queue::OutMessage> messages;
    const std::string payload = command::encode(*report);
    for (const std::string& centre : centres_.names())
        messages.push_back({center::response_topic(centre), report->device, payload});
    if (messages.empty()) return;
    parts_.queue->publish(std::move(messages), [this, refused = refused_](Result<> done) {
        if (done) return;
        refused->write(clock_.now(), log::Level::warning, "gateway",
                       fmt::format("what devices acknowledge is not handed on: {}", done.error().message()));
    });
}

}  // namespace holdfast::cli
