// What the data plane tells the fleet machine: connections opened and closed, CONNECTs refused, trouble with nodes.

#include <fmt/format.h>

#include <algorithm>

#include "fleet/fleet_state.h"

namespace holdfast::fleet {

std::optional<EndCause> Fleet::State::unfit(NodeIndex node) const {
    switch (topology.node(node).state()) {
        case NodeState::left:
            return EndCause::node_left;
        case NodeState::down:
            return EndCause::node_down;
        case NodeState::draining:
            return EndCause::drained;
        default:
            return std::nullopt;
    }
}

std::optional<DeviceState> Fleet::State::enrol(const Opened& fact, Moment moment) {
    if (policy->enrolment == Enrolment::closed) {
        order_end(fact.connection, EndCause::device_removed);
        return std::nullopt;
    }
    if (table.size() >= policy->max_devices) return std::nullopt;  // planned before the last place was taken; it stays, unknown
    DeviceState state;
    state.home = topology.exists(fact.home) ? fact.home : fact.cluster;
    state.enrolled_at = state.routed_at = state.connected_last = to_seconds(moment.wall);
    if (policy->sticky) state.sticky_node = fact.node;
    if (!write(fact.device, state)) return std::nullopt;
    ++counts.enrolled;
    if (narrator.may_tell(moment, EventKind::device_enrolled))
        tell(moment, EventKind::device_enrolled, Severity::info, fact.device,
             fmt::format("{} was enrolled, at home in {}", fact.device, topology.cluster_name(state.home)));
    return state;
}

void Fleet::State::remember_away(NodeIndex explicit_node, ConnectionId connection, Time now) {
    NodeWork& work = node_work[explicit_node.value()];
    std::vector<ConnectionId>& away = work.away;
    if (away.size() > 2 * presence.size() + 64) std::erase_if(away, [&](ConnectionId c) { return !presence.find(c); });
    away.push_back(connection);
    if (work.return_at || !can_lead_explicitly(explicit_node)) return;  // when it comes up again, they are sent there anyway
    work.return_at = now + options.return_retry;
    returns.push_back(explicit_node);
}

/// Orders the connection to end when the present says that it should be elsewhere. `state` is null for an anonymous one.
bool Fleet::State::in_place(const Opened& fact, const DeviceState* state, Moment moment) {
    const auto stale = [&](EndCause cause) {
        ++counts.stale_plans;
        order_end(fact.connection, cause);
        return false;
    };
    const NodeIndex wanted = state != nullptr ? state->explicit_node : NodeIndex::none();
    if (state != nullptr) {
        const RouteWord word = route_of(*state);
        if (word.cluster.valid() && word.cluster != fact.cluster) return stale(EndCause::moved);
        // The plan knew the explicit node and could not get through to it: that is no stale plan.
        if (word.node.valid() && word.node != fact.node && fact.first != word.node) return stale(EndCause::moved);
    }
    if (const NodeIndex active = active_of(fact.cluster); active.valid() && fact.node != active && fact.node != wanted)
        return stale(EndCause::moved);
    const std::optional<EndCause> cause = unfit(fact.node);
    if (cause && !(cause == EndCause::drained && wanted == fact.node)) return stale(*cause);
    if (state != nullptr) note_if_away(*state, fact.cluster, fact.node, fact.connection, moment.now);
    return true;
}

void Fleet::State::settle(const Opened& fact, Moment moment) {
    if (fact.device.empty()) {
        static_cast<void>(in_place(fact, nullptr, moment));
        return;
    }
    const auto known = table.find(fact.device);
    std::optional<DeviceState> state = known ? std::optional<DeviceState>(*known) : enrol(fact, moment);
    if (!state) return;
    if (state->disabled) {
        order_end(fact.connection, EndCause::device_disabled);
        return;
    }
    const DeviceState before = *state;
    if (!topology.exists(state->home) && topology.exists(fact.home)) state->home = fact.home;
    if (!in_place(fact, &*state, moment)) {
        write(fact.device, *state);
        return;
    }
    if (policy->sticky && state->sticky_node != fact.node) {
        state->sticky_node = fact.node;
        state->routed_at = to_seconds(moment.wall);
        if (before.sticky_node.valid()) {
            ++counts.rerouted;
            if (narrator.may_tell(moment, EventKind::device_rerouted))
                tell(moment, EventKind::device_rerouted, Severity::info, fact.device,
                     fmt::format("{} is on {} now, was on {}", fact.device, topology.node_name(fact.node),
                                 topology.node_name(before.sticky_node)));
        }
    }
    const auto resolution = std::chrono::duration_cast<std::chrono::seconds>(options.connected_last_resolution).count();
    const Seconds now = to_seconds(moment.wall);
    if (*state != before || std::int64_t{now} - std::int64_t{state->connected_last} >= resolution) state->connected_last = now;
    write(fact.device, *state);
}

void Fleet::opened(Opened&& fact) {
    State& s = *state_;
    const Moment moment{fact.at, fact.wall};
    if (fact.node.value() >= s.topology.nodes.size() || s.presence.find(fact.connection)) return;  // nothing of this process
    ++s.counts.opened;
    s.history.add(fact);
    const Presence::OpenResult result = s.presence.opened(fact);
    if (result.takeover && s.takeovers.seen(fact.device, result.other_source, fact.source, moment) &&
        s.narrator.may_tell(moment, EventKind::device_fight))
        s.tell(moment, EventKind::device_fight, Severity::warning, fact.device,
               fmt::format("two devices fight over the id {}: one at {}, one at {}", fact.device, result.other_source,
                           fact.source));
    if (s.narrator.may_tell(moment, EventKind::device_connected)) {
        const std::string_view who =
            fact.device.empty() ? std::string_view("a device without identity") : std::string_view(fact.device);
        s.tell(moment, EventKind::device_connected, Severity::info, fact.device,
               fmt::format("{} connected to {} ({}) from {}", who, s.topology.node_name(fact.node), to_string(fact.kind),
                           fact.source));
    }
    // A device is in one place. On the same node the node itself takes the older session over.
    if (result.other.valid() && result.other_node != fact.node)
        s.order_end(result.current ? result.other : fact.connection, EndCause::superseded);
    if (result.current) s.settle(fact, moment);
}

void Fleet::closed(const Closed& fact) {
    State& s = *state_;
    const Moment moment{fact.at, fact.wall};
    const Presence::CloseResult result = s.presence.closed(fact);
    if (!result.found) return;
    ++s.counts.closed;
    if (!s.narrator.may_tell(moment, EventKind::device_disconnected)) return;
    const std::string_view who =
        result.device.empty() ? std::string_view("a device without identity") : std::string_view(result.device);
    s.tell(moment, EventKind::device_disconnected, Severity::info, result.device,
           fmt::format("{} disconnected from {}: {}", who, s.topology.node_name(result.node), fact.reason_text));
}

void Fleet::refused(Refused&& fact) {
    State& s = *state_;
    const Moment moment{fact.at, fact.wall};
    ++s.counts.refused;
    const auto reason = static_cast<std::size_t>(fact.reason);
    if (reason < s.refused_for.size()) ++s.refused_for[reason];
    s.history.add(fact);
    if (!s.narrator.may_tell(moment, EventKind::connect_refused)) return;
    const std::string who = fact.device.empty() ? fmt::format("a CONNECT from {}", fact.source)
                                                : fmt::format("{} from {}", fact.device, fact.source);
    s.tell(moment, EventKind::connect_refused, Severity::notice, fact.device,
           fmt::format("{} was refused: {}", who, sentence(fact.reason)));
}

void Fleet::trouble(const NodeTrouble& fact) {
    State& s = *state_;
    if (!s.topology.exists(fact.node) || !s.node_work[fact.node.value()].detector.hint(fact.at)) return;
    s.probes.push_back(fact.node);
}

}  // namespace holdfast::fleet
