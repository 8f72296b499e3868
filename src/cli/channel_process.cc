#include "cli/channel_process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cli/data_dir.h"
#include "cli/fleet_place.h"
#include "cli/module_options.h"
#include "runtime/log.h"

namespace holdfast::cli {

namespace {

std::string instance_of(const settings::CommandsSettings& settings) {
    return settings.channel.empty() ? fmt::format("channel-{}", ::getpid()) : settings.channel;
}

}  // namespace

ChannelProcess::ChannelProcess(boost::asio::io_context& io, settings::Settings settings, std::vector<std::string> clusters)
    : io_(io), settings_(std::move(settings)), clusters_(std::move(clusters)), instance_(instance_of(settings_.commands)) {}

ChannelProcess::~ChannelProcess() = default;

Result<> ChannelProcess::start(std::function<void()> ready) {
    if (auto shared = require_shared_queue(settings_); !shared) return shared;
    if (auto made = make_data_dir(settings_.paths.data_dir); !made) return made;
    auto parts = CommandParts::open(io_, clock_, settings_);
    if (!parts) return std::unexpected(std::move(parts).error());
    parts_ = std::move(*parts);
    centres_ = std::make_unique<LivingCentres>(clock_, *parts_.store);
    directory_ = std::make_unique<directory::RemoteDirectory>(io_, clock_, fleet_place_finder(settings_));
    channel::ChannelOptions options = channel_options(settings_.commands);
    options.session.instance = instance_;
    channels_ = std::make_unique<ChannelSet>(
        io_, clock_, *parts_.queue, *directory_, parts_.profiles, [this] { return centres_->names(); }, std::move(options),
        clusters_);
    log::info("channel", "waiting for the fleet");
    // Before that no request would find its device, and each would be given back for it.
    directory_->start([this, ready = std::move(ready)] {
        const std::vector<std::string> known = directory_->clusters();
        for (const std::string& cluster : clusters_) {
            if (std::ranges::find(known, cluster) == known.end())
                log::warning("channel", "there is no cluster {} yet; its channel begins when there is", cluster);
        }
        channels_->start();
        ready();
    });
    return {};
}

void ChannelProcess::stop(const std::function<void()>& done) {
    if (std::exchange(stopping_, true)) return;
    if (channels_) channels_->stop();
    if (directory_) directory_->stop();
    done();
}

}  // namespace holdfast::cli
