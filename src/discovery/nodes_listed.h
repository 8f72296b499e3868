#pragma once
// What every source of nodes tells: the whole list of one cluster's nodes, each time it may have changed.

#include <functional>
#include <string>
#include <vector>

#include "fleet/fleet.h"

namespace holdfast::discovery {

struct NodesListed {
    std::string cluster;
    std::vector<fleet::NodeSpec> nodes;
};

/// Called on the source's io_context.
using NodesSink = std::function<void(const NodesListed&)>;

}  // namespace holdfast::discovery
