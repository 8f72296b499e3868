#include "chaos.h"

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

void Chaos::strike() {
    const std::size_t lot = world_.dice.below(100);
    if (lot < 30) {
        something_with_a_node();
    } else if (lot < 55) {
        something_with_a_device();
    } else if (lot < 85) {
        something_by_an_operator();
    } else if (lot < 99) {
        something_in_the_network();
    } else {
        control_.restart();
    }
}

void Chaos::something_with_a_node() {
    const std::string name = any_node();
    Broker& broker = park_.broker(name);
    // What happened to it lasts from a blink to longer than anybody's patience.
    const Duration pause = world_.dice.duration(milliseconds(50), seconds(12));
    switch (world_.dice.below(5)) {
        case 0:
            broker.crash();
            break;
        case 1:
            broker.lose_power();
            break;
        case 2:
            broker.freeze();
            break;
        case 3:
            broker.set_busy(true);
            break;
        default:
            broker.recover();
            return;
    }
    world_.scheduler.after(pause, [this, name] { park_.broker(name).recover(); });
}

void Chaos::something_with_a_device() {
    Device& device = any_device();
    if (world_.dice.chance(0.4)) {
        device.lose_power();
        return;
    }
    if (!device.wants_to_be_connected()) {
        device.arrive();
        return;
    }
    device.go_away();
    world_.scheduler.after(world_.dice.duration(milliseconds(10), seconds(10)), [&device] { device.arrive(); });
}

void Chaos::move_a_device() {
    const std::string id = any_device().id();
    if (id.empty()) return;
    const std::string to = world_.dice.chance(0.5) ? any_cluster() : any_node();
    const bool release = world_.dice.chance(0.3);
    world_.tell("{} is {} {}", id, release ? "released" : "moved to", release ? "" : to);
    control_.change([&](fleet::Fleet& fleet, Moment moment) {
        static_cast<void>(release ? fleet.release_device(id, moment) : fleet.move_device(id, to, moment));
    });
}

void Chaos::something_by_an_operator() {
    const std::string node = any_node();
    const double pace = world_.dice.chance(0.5) ? 0 : 20;
    switch (world_.dice.below(8)) {
        case 0:
            park_.drain(node, pace, world_.dice.chance(0.2));
            return;
        case 1:
            park_.undrain(node);
            return;
        case 2:
            park_.unlist(node);
            world_.scheduler.after(world_.dice.duration(milliseconds(100), seconds(15)), [this, node] { park_.relist(node); });
            return;
        case 3:
            if (park_.nodes().size() < 12) park_.add(any_cluster());
            return;
        case 4:
            control_.change([&](fleet::Fleet& fleet, Moment moment) {
                fleet::DeviceFilter filter;
                filter.percent = static_cast<double>(world_.dice.between(1, 100));
                if (world_.dice.chance(0.5)) filter.cluster = any_cluster();
                static_cast<void>(fleet.move_devices(filter, world_.dice.chance(0.3) ? "" : any_cluster(), pace, moment));
            });
            return;
        case 5: {
            const std::string id = any_device().id();
            if (id.empty()) return;
            control_.change([&](fleet::Fleet& fleet, Moment moment) {
                if (world_.dice.chance(0.3)) {
                    static_cast<void>(fleet.remove_device(id, moment));
                    return;
                }
                const auto known = fleet.devices().find(id);
                const bool disable = known && !known->disabled && world_.dice.chance(0.5);
                static_cast<void>(fleet.patch_device(id, {.disabled = disable, .tags = {}, .note = {}, .home = {}}, moment));
            });
            return;
        }
        case 6:
            keeper_.fail_over(any_cluster());
            return;
        default:
            move_a_device();
            return;
    }
}

void Chaos::something_in_the_network() {
    if (world_.dice.chance(0.4)) {
        strangers_.push_back(std::make_unique<Stranger>(world_, gateway_port_));
        return;
    }
    std::vector<std::shared_ptr<Wire>> wires;
    control_.for_each_link([&](const Link& link) {
        if (!link.relaying()) return;
        wires.push_back(link.device_wire());
        wires.push_back(link.node_wire());
    });
    for (std::size_t count = world_.dice.between(1, 4); count > 0 && !wires.empty(); --count)
        world_.dice.pick(wires)->break_up();
}

}  // namespace holdfast::sim
