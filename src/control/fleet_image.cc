#include "control/fleet_image.h"

#include <cstddef>
#include <string>
#include <vector>

namespace holdfast::control {

fleet::FleetImage image_of(fleet::Fleet& fleet) {
    constexpr std::size_t devices_at_once = 1024;
    fleet::FleetImage image;
    const fleet::SnapshotPtr snapshot = fleet.publish();
    for (const auto& cluster : snapshot->topology->clusters) {
        if (!cluster.erased) image.clusters.push_back(snapshot->topology->record_of(cluster));
    }
    for (const auto& node : snapshot->topology->nodes) {
        if (node.erased) continue;
        image.nodes.push_back({std::string(snapshot->topology->cluster_name(node.cluster)), node.name, node.host, node.port,
                               node.weight, node.draining, node.listed, node.origin, node.priority});
    }
    image.devices.reserve(snapshot->devices.size());
    fleet::DeviceCursor cursor;
    while (!cursor.finished) {
        snapshot->devices.walk(cursor, devices_at_once,
                               [&](const fleet::DeviceView& device) { image.devices.push_back(fleet.record_of(device)); });
    }
    return image;
}

}  // namespace holdfast::control
