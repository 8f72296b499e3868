#pragma once
// The command side of a process, put together from the settings: store, queue, centre, and a channel to each cluster.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "center/command_center.h"
#include "cli/channel_set.h"
#include "cli/command_parts.h"
#include "control/device_directory.h"

namespace holdfast::cli {

class CommandService {
public:
    /// Opens store and queue and checks the profiles; takes nothing yet. All must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<CommandService>> create(boost::asio::io_context& io, const Clock& clock,
                                                                        const settings::Settings& settings,
                                                                        control::DeviceDirectory& directory);
    ~CommandService();
    CommandService(const CommandService&) = delete;
    CommandService& operator=(const CommandService&) = delete;

    [[nodiscard]] Result<> start();
    void stop();
    /// Waits, a bounded time, until what was taken is on the disk.
    void flush() { parts_.flush("up"); }
    void reload(const settings::Settings& settings) { center_->set_options(complete_center_options(settings)); }
    /// A gateway saw a device's PUBACK.
    void take_acknowledgement(std::string_view device, const fleet::Acknowledged& fact);

    [[nodiscard]] control::CommandPort& port() noexcept { return *center_; }
    /// What the gateway is to follow; see proxy::Limits.
    [[nodiscard]] std::vector<std::string> topics() const { return followed_topics(*parts_.profiles); }

private:
    CommandService(CommandParts parts, control::DeviceDirectory& directory);

    CommandParts parts_;
    control::DeviceDirectory& directory_;
    std::unique_ptr<center::CommandCenter> center_;
    std::unique_ptr<ChannelSet> channels_;
};

}  // namespace holdfast::cli
