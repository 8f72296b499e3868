#pragma once
// Every connected device sits where its route says, at the latest after the reconciliation time; and when all is quiet, the
// fleet's picture of who is connected is the truth.

#include <map>
#include <memory>
#include <vector>

#include "control.h"
#include "device.h"
#include "node_park.h"

namespace holdfast::sim {

class PlacementChecker {
public:
    PlacementChecker(World& world, Control& control, NodePark& park) : world_(world), control_(control), park_(park) {}

    /// From time to time: nobody stays for long where no route leads.
    void look();
    /// When everything is quiet.
    void all_in_place(const std::vector<std::unique_ptr<Device>>& devices) const;
    void presence_is_true() const;
    /// The store's image makes the same fleet, without anybody in it who has no identity.
    void store_is_true() const;

private:
    [[nodiscard]] fleet::NodeIndex wanted(std::string_view device) const;

    World& world_;
    Control& control_;
    NodePark& park_;
    std::map<fleet::ConnectionId, Time> misplaced_since_;
};

}  // namespace holdfast::sim
