#include "control/fleet_directory.h"

#include <algorithm>
#include <utility>

namespace holdfast::control {

namespace {

/// Devices looked at in one step of a walk.
constexpr std::size_t walk_step = 1000;

}  // namespace

FleetDirectory::FleetDirectory(FleetControl& control) : control_(control) {
    control_.on_devices([watchers = device_watchers_](std::string_view device) { watchers.tell(device); });
}

void FleetDirectory::nodes_changed() {
    node_watchers_.tell();
}

// Asked for every command and every report's consequence, so no more is looked up than is told.
command::DevicePlace FleetDirectory::find(std::string_view device) {
    const fleet::Fleet& fleet = control_.fleet();
    command::DevicePlace place;
    const auto record = fleet.devices().find(device);
    if (!record) return place;
    place.known = true;
    place.disabled = record->disabled;
    if (fleet.topology().exists(record->cluster())) {
        place.cluster = fleet.topology().cluster_name(record->cluster());
    } else if (const auto status = control_.device(device)) {
        // Not at home anywhere yet: where it would be.
        place.cluster = status->cluster;
    }
    if (const auto connection = fleet.presence().find(device)) {
        place.node = fleet.topology().node_name(connection->node);
        place.session = connection->connection.value();
        place.mqtt_version = connection->mqtt_version;
    }
    return place;
}

std::vector<std::string> FleetDirectory::tagged(std::string_view tag, std::string_view after, std::size_t limit) {
    std::vector<std::string> found;
    const fleet::SnapshotPtr snapshot = control_.snapshot();
    fleet::DeviceCursor cursor;
    while (!cursor.finished) {
        snapshot->devices.walk(cursor, walk_step, [&](const fleet::DeviceView& device) {
            if (device.id > after && device.has_tag(tag)) found.emplace_back(device.id);
        });
    }
    std::ranges::sort(found);
    if (found.size() > limit) found.resize(limit);
    return found;
}

std::vector<std::string> FleetDirectory::clusters() {
    std::vector<std::string> names;
    for (const fleet::TopologyCluster& cluster : control_.fleet().topology().clusters) {
        if (!cluster.erased) names.push_back(cluster.name);
    }
    return names;
}

std::vector<NodePlace> FleetDirectory::nodes(std::string_view cluster) {
    const fleet::Topology& topology = control_.fleet().topology();
    std::vector<NodePlace> places;
    const fleet::ClusterIndex index = topology.find_cluster(cluster);
    if (!index.valid()) return places;
    for (const fleet::NodeIndex node_index : topology.cluster(index).nodes) {
        const fleet::TopologyNode& node = topology.node(node_index);
        if (node.erased || !node.listed) continue;
        places.push_back(
            {.name = node.name, .address = node.address, .port = node.port, .answers = node.health != fleet::NodeHealth::down});
    }
    return places;
}

std::unique_ptr<Watching> FleetDirectory::watch_devices(std::function<void(std::string_view device)> changed) {
    return device_watchers_.add(std::move(changed));
}

std::unique_ptr<Watching> FleetDirectory::watch_nodes(std::function<void()> changed) {
    return node_watchers_.add(std::move(changed));
}

}  // namespace holdfast::control
