#include "refusal_checker.h"

#include <algorithm>

namespace holdfast::sim {

using fleet::RefuseReason;

namespace {
/// Two probes, their time-outs, and snapshots on their way.
constexpr Duration detection = std::chrono::seconds(5);
}  // namespace

void RefusalChecker::refused(const Link& link, const proxy::Connection::Story& story) const {
    const RefuseReason reason = story.refused;
    world_.tell("refused {} \"{}\": {}", link.id().value(), story.device, to_string(reason));
    world_.check(reason != RefuseReason::none && reason != RefuseReason::unknown_device && reason != RefuseReason::no_cluster &&
                     reason != RefuseReason::fleet_full,
                 "\"{}\" was refused for no reason: {}", story.device, to_string(reason));
    if (reason != RefuseReason::no_live_node && reason != RefuseReason::nodes_unreachable &&
        reason != RefuseReason::node_refused) {
        return;
    }
    const fleet::Topology& topology = control_.fleet().topology();
    if (!story.plan.cluster.valid()) return;
    const auto& members = topology.cluster(story.plan.cluster).nodes;
    const auto listed = std::ranges::count_if(members, [&](fleet::NodeIndex node) { return topology.node(node).listed; });
    if (static_cast<std::size_t>(listed) > limits_.max_candidates) return;
    for (const fleet::NodeIndex node : members) {
        const auto since = park_.fit_since(topology.node(node).name);
        world_.check(!since || story.asked_at < *since + detection, "\"{}\" was refused ({}) although {} has been fit for long",
                     story.device, to_string(reason), topology.node(node).name);
    }
}

}  // namespace holdfast::sim
