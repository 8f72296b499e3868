#pragma once
// A process with channels and nothing else: requests come from the centres through the queue's file, and where devices are it
// learns from the process that has the fleet.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/channel_set.h"
#include "cli/command_parts.h"
#include "cli/living_centres.h"
#include "directory/remote_directory.h"
#include "runtime/system_clock.h"
#include "settings/settings.h"

namespace holdfast::cli {

class ChannelProcess {
public:
    /// `clusters` empty: all. `io` must outlive this object.
    ChannelProcess(boost::asio::io_context& io, settings::Settings settings, std::vector<std::string> clusters);
    ~ChannelProcess();
    ChannelProcess(const ChannelProcess&) = delete;
    ChannelProcess& operator=(const ChannelProcess&) = delete;

    /// Opens everything and asks for the fleet; `ready` is called once the channels are begun. After an error call `stop` and
    /// let `io` run dry.
    [[nodiscard]] Result<> start(std::function<void()> ready);
    /// Ends everything at once, then calls `done`: what was not acknowledged to the queue goes to other channels.
    void stop(const std::function<void()>& done);

    /// What its sessions are called at the nodes.
    [[nodiscard]] const std::string& instance() const noexcept { return instance_; }

private:
    boost::asio::io_context& io_;
    const settings::Settings settings_;
    const std::vector<std::string> clusters_;
    const std::string instance_;
    runtime::SystemClock clock_;
    CommandParts parts_;
    std::unique_ptr<LivingCentres> centres_;
    std::unique_ptr<directory::RemoteDirectory> directory_;
    std::unique_ptr<ChannelSet> channels_;
    bool stopping_ = false;
};

}  // namespace holdfast::cli
