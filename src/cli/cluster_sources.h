#pragma once
// Where the fleet's nodes come from in this process, and who asks whether they live: one source per cluster of the settings,
// names of nodes that came in by the API, and the probes of all of them.

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/active_keeper.h"
#include "control/fleet_control.h"
#include "discovery/local_cluster.h"
#include "discovery/prober.h"
#include "discovery/static_cluster.h"
#include "settings/settings.h"

namespace holdfast::cli {

/// Threads: the control thread.
class ClusterSources {
public:
    /// All must outlive this object.
    ClusterSources(boost::asio::io_context& io, control::FleetControl& control, control::ActiveKeeper& keeper);

    /// Declares the settings' clusters and starts their sources and the probes. The error says which cluster cannot be started
    /// and why.
    [[nodiscard]] Result<> start(const settings::Settings& settings);

    /// Static clusters that changed, came or went; local ones only change at a restart.
    void reload(const settings::Settings& settings);

    /// Follows the fleet's topology: probes every node that is listed. Hand in as `FleetControl::on_topology`.
    void follow(const fleet::Topology& topology);
    /// Hand in as `FleetControl::on_probe_wanted`.
    void probe_now(std::span<const fleet::NodeIndex> nodes);

    /// Ends the probes, then all local nodes; `done` is called when they have ended.
    void stop(std::function<void()> done);

    /// The process of a node that was started here; 0 while it does not run, nothing for other nodes.
    [[nodiscard]] std::optional<int> pid_of(std::string_view node) const;

private:
    [[nodiscard]] Result<> declare(const settings::ClusterSettings& cluster);
    void start_static(const settings::ClusterSettings& cluster);
    [[nodiscard]] Result<> start_local(const settings::Settings& settings, const settings::ClusterSettings& cluster);
    void unlist_missing(const settings::Settings& settings);
    void resolve_api_nodes(const fleet::Topology& topology);
    [[nodiscard]] discovery::NodesSink list_into_fleet(std::string origin);

    boost::asio::io_context& io_;
    control::FleetControl& control_;
    control::ActiveKeeper& keeper_;
    std::unique_ptr<discovery::Prober> prober_;
    std::map<std::string, std::unique_ptr<discovery::StaticCluster>, std::less<>> static_;
    std::map<std::string, std::unique_ptr<discovery::LocalCluster>, std::less<>> local_;
    /// Resolves the names of nodes that came in by the API.
    std::unique_ptr<discovery::StaticCluster> api_names_;
};

}  // namespace holdfast::cli
