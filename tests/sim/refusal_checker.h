#pragma once
// No device is refused for want of a node while its cluster has one that has been fit for longer than it takes to notice, and
// that was within reach of the candidates tried.

#include "control.h"
#include "link.h"
#include "node_park.h"

namespace holdfast::sim {

class RefusalChecker {
public:
    RefusalChecker(World& world, Control& control, const NodePark& park, const proxy::Limits& limits)
        : world_(world), control_(control), park_(park), limits_(limits) {}

    void refused(const Link& link, const proxy::Connection::Story& story) const;

private:
    World& world_;
    Control& control_;
    const NodePark& park_;
    proxy::Limits limits_;
};

}  // namespace holdfast::sim
