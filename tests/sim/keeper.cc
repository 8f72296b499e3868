#include "keeper.h"

#include <vector>

namespace holdfast::sim {

using std::chrono::milliseconds;

void Keeper::look_around() {
    std::vector<std::string> late;
    const fleet::Topology& topology = control_.fleet().topology();
    for (const fleet::TopologyCluster& cluster : topology.clusters) {
        if (cluster.erased || cluster.policy != fleet::ClusterPolicy::active_standby) continue;
        Place& place = places_[cluster.name];
        if (place.active != cluster.active) place = {.active = cluster.active, .since = world_.now(), .missing_since = {}};
        const bool there = cluster.active.valid() && (topology.node(cluster.active).state() == fleet::NodeState::up ||
                                                      topology.node(cluster.active).state() == fleet::NodeState::suspect);
        if (there) {
            place.missing_since.reset();
        } else if (!place.missing_since) {
            place.missing_since = world_.now();
        }
        if (place.missing_since && world_.now() - *place.missing_since >= patience_) late.push_back(cluster.name);
    }
    for (const std::string& cluster : late)
        replace(cluster, "the active one does not answer");
    world_.scheduler.after(milliseconds(100), [this] { look_around(); });
}

void Keeper::replace(const std::string& name, const char* reason) {
    const fleet::Topology& topology = control_.fleet().topology();
    const fleet::ClusterIndex index = topology.find_cluster(name);
    if (!index.valid() || topology.cluster(index).policy != fleet::ClusterPolicy::active_standby) return;
    const fleet::TopologyCluster& cluster = topology.cluster(index);
    std::vector<std::string> fit;
    for (const fleet::NodeIndex node : cluster.nodes) {
        if (node != cluster.active && topology.node(node).state() == fleet::NodeState::up)
            fit.push_back(topology.node(node).name);
    }
    if (fit.empty()) return;
    const std::string chosen = world_.dice.pick(fit);
    const double pace = world_.dice.chance(0.5) ? 0 : 20;
    const std::uint64_t epoch = cluster.active_epoch + 1;
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        world_.check(fleet.set_active(name, chosen, epoch, pace, reason, moment).has_value(), "{} cannot become active",
                     chosen);
    });
}

std::optional<Time> Keeper::active_since(fleet::NodeIndex node) const {
    for (const auto& [name, place] : places_) {
        if (place.active == node) return place.since;
    }
    return std::nullopt;
}

}  // namespace holdfast::sim
