#include "refusal_checker.h"

#include <algorithm>

namespace holdfast::sim {

using fleet::RefuseReason;

namespace {
/// Two probes, their time-outs, and snapshots on their way.
constexpr Duration detection = std::chrono::seconds(5);
/// To connect to a node and to get no answer from it.
constexpr std::chrono::milliseconds longest_attempt{1800};
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
    if (topology.cluster(story.plan.cluster).policy == fleet::ClusterPolicy::active_standby) {
        refused_by_standby(story);
        return;
    }
    const auto& members = topology.cluster(story.plan.cluster).nodes;
    const auto listed = std::ranges::count_if(members, [&](fleet::NodeIndex node) { return topology.node(node).listed; });
    if (static_cast<std::size_t>(listed) > limits_.max_candidates) return;
    for (const fleet::NodeIndex node : members) {
        const auto since = park_.fit_since(topology.node(node).name);
        world_.check(!since || story.asked_at < *since + detection, "\"{}\" was refused ({}) although {} has been fit for long",
                     story.device, to_string(reason), topology.node(node).name);
    }
}

void RefusalChecker::refused_by_standby(const proxy::Connection::Story& story) const {
    if (story.refused == RefuseReason::node_refused) return;
    const auto steps = story.plan.trace.steps();
    if (story.plan.may_switch && limits_.hold_connects > Duration::zero()) {
        const auto waited = std::ranges::find(steps, fleet::TraceKind::waited, &fleet::TraceStep::kind);
        const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.hold_connects).count();
        world_.check(waited != steps.end() && waited->number + 1 >= most - longest_attempt.count(),
                     "\"{}\" was refused ({}) without having waited for an active node", story.device,
                     to_string(story.refused));
    }
    const fleet::NodeIndex active = control_.fleet().topology().cluster(story.plan.cluster).active;
    if (!active.valid() || limits_.hold_connects < detection) return;
    const auto fit = park_.fit_since(control_.fleet().topology().node(active).name);
    const auto since = keeper_.active_since(active);
    world_.check(!fit || !since || world_.now() < std::max(*fit, *since) + detection,
                 "\"{}\" was refused ({}) although the active node has been fit for long", story.device,
                 to_string(story.refused));
}

}  // namespace holdfast::sim
