#pragma once
// The command side of a process, put together from the settings: store, queue, centre, and a channel to each cluster.
//
// Threads: the thread that runs `io`.

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "center/command_center.h"
#include "channel/channel.h"
#include "control/fleet_control.h"
#include "control/fleet_directory.h"
#include "profile/profile_table.h"
#include "queue/queue.h"
#include "runtime/system_clock.h"
#include "settings/settings.h"
#include "storage/command_store.h"

namespace holdfast::cli {

class CommandService {
public:
    /// Opens store and queue and checks the profiles; takes nothing yet. All must outlive it.
    [[nodiscard]] static Result<std::unique_ptr<CommandService>> create(boost::asio::io_context& io, const Clock& clock,
                                                                        const settings::Settings& settings,
                                                                        control::FleetControl& control);
    ~CommandService();
    CommandService(const CommandService&) = delete;
    CommandService& operator=(const CommandService&) = delete;

    [[nodiscard]] Result<> start();
    void stop();
    /// Waits, a bounded time, until what was taken is on the disk.
    void flush();
    void reload(const settings::Settings& settings);
    /// Clusters or nodes have changed.
    void nodes_changed();

    [[nodiscard]] control::CommandPort& port() noexcept { return *center_; }
    /// What the gateway is to follow; see proxy::Limits.
    [[nodiscard]] std::vector<std::string> followed_topics() const;

private:
    CommandService(boost::asio::io_context& io, const Clock& clock, control::FleetControl& control);
    void take_acknowledgement(std::string_view device, const fleet::Acknowledged& fact);
    void open_channels();
    [[nodiscard]] std::vector<control::CentreStatus::Channel> channel_status() const;

    boost::asio::io_context& io_;
    const Clock& clock_;
    control::FleetDirectory directory_;
    std::shared_ptr<const profile::ProfileTable> profiles_;
    std::unique_ptr<storage::CommandStore> store_;
    std::unique_ptr<queue::Queue> queue_;
    std::unique_ptr<center::CommandCenter> center_;
    std::map<std::string, std::unique_ptr<channel::Channel>> channels_;
    channel::ChannelOptions channel_options_;
    bool running_ = false;
};

}  // namespace holdfast::cli
