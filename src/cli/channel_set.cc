#include "cli/channel_set.h"

#include <algorithm>
#include <utility>

namespace holdfast::cli {

ChannelSet::ChannelSet(boost::asio::io_context& io, const Clock& clock, queue::Queue& queue,
                       control::DeviceDirectory& directory, std::shared_ptr<const profile::ProfileTable> profiles,
                       channel::Centres centres, channel::ChannelOptions options, std::vector<std::string> clusters)
    : io_(io),
      clock_(clock),
      queue_(queue),
      directory_(directory),
      profiles_(std::move(profiles)),
      centres_(std::move(centres)),
      options_(std::move(options)),
      clusters_(std::move(clusters)) {}

void ChannelSet::start() {
    watching_ = directory_.watch_nodes([this] { open(); });
    open();
}

void ChannelSet::stop() {
    watching_.reset();
    channels_.clear();
}

void ChannelSet::open() {
    for (const std::string& cluster : directory_.clusters()) {
        if (!clusters_.empty() && std::ranges::find(clusters_, cluster) == clusters_.end()) continue;
        auto& channel = channels_[cluster];
        if (channel) continue;
        channel::ChannelOptions options = options_;
        options.cluster = cluster;
        channel = std::make_unique<channel::Channel>(io_, clock_, queue_, directory_, profiles_, centres_, std::move(options));
        channel->start();
    }
}

std::vector<control::CentreStatus::Channel> ChannelSet::status() const {
    std::vector<control::CentreStatus::Channel> all;
    for (const auto& [cluster, channel] : channels_) {
        const channel::ChannelStatus status = channel->status();
        all.push_back({.cluster = cluster, .connected = status.ok, .sentence = status.sentence});
    }
    return all;
}

}  // namespace holdfast::cli
