#pragma once
// The device directory of a process that has the fleet itself.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/device_directory.h"
#include "control/fleet_control.h"
#include "control/watchers.h"

namespace holdfast::control {

class FleetDirectory final : public DeviceDirectory {
public:
    /// Takes `FleetControl::on_devices`; make it before `FleetControl::start`. `control` must outlive it.
    explicit FleetDirectory(FleetControl& control);

    /// Call after each change of clusters or nodes.
    void nodes_changed();

    [[nodiscard]] command::DevicePlace find(std::string_view device) override;
    [[nodiscard]] std::vector<std::string> tagged(std::string_view tag, std::string_view after, std::size_t limit) override;
    [[nodiscard]] std::vector<std::string> clusters() override;
    [[nodiscard]] std::vector<NodePlace> nodes(std::string_view cluster) override;
    [[nodiscard]] std::unique_ptr<Watching> watch_devices(std::function<void(std::string_view device)> changed) override;
    [[nodiscard]] std::unique_ptr<Watching> watch_nodes(std::function<void()> changed) override;

private:
    FleetControl& control_;
    Watchers<std::string_view> device_watchers_;
    Watchers<> node_watchers_;
};

}  // namespace holdfast::control
