#pragma once
// Everything that happens to a fleet: nodes die, freeze, are busy, leave and return; operators drain, fail over, move, disable
// and remove; devices go away and lose their power; the network loses connections; strangers knock; the gateway itself is
// killed.

#include <memory>
#include <string>
#include <vector>

#include "control.h"
#include "device.h"
#include "keeper.h"
#include "node_park.h"
#include "stranger.h"

namespace holdfast::sim {

class Chaos {
public:
    Chaos(World& world, Control& control, NodePark& park, Keeper& keeper, std::vector<std::unique_ptr<Device>>& devices,
          std::uint16_t gateway_port)
        : world_(world), control_(control), park_(park), keeper_(keeper), devices_(devices), gateway_port_(gateway_port) {}

    /// One thing happens.
    void strike();
    /// Strangers leave.
    void end() { strangers_.clear(); }

private:
    void something_with_a_node();
    void something_with_a_device();
    void something_by_an_operator();
    void something_in_the_network();
    void move_a_device();

    [[nodiscard]] Device& any_device() { return *world_.dice.pick(devices_); }
    [[nodiscard]] const std::string& any_node() { return world_.dice.pick(park_.nodes()); }
    [[nodiscard]] const std::string& any_cluster() { return world_.dice.pick(park_.clusters()); }

    World& world_;
    Control& control_;
    NodePark& park_;
    Keeper& keeper_;
    std::vector<std::unique_ptr<Device>>& devices_;
    std::uint16_t gateway_port_;
    std::vector<std::unique_ptr<Stranger>> strangers_;
};

}  // namespace holdfast::sim
