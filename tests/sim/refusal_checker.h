#pragma once
// No device is refused for want of a node while its cluster has one that has been fit for longer than it takes to notice, and
// that was within reach of the candidates tried. Where nodes stand by: it has waited for as long as it may, and the active node
// had not been fit for long either.

#include "control.h"
#include "keeper.h"
#include "link.h"
#include "node_park.h"

namespace holdfast::sim {

class RefusalChecker {
public:
    RefusalChecker(World& world, Control& control, const NodePark& park, const Keeper& keeper, const proxy::Limits& limits)
        : world_(world), control_(control), park_(park), keeper_(keeper), limits_(limits) {}

    void refused(const Link& link, const proxy::Connection::Story& story) const;

private:
    void refused_by_standby(const proxy::Connection::Story& story) const;

    World& world_;
    Control& control_;
    const NodePark& park_;
    const Keeper& keeper_;
    proxy::Limits limits_;
};

}  // namespace holdfast::sim
