#include "node_park.h"

#include <algorithm>

namespace holdfast::sim {

namespace {
constexpr std::uint16_t first_port = 2000;
}

void NodePark::build(const std::string& cluster, std::size_t nodes) {
    clusters_.push_back(cluster);
    const auto policy = world_.dice.chance(0.3) ? fleet::ClusterPolicy::active_standby : fleet::ClusterPolicy::sticky_hash;
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        world_.check(
            fleet.declare_cluster({.name = cluster, .source = fleet::ClusterSource::static_settings, .policy = policy}, moment)
                .has_value(),
            "a cluster cannot be declared");
    });
    for (std::size_t i = 0; i < nodes; ++i)
        add(cluster);
}

void NodePark::add(const std::string& cluster) {
    const auto number = std::ranges::count(names_, cluster, [&](const std::string& name) { return places_.at(name).cluster; });
    const std::string name = fmt::format("{}-{}", cluster, number + 1);
    Place& place = places_[name];
    place.cluster = cluster;
    place.broker = std::make_unique<Broker>(world_, name, static_cast<std::uint16_t>(first_port + names_.size()));
    place.changed = world_.now();
    names_.push_back(name);
    list(cluster);
}

void NodePark::list(const std::string& cluster) {
    std::vector<fleet::NodeSpec> specs;
    for (const auto& [name, place] : places_) {
        if (place.cluster == cluster && place.listed)
            specs.push_back({.name = name, .host = "127.0.0.1", .address = "127.0.0.1", .port = place.broker->port()});
    }
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        const auto listed = fleet.list_nodes(cluster, "static", specs, moment);
        world_.check(listed.has_value(), "nodes cannot be listed: {}", listed ? "" : listed.error().message());
    });
}

void NodePark::unlist(const std::string& node) {
    Place& place = places_.at(node);
    place.listed = false;
    place.changed = world_.now();
    list(place.cluster);
}

void NodePark::relist(const std::string& node) {
    Place& place = places_.at(node);
    if (place.listed) return;
    place.listed = true;
    place.changed = world_.now();
    list(place.cluster);
}

void NodePark::drain(const std::string& node, double pace, bool force) {
    Place& place = places_.at(node);
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        if (!fleet.drain(node, pace, force, moment)) return;
        place.draining = true;
        place.changed = world_.now();
    });
}

void NodePark::undrain(const std::string& node) {
    Place& place = places_.at(node);
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        if (!fleet.undrain(node, moment)) return;
        place.draining = false;
        place.changed = world_.now();
    });
}

void NodePark::calm_down() {
    for (const std::string& cluster : clusters_) {
        std::vector<std::string> members;
        for (const std::string& name : names_) {
            if (places_.at(name).cluster == cluster) members.push_back(name);
        }
        const std::size_t kept = world_.dice.below(members.size());
        for (std::size_t i = 0; i < members.size(); ++i) {
            const std::string& name = members[i];
            if (i != kept && world_.dice.chance(0.3)) continue;
            relist(name);
            undrain(name);
            broker(name).recover();
        }
        for (const std::string& name : members)
            broker(name).set_busy(false);
    }
}

std::optional<Time> NodePark::fit_since(const std::string& node) const {
    const auto found = places_.find(node);
    if (found == places_.end()) return std::nullopt;
    const Place& place = found->second;
    const auto well = place.broker->well_since();
    if (!place.listed || place.draining || !well) return std::nullopt;
    return std::max(*well, place.changed);
}

std::size_t NodePark::connections_of(std::string_view client_id) const {
    std::size_t count = 0;
    for (const auto& [name, place] : places_)
        count += place.broker->count(client_id);
    return count;
}

std::uint64_t NodePark::messages() const {
    std::uint64_t count = 0;
    for (const auto& [name, place] : places_)
        count += place.broker->messages();
    return count;
}

}  // namespace holdfast::sim
