#pragma once
// The channels of a process: one to each cluster that the fleet has, or to those of them that were named. Clusters that come
// later get theirs then.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "channel/channel.h"
#include "control/command_port.h"
#include "control/device_directory.h"
#include "profile/profile_table.h"
#include "queue/queue.h"

namespace holdfast::cli {

class ChannelSet {
public:
    /// `clusters` empty: all. Everything referred to must outlive this object.
    ChannelSet(boost::asio::io_context& io, const Clock& clock, queue::Queue& queue, control::DeviceDirectory& directory,
               std::shared_ptr<const profile::ProfileTable> profiles, channel::Centres centres, channel::ChannelOptions options,
               std::vector<std::string> clusters = {});

    void start();
    /// Ends them at once.
    void stop();
    [[nodiscard]] std::vector<control::CentreStatus::Channel> status() const;

private:
    void open();

    boost::asio::io_context& io_;
    const Clock& clock_;
    queue::Queue& queue_;
    control::DeviceDirectory& directory_;
    std::shared_ptr<const profile::ProfileTable> profiles_;
    channel::Centres centres_;
    channel::ChannelOptions options_;
    std::vector<std::string> clusters_;
    std::map<std::string, std::unique_ptr<channel::Channel>> channels_;
    std::unique_ptr<control::Watching> watching_;
};

}  // namespace holdfast::cli
