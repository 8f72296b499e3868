#include "cli/command_service.h"

#include <utility>

#include "cli/module_options.h"

namespace holdfast::cli {

Result<std::unique_ptr<CommandService>> CommandService::create(boost::asio::io_context& io, const Clock& clock,
                                                               const settings::Settings& settings,
                                                               control::DeviceDirectory& directory) {
    auto parts = CommandParts::open(io, clock, settings);
    if (!parts) return std::unexpected(std::move(parts).error());
    std::unique_ptr<CommandService> service(new CommandService(std::move(*parts), directory));
    const CommandParts& opened = service->parts_;
    service->center_ = std::make_unique<center::CommandCenter>(io, clock, *opened.store, *opened.queue, directory,
                                                               complete_center_options(settings));
    service->channels_ = std::make_unique<ChannelSet>(
        io, clock, *opened.queue, directory, opened.profiles, [center = service->center_.get()] { return center->centres(); },
        channel_options(settings.commands));
    service->center_->on_status([channels = service->channels_.get()] { return channels->status(); });
    return service;
}

CommandService::CommandService(CommandParts parts, control::DeviceDirectory& directory)
    : parts_(std::move(parts)), directory_(directory) {}

CommandService::~CommandService() {
    stop();
}

Result<> CommandService::start() {
    if (auto started = center_->start(); !started) return started;
    channels_->start();
    return {};
}

void CommandService::stop() {
    if (channels_) channels_->stop();
    if (center_) center_->stop();
}

void CommandService::take_acknowledgement(std::string_view device, const fleet::Acknowledged& fact) {
    if (const auto report = report_of(*parts_.profiles, directory_, device, fact)) center_->acknowledged(*report);
}

}  // namespace holdfast::cli
