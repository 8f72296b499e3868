// The part of a connection's life in which its CONNECT waits for an active node of its cluster.

#include <algorithm>

#include "base/assert.h"
#include "proxy/connection.h"
#include "proxy/handshake.h"
#include "proxy/refusal_answer.h"

namespace holdfast::proxy {

using fleet::RefuseReason;
using fleet::TraceKind;
using fleet::TraceStep;

namespace {

/// How soon it is tried again although nothing is known to have changed: the active node may be back without having been
/// missed. Never sooner than the first, and a random part of the second (or of the spread) later.
constexpr Duration soonest_retry = std::chrono::milliseconds(250);
constexpr Duration retry_spread = std::chrono::milliseconds(250);

std::uint64_t milliseconds_between(Time from, Time to) noexcept {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count()));
}

Duration random_part(Duration whole, std::uint64_t entropy) noexcept {
    if (whole <= Duration::zero()) return Duration::zero();
    return Duration(static_cast<Duration::rep>(entropy % static_cast<std::uint64_t>(whole.count())));
}

fleet::Trace without_refusal(const fleet::Trace& trace) {
    fleet::Trace rest;
    for (const TraceStep& step : trace.steps()) {
        if (step.kind != TraceKind::refused) rest.add(step);
    }
    return rest;
}

/// `before`, the wait, and of `fresh` what is not as it was before.
fleet::Trace continued(const fleet::Trace& before, fleet::ClusterIndex cluster, std::uint64_t milliseconds,
                       const fleet::Trace& fresh) {
    fleet::Trace whole = before;
    whole.add(TraceKind::waited, cluster, 0, milliseconds);
    const auto steps = fresh.steps();
    const auto changed = std::ranges::mismatch(before.steps(), steps).in2;
    std::for_each(changed, steps.end(), [&](const TraceStep& step) { whole.add(step); });
    return whole;
}

}  // namespace

bool Connection::may_wait(const Limits& limits, Time now) const noexcept {
    const Handshake& handshake = *handshake_;
    if (!handshake.plan.may_switch || handshake.committed) return false;
    if (handshake.wait) return now < handshake.wait->until;
    return limits.hold_connects > Duration::zero() && limits.hold_room;
}

Actions Connection::wait_or_refuse(RefuseReason reason, const Limits& limits, Time now) {
    if (!may_wait(limits, now)) return refuse(reason, answer_for(reason), limits, now);
    Handshake& handshake = *handshake_;
    if (!handshake.wait) {
        handshake.wait = std::make_unique<Handshake::Wait>();
        handshake.wait->cluster = handshake.plan.cluster;
        handshake.wait->since = now;
        handshake.wait->until = now + limits.hold_connects;
        handshake.wait->before = without_refusal(handshake.plan.trace);
    }
    phase_ = Phase::waiting;
    node_done_ = true;
    const Duration pause = soonest_retry + random_part(std::max(retry_spread, limits.hold_spread), handshake.entropy);
    deadline_ = std::min(handshake.wait->until, now + pause);
    Actions actions;
    actions.waits = true;
    return actions;
}

Actions Connection::plan_again(const fleet::Snapshot& snapshot, const Limits& limits, Time now) {
    HF_ASSERT(phase_ == Phase::waiting && handshake_ && handshake_->wait, "only a CONNECT that waits is planned again");
    Handshake& handshake = *handshake_;
    const Handshake::Wait& wait = *handshake.wait;
    handshake.plan = fleet::plan_route(snapshot, credentials_of(*handshake.view, handshake.source), handshake.entropy);
    handshake.plan.trace = continued(wait.before, wait.cluster, milliseconds_between(wait.since, now), handshake.plan.trace);
    handshake.candidate = 0;
    if (handshake.plan.outcome == fleet::PlanOutcome::refuse) return wait_or_refuse(handshake.plan.reason, limits, now);
    return next_candidate(limits, now);
}

Actions Connection::topology_changed(const fleet::Topology& topology, const Limits& limits, Time now) {
    Actions actions;
    if (!follows_switches()) return actions;
    Handshake& handshake = *handshake_;
    if (phase_ != Phase::waiting) {
        const fleet::Plan& plan = handshake.plan;
        const bool at_active = plan.candidates[handshake.candidate].kind == fleet::RouteKind::active;
        if (!at_active || topology.cluster(plan.cluster).active == node_ || !may_wait(limits, now)) return actions;
        handshake.plan.trace.add(TraceKind::no_longer_active, node_, 0, milliseconds_between(handshake.attempt_at, now));
        actions = wait_or_refuse(RefuseReason::nodes_unreachable, limits, now);
        actions.drop_node = true;
    }
    deadline_ = std::min(deadline_, now + random_part(limits.hold_spread, handshake.entropy));
    return actions;
}

void Connection::note_wait(Time now) {
    if (phase_ != Phase::waiting) return;
    const Handshake::Wait& wait = *handshake_->wait;
    handshake_->plan.trace = continued(wait.before, wait.cluster, milliseconds_between(wait.since, now), {});
}

bool Connection::follows_switches() const noexcept {
    if (phase_ != Phase::waiting && phase_ != Phase::connecting && phase_ != Phase::greeting) return false;
    return handshake_->plan.may_switch && !handshake_->committed;
}

bool Connection::gave_up() const noexcept {
    return handshake_ && handshake_->refused == RefuseReason::gave_up;
}

fleet::ClusterIndex Connection::waits_for() const noexcept {
    return handshake_ && handshake_->wait ? handshake_->wait->cluster : fleet::ClusterIndex::none();
}

}  // namespace holdfast::proxy
