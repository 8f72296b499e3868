#pragma once
// What a storage adapter would have kept: every change of the fleet applied in order, and the image of it.

#include <map>
#include <string>
#include <variant>

#include "fleet/records.h"

namespace holdfast::sim {

class Store {
public:
    void apply(const fleet::Change& change) {
        std::visit([this](const auto& it) { write(it); }, change);
    }
    [[nodiscard]] fleet::FleetImage image() const {
        fleet::FleetImage image;
        for (const auto& [name, record] : clusters_)
            image.clusters.push_back(record);
        for (const auto& [name, record] : nodes_)
            image.nodes.push_back(record);
        for (const auto& [id, record] : devices_)
            image.devices.push_back(record);
        return image;
    }
    [[nodiscard]] const std::map<std::string, fleet::DeviceRecord>& devices() const noexcept { return devices_; }

private:
    void write(const fleet::ClusterRecord& record) { clusters_[record.name] = record; }
    void write(const fleet::ClusterErased& record) { clusters_.erase(record.name); }
    void write(const fleet::NodeRecord& record) { nodes_[record.name] = record; }
    void write(const fleet::NodeErased& record) { nodes_.erase(record.name); }
    void write(const fleet::DeviceRecord& record) { devices_[record.id] = record; }
    void write(const fleet::DeviceErased& record) { devices_.erase(record.id); }

    std::map<std::string, fleet::ClusterRecord> clusters_;
    std::map<std::string, fleet::NodeRecord> nodes_;
    std::map<std::string, fleet::DeviceRecord> devices_;
};

}  // namespace holdfast::sim
