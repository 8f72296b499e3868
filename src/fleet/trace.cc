#include "fleet/trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "fleet/policy.h"

namespace holdfast::fleet {

namespace {

std::string identity_words(std::uint8_t parts) {
    std::string words;
    for (const auto part :
         {IdentityPart::client_id, IdentityPart::username, IdentityPart::common_name, IdentityPart::password}) {
        if ((parts & (1U << static_cast<unsigned>(part))) == 0) continue;
        if (!words.empty()) words += ", ";
        switch (part) {
            case IdentityPart::client_id:
                words += "client id";
                break;
            case IdentityPart::username:
                words += "username";
                break;
            case IdentityPart::common_name:
                words += "certificate's common name";
                break;
            case IdentityPart::password:
                words += "keyed hash of the password";
                break;
        }
    }
    return words;
}

std::string_view anonymous_words(std::uint8_t code) {
    switch (static_cast<AnonymousKey>(code)) {
        case AnonymousKey::username:
            return "its username";
        case AnonymousKey::common_name:
            return "its certificate's common name";
        case AnonymousKey::source_address:
            return "its source address";
        case AnonymousKey::chance:
            return "chance";
    }
    return "chance";
}

std::string_view route_words(std::uint64_t kind) {
    switch (static_cast<RouteKind>(kind)) {
        case RouteKind::explicit_route:
            return "an operator chose it";
        case RouteKind::sticky:
            return "the device was there last";
        case RouteKind::hash:
            return "the hash of the device ranks it first";
        case RouteKind::active:
            return "it is the cluster's active node";
    }
    return "the hash of the device ranks it first";
}

std::string_view passed_over_lead(std::uint64_t kind) {
    switch (static_cast<RouteKind>(kind)) {
        case RouteKind::explicit_route:
            return "the operator's choice";
        case RouteKind::sticky:
            return "where it was last";
        case RouteKind::hash:
            return "by hash";
        case RouteKind::active:
            return "the cluster's active node";
    }
    return "by hash";
}

/// Steps of the plan.
std::string plan_sentence(const TraceStep& step, std::string_view cluster, std::string_view node) {
    switch (step.kind) {
        case TraceKind::identified:
            return fmt::format("identified by its {}", identity_words(step.code));
        case TraceKind::anonymous:
            return fmt::format("has no identity; routed by {} and not stored", anonymous_words(step.code));
        case TraceKind::device_known:
            return "the device is known";
        case TraceKind::device_new:
            return "the device is new and is enrolled";
        case TraceKind::device_unknown:
            return "the device is not known, and enrolment is closed";
        case TraceKind::device_disabled:
            return "the device is disabled";
        case TraceKind::cluster_explicit:
            return fmt::format("cluster {}: an operator moved the device there", cluster);
        case TraceKind::cluster_home:
            return fmt::format("cluster {}: the device is at home there", cluster);
        case TraceKind::cluster_gone:
            return fmt::format("its {} cluster {} is no more", step.code == 0 ? "explicit" : "home", cluster);
        case TraceKind::cluster_rule:
            return fmt::format("cluster {}: allocation rule {} fits", cluster, step.number);
        case TraceKind::cluster_hash:
            return fmt::format("cluster {}: allocated by hash among {} {}", cluster, step.number,
                               step.number == 1 ? "cluster" : "clusters");
        case TraceKind::cluster_dead:
            return fmt::format("cluster {} was passed over: none of its nodes is up", cluster);
        case TraceKind::node_passed_over:
            return fmt::format("node {}, {}, was passed over: it is {}", node, passed_over_lead(step.number),
                               to_string(static_cast<NodeState>(step.code)));
        case TraceKind::candidates: {
            const std::string suspects = step.code == 0 ? "" : fmt::format(" ({} of them suspect)", step.code);
            return fmt::format("{} {} can take it{}", step.number, step.number == 1 ? "node" : "nodes", suspects);
        }
        case TraceKind::chosen:
            return fmt::format("chose {}: {}", node, route_words(step.code));
        case TraceKind::refused:
            return fmt::format("refused: {}", sentence(static_cast<RefuseReason>(step.code)));
        default:
            return {};
    }
}

/// Steps of the connection.
std::string connection_sentence(const TraceStep& step, std::string_view cluster, std::string_view node) {
    switch (step.kind) {
        case TraceKind::connecting:
            return fmt::format("connecting to {}", node);
        case TraceKind::connect_refused:
            return fmt::format("{} refused the connection", node);
        case TraceKind::connect_timed_out:
            return fmt::format("{} did not accept the connection within {} ms", node, step.number);
        case TraceKind::unreachable:
            return fmt::format("{} could not be reached (error {})", node, step.code);
        case TraceKind::hung_up:
            return fmt::format("{} hung up before it answered", node);
        case TraceKind::connack_timed_out:
            return fmt::format("{} did not answer the CONNECT within {} ms", node, step.number);
        case TraceKind::answered:
            return fmt::format("{} answered 0x{:02X}: refused", node, step.code);
        case TraceKind::protocol_error:
            return fmt::format("{} answered with something that is no CONNACK", node);
        case TraceKind::accepted:
            return fmt::format("{} accepted after {} ms", node, step.number);
        case TraceKind::no_longer_active:
            return fmt::format("{} had not answered after {} ms when another node became active", node, step.number);
        case TraceKind::waited:
            return fmt::format("waited {} ms for an active node of {}", step.number, cluster);
        default:
            return "a step this version does not know";
    }
}

}  // namespace

std::string_view to_string(RouteKind kind) noexcept {
    switch (kind) {
        case RouteKind::explicit_route:
            return "explicit";
        case RouteKind::sticky:
            return "sticky";
        case RouteKind::hash:
            return "hash";
        case RouteKind::active:
            return "active";
    }
    return "unknown";
}

void Trace::add(TraceKind kind, std::uint8_t code, std::uint64_t number, std::uint32_t subject) noexcept {
    steps_.push_back({kind, code, static_cast<std::uint16_t>(std::min<std::uint64_t>(number, 0xFFFF)), subject});
}

std::vector<std::string> render(std::span<const TraceStep> steps, const Topology& topology) {
    std::vector<std::string> sentences;
    sentences.reserve(steps.size());
    for (const TraceStep& step : steps) {
        const auto cluster = topology.cluster_name(ClusterIndex(static_cast<ClusterIndex::Value>(step.subject)));
        const auto node = topology.node_name(NodeIndex(step.subject));
        std::string words = plan_sentence(step, cluster, node);
        sentences.push_back(words.empty() ? connection_sentence(step, cluster, node) : std::move(words));
    }
    return sentences;
}

}  // namespace holdfast::fleet
