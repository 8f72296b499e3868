#include "placement_checker.h"

#include <algorithm>
#include <set>
#include <string>

#include "fleet/planner.h"

namespace holdfast::sim {

namespace {
constexpr Duration reconciliation = std::chrono::seconds(20);

std::vector<fleet::PresentConnection> everybody(const fleet::Presence& presence) {
    std::vector<fleet::PresentConnection> all;
    for (std::uint64_t cursor = 0;;) {
        cursor = presence.page(cursor, 1000, all);
        if (cursor == 0) return all;
    }
}
}  // namespace

fleet::NodeIndex PlacementChecker::wanted(std::string_view device) const {
    const fleet::Plan plan = fleet::plan_device(*control_.fleet().publish(), device);
    return plan.outcome == fleet::PlanOutcome::route ? plan.candidates[0].node : fleet::NodeIndex::none();
}

void PlacementChecker::look() {
    std::map<fleet::ConnectionId, Time> still;
    for (const fleet::PresentConnection& present : everybody(control_.fleet().presence())) {
        if (!present.current || present.device.empty()) continue;
        const fleet::NodeIndex node = wanted(present.device);
        if (!node.valid() || node == present.node) continue;
        const auto known = misplaced_since_.find(present.connection);
        const Time since = known == misplaced_since_.end() ? world_.now() : known->second;
        const fleet::Topology& topology = control_.fleet().topology();
        world_.check(world_.now() - since < reconciliation,
                     "{} has been on {} for long although its route says {} (ending: {})", present.device,
                     topology.node_name(present.node), topology.node_name(node), present.ending);
        still[present.connection] = since;
    }
    misplaced_since_ = std::move(still);
}

void PlacementChecker::all_in_place(const std::vector<std::unique_ptr<Device>>& devices) const {
    for (const auto& device : devices) {
        if (!device->wants_to_be_connected()) continue;
        const auto record = control_.fleet().devices().find(device->id());
        if (record && record->disabled) {
            world_.check(!device->connected(), "{} is disabled and connected", device->id());
            continue;
        }
        world_.check(device->connected(), "{} is not connected although it could be", device->id());
        if (device->id().empty()) continue;
        world_.check(park_.connections_of(device->id()) == 1, "{} is connected {} times", device->id(),
                     park_.connections_of(device->id()));
        const auto present = control_.fleet().presence().find(device->id());
        world_.check(present.has_value(), "{} is connected and not known to be", device->id());
        const std::string node(control_.fleet().topology().node_name(present->node));
        world_.check(park_.broker(node).count(device->id()) == 1, "{} is said to be on {} and is not", device->id(), node);
        world_.check(wanted(device->id()) == present->node, "{} is on {}, its route says {}", device->id(), node,
                     control_.fleet().topology().node_name(wanted(device->id())));
        world_.check(record.has_value(), "{} is connected and not enrolled", device->id());
    }
}

void PlacementChecker::presence_is_true() const {
    std::set<std::pair<fleet::ConnectionId, fleet::NodeIndex>> truth;
    control_.for_each_link([&](const Link& link) {
        if (link.relaying()) truth.emplace(link.id(), link.connection().node());
    });
    std::set<std::pair<fleet::ConnectionId, fleet::NodeIndex>> said;
    for (const fleet::PresentConnection& present : everybody(control_.fleet().presence())) {
        said.emplace(present.connection, present.node);
        world_.check(present.current, "{} is there twice", present.device);
    }
    world_.check(truth == said, "{} connections are there, {} are known", truth.size(), said.size());
}

void PlacementChecker::store_is_true() const {
    fleet::Fleet& fleet = control_.fleet();
    const auto& stored = control_.store().devices();
    world_.check(!stored.contains(""), "a device without identity was stored");
    world_.check(stored.size() == fleet.devices().size(), "{} devices are stored, {} are known", stored.size(),
                 fleet.devices().size());
    for (const auto& [id, record] : stored) {
        const auto known = fleet.devices().find(id);
        world_.check(known && fleet.record_of(*known) == record, "{} is stored otherwise than it is known", id);
    }
}

}  // namespace holdfast::sim
