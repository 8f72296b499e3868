#pragma once
// The steps that led a CONNECT to its node or to its refusal, as small numbers on the hot path and as sentences when somebody
// asks
// (`holdfast device explain`). The planner writes the first steps, the connection appends what came of the candidates.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/ids.h"
#include "fleet/inline_vector.h"
#include "fleet/refusal.h"
#include "fleet/topology.h"

namespace holdfast::fleet {

/// By which rule a node was chosen.
enum class RouteKind : std::uint8_t {
    explicit_route,  ///< an operator said so
    sticky,          ///< where the device was last
    hash,            ///< weighted rendezvous
    active,          ///< the active node of a cluster whose others stand by
};
[[nodiscard]] std::string_view to_string(RouteKind kind) noexcept;  ///< "explicit", "sticky", "hash", "active"

/// What each step's `subject`, `code` and `number` mean stands beside it; unnamed ones are 0.
enum class TraceKind : std::uint8_t {
    identified,  ///< code: bit set of 1 << IdentityPart that make the device id
    anonymous,   ///< no identity; code: AnonymousKey
    device_known,
    device_new,      ///< enrolled now
    device_unknown,  ///< enrolment is closed
    device_disabled,
    cluster_explicit,   ///< subject: cluster
    cluster_home,       ///< subject: cluster
    cluster_gone,       ///< code: 0 explicit, 1 home; subject: the cluster that is no more
    cluster_rule,       ///< subject: cluster; number: which rule, from 1
    cluster_hash,       ///< subject: cluster; number: how many were to choose from
    cluster_dead,       ///< subject: a cluster passed over in allocation because none of its nodes is up
    node_passed_over,   ///< subject: node; code: NodeState; number: RouteKind that led to it
    candidates,         ///< number: how many nodes can take it; code: how many of them are only suspect
    chosen,             ///< subject: node; code: RouteKind
    refused,            ///< code: RefuseReason
    connecting,         ///< subject: node
    connect_refused,    ///< subject: node ("refused the connection")
    connect_timed_out,  ///< subject: node; number: after how many milliseconds
    unreachable,        ///< subject: node; code: system error number, 0 unknown
    hung_up,            ///< subject: node (closed before its CONNACK)
    connack_timed_out,  ///< subject: node; number: after how many milliseconds
    answered,           ///< subject: node; code: CONNACK code that refuses; number: MQTT version
    protocol_error,     ///< subject: node (answered with something that is no CONNACK)
    accepted,           ///< subject: node; number: milliseconds from CONNECT to CONNACK
    no_longer_active,  ///< subject: node (had not answered when another one became active); number: after how many milliseconds
    waited,            ///< subject: cluster, for an active node of it; number: how many milliseconds
};

/// What an anonymous CONNECT is routed by.
enum class AnonymousKey : std::uint8_t { username, common_name, source_address, chance };

struct TraceStep {
    TraceKind kind = TraceKind::identified;
    std::uint8_t code = 0;
    std::uint16_t number = 0;  ///< stays at 65535 beyond it
    std::uint32_t subject = 0;

    friend bool operator==(const TraceStep&, const TraceStep&) = default;
};
static_assert(sizeof(TraceStep) == 8);

/// At most 30 steps (a plan writes up to about 12, a connection two per candidate and a few when it waits); more are dropped. A
/// plain value of 248 bytes.
class Trace {
public:
    void add(TraceKind kind, std::uint8_t code = 0, std::uint64_t number = 0, std::uint32_t subject = 0) noexcept;
    void add(TraceKind kind, NodeIndex node, std::uint8_t code = 0, std::uint64_t number = 0) noexcept {
        add(kind, code, number, node.value());
    }
    void add(TraceKind kind, ClusterIndex cluster, std::uint8_t code = 0, std::uint64_t number = 0) noexcept {
        add(kind, code, number, cluster.value());
    }
    void add(const TraceStep& step) noexcept { steps_.push_back(step); }
    /// For `refused`.
    void add(RefuseReason reason) noexcept { add(TraceKind::refused, static_cast<std::uint8_t>(reason)); }

    [[nodiscard]] std::span<const TraceStep> steps() const noexcept { return {steps_.begin(), steps_.size()}; }

private:
    InlineVector<TraceStep, 30> steps_;
};

/// One sentence for each step, with the names of `topology`. Older traces may be rendered with a newer topology of the same
/// process.
[[nodiscard]] std::vector<std::string> render(std::span<const TraceStep> steps, const Topology& topology);
[[nodiscard]] inline std::vector<std::string> render(const Trace& trace, const Topology& topology) {
    return render(trace.steps(), topology);
}

}  // namespace holdfast::fleet
