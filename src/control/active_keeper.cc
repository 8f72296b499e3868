#include "control/active_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <random>
#include <utility>
#include <variant>

#include "runtime/log.h"

namespace holdfast::control {

namespace {

/// No peers see it.
constexpr std::string_view own_id = "holdfast";

std::uint64_t random_seed() {
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

sentinel::StandbyGroup group_of(const fleet::Topology& topology, const fleet::TopologyCluster& cluster,
                                const sentinel::StandbyOptions& options) {
    sentinel::StandbyGroup group{.name = cluster.name, .options = options, .config_epoch = cluster.active_epoch};
    if (cluster.active.valid()) group.active = topology.node(cluster.active).name;
    for (const fleet::NodeIndex index : cluster.nodes) {
        const fleet::TopologyNode& node = topology.node(index);
        // The active one is judged by whether it answers, not by a list that may be late at a start.
        if (node.listed || index == cluster.active)
            group.members.push_back({.name = node.name, .priority = node.draining ? 0 : node.priority});
    }
    return group;
}

/// Alone in its quorum, the machine agrees with itself, and the fleet tells of nodes that are down and of switches.
log::Level level_of(const sentinel::Event& event) {
    const bool is_news = event.name == "-warning" || event.name.starts_with("-failover-abort");
    return is_news ? log::Level::warning : log::Level::debug;
}

}  // namespace

ActiveKeeper::ActiveKeeper(boost::asio::io_context& io, FleetControl& control, ActiveKeeperOptions options)
    : io_(io),
      control_(control),
      options_(std::move(options)),
      machine_(std::string(own_id), {}, 0, random_seed(), control.moment()),
      timer_(io) {}

void ActiveKeeper::put(const fleet::Topology& topology, const fleet::TopologyCluster& cluster) {
    sentinel::StandbyGroup group = group_of(topology, cluster, options_.standby);
    if (group.members.empty()) return forget(cluster.name);
    known_.insert(cluster.name);
    if (auto done = machine_.put_group(std::move(group), control_.moment()); !done)
        log::warning("standby", "cluster {} is not watched for its active node: {}", cluster.name, done.error().message());
}

void ActiveKeeper::forget(std::string_view cluster) {
    const auto known = known_.find(cluster);
    if (known == known_.end()) return;
    known_.erase(known);
    machine_.remove_group(cluster, control_.moment());
}

void ActiveKeeper::replace_leaving(const fleet::Topology& topology, const fleet::TopologyCluster& cluster) {
    if (!cluster.active.valid()) return;
    const fleet::TopologyNode& active = topology.node(cluster.active);
    if (!active.draining) {
        leaving_.erase(active.name);
        return;
    }
    if (!leaving_.insert(active.name).second) return;
    if (auto done = machine_.failover(cluster.name, {}, control_.moment()); !done) {
        log::warning("standby",
                     "{} is drained, but stays the active node of {}: {}; undrain it, or name another one: "
                     "holdfast group failover {} --to NODE",
                     active.name, cluster.name, done.error().message(), cluster.name);
    }
}

void ActiveKeeper::follow(const fleet::Topology& topology) {
    if (stopped_) return;
    for (const fleet::TopologyCluster& cluster : topology.clusters) {
        const bool watched = !cluster.erased && cluster.policy == fleet::ClusterPolicy::active_standby;
        if (watched) {
            put(topology, cluster);
            replace_leaving(topology, cluster);
        } else {
            forget(cluster.name);
        }
    }
    // The fleet must not change while its topology is followed.
    if (std::exchange(carrying_out_soon_, true)) return;
    boost::asio::post(io_, [this] {
        carrying_out_soon_ = false;
        if (!stopped_) carry_out();
    });
}

void ActiveKeeper::probed(std::string_view node, bool ok, bool lost, std::string_view reason) {
    const fleet::Topology& topology = control_.fleet().topology();
    const fleet::NodeIndex index = topology.find_node(node);
    if (stopped_ || !index.valid()) return;
    const fleet::TopologyCluster& cluster = topology.cluster(topology.node(index).cluster);
    if (!known_.contains(cluster.name)) return;
    machine_.probed(cluster.name, node, ok, lost, reason, control_.moment());
    carry_out();
}

Result<> ActiveKeeper::failover(std::string_view cluster, std::string_view to) {
    auto done = machine_.failover(cluster, to, control_.moment());
    if (done) carry_out();
    return done;
}

void ActiveKeeper::set_options(ActiveKeeperOptions options) {
    options_ = std::move(options);
    follow(control_.fleet().topology());
}

void ActiveKeeper::stop() {
    stopped_ = true;
    timer_.cancel();
}

void ActiveKeeper::carry_out() {
    for (auto actions = machine_.take_actions(); !actions.empty() && !stopped_; actions = machine_.take_actions()) {
        for (const sentinel::StandbyAction& action : actions) {
            if (const auto* chosen = std::get_if<sentinel::SwitchTo>(&action)) {
                auto done = control_.change([&](fleet::Fleet& fleet, Moment moment) {
                    return fleet.set_active(chosen->group, chosen->member, chosen->epoch, options_.pace, chosen->reason,
                                            moment);
                });
                if (!done) log::warning("standby", "{} does not become active: {}", chosen->member, done.error().message());
            } else if (const auto* told = std::get_if<sentinel::Tell>(&action)) {
                log::write(level_of(told->event), "standby", fmt::format("{} [{}]", told->event.text, told->event.name));
            } else if (const auto* save = std::get_if<sentinel::Save>(&action)) {
                // The fleet's store keeps the active node with its epoch; there is nobody whose vote could be forgotten.
                machine_.saved(save->number, true, control_.moment());
            }
        }
    }
    arm();
}

void ActiveKeeper::arm() {
    const auto due = machine_.next_timer();
    if (!due || stopped_) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::max(*due - control_.moment().now, Duration(std::chrono::milliseconds(1))));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled || stopped_) return;
        machine_.tick(control_.moment());
        carry_out();
    });
}

}  // namespace holdfast::control
