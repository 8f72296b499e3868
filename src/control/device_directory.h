#pragma once
// What the command centre and its channels need of the fleet: where each device is, which nodes a cluster has, and word when
// either changes. In a process with the fleet it is the fleet itself; in another one it is kept from the fleet's API.
//
// Threads: the control thread only.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/channel_message.h"
#include "command/device_place.h"

namespace holdfast::control {

/// A node as a channel needs it.
struct NodePlace {
    std::string name = {};
    std::string address = {};  ///< numeric; empty: not resolved yet
    std::uint16_t port = 0;
    bool answers = false;  ///< up or draining; false: down, suspect or left
    friend bool operator==(const NodePlace&, const NodePlace&) = default;
};

/// Ends what was asked for when it is destroyed.
class Watching {
public:
    virtual ~Watching() = default;
};

class DeviceDirectory {
public:
    virtual ~DeviceDirectory() = default;

    [[nodiscard]] virtual command::DevicePlace find(std::string_view device) = 0;
    /// Devices with a tag, by rising id after `after`, at most `limit`.
    [[nodiscard]] virtual std::vector<std::string> tagged(std::string_view tag, std::string_view after, std::size_t limit) = 0;
    [[nodiscard]] virtual std::vector<std::string> clusters() = 0;
    /// The nodes that a cluster lists.
    [[nodiscard]] virtual std::vector<NodePlace> nodes(std::string_view cluster) = 0;

    /// Calls back with each device whose place may have changed.
    [[nodiscard]] virtual std::unique_ptr<Watching> watch_devices(std::function<void(std::string_view device)> changed) = 0;
    /// Calls back after clusters or nodes have changed.
    [[nodiscard]] virtual std::unique_ptr<Watching> watch_nodes(std::function<void()> changed) = 0;
};

}  // namespace holdfast::control
