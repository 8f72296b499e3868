#pragma once
// Keeps an active node in every cluster whose other nodes stand by: hears what the probes say, asks the standby machine
// (sentinel/standby.h) and does in the fleet what it decides. Alone it decides with a quorum of one.
//
// Threads: the control thread only.

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/fleet_control.h"
#include "sentinel/standby.h"

namespace holdfast::control {

struct ActiveKeeperOptions {
    sentinel::StandbyOptions standby = {};
    /// Devices a second that are sent from the old active node to the new one; 0: all at once.
    fleet::Pace pace = 0;
};

class ActiveKeeper {
public:
    /// Both must outlive this object.
    ActiveKeeper(boost::asio::io_context& io, FleetControl& control, ActiveKeeperOptions options);
    ActiveKeeper(const ActiveKeeper&) = delete;
    ActiveKeeper& operator=(const ActiveKeeper&) = delete;

    /// Follows the fleet's clusters; from `FleetControl::on_topology`.
    void follow(const fleet::Topology& topology);
    /// What a probe of a node has found; nodes of other clusters are ignored. `lost`: it failed because nobody listens, or the
    /// connection ended.
    void probed(std::string_view node, bool ok, bool lost, std::string_view reason);
    /// An operator's order: `to` is a node's name, or empty for the best other one. Errors are SentinelErrc's.
    [[nodiscard]] Result<> failover(std::string_view cluster, std::string_view to);
    void set_options(ActiveKeeperOptions options);
    void stop();

    [[nodiscard]] std::vector<sentinel::StandbyView> view() const { return machine_.view(); }

private:
    void put(const fleet::Topology& topology, const fleet::TopologyCluster& cluster);
    void forget(std::string_view cluster);
    /// A drained node gives its place to another one.
    void replace_leaving(const fleet::Topology& topology, const fleet::TopologyCluster& cluster);
    void carry_out();
    void arm();

    boost::asio::io_context& io_;
    FleetControl& control_;
    ActiveKeeperOptions options_;
    sentinel::Standby machine_;
    boost::asio::steady_timer timer_;
    /// Clusters that the machine knows.
    std::set<std::string, std::less<>> known_;
    /// Active nodes that are being drained, for which another one was sought already.
    std::set<std::string, std::less<>> leaving_;
    bool carrying_out_soon_ = false;
    bool stopped_ = false;
};

}  // namespace holdfast::control
