#pragma once
// Where a CONNECT goes. A pure function of a snapshot and what the device presents, so every thread and every gateway that sees
// the same fleet decides the same.
//
// Device: the configured parts of the CONNECT (Policy::identify). Cluster: the operator's explicit one, else its home, else
// allocated now (first rule that fits, else weighted rendezvous over the enabled clusters, those with a live node first). Node:
// the operator's explicit one while it is not down or left, else the sticky one while it is up (or not yet known), else
// weighted rendezvous over the cluster's up nodes; suspect nodes come last. Draining nodes only ever by an explicit route; down
// and left ones never. In a cluster whose nodes stand by, the active one takes the place of sticky and hash; when it is not
// there, the plan says whether another one may take its place.
//
// A CONNECT without identity (an empty client id, say) is routed by its username, certificate or source address, or by chance,
// and is never stored.

#include <cstdint>
#include <string>
#include <string_view>

#include "fleet/inline_vector.h"
#include "fleet/refusal.h"
#include "fleet/snapshot.h"
#include "fleet/trace.h"

namespace holdfast::fleet {

/// What a device presents. Views into the caller's CONNECT; the plan may keep pointing into them (Plan::device_id).
struct Credentials {
    std::string_view client_id = {};
    std::string_view username = {};
    std::string_view password = {};
    bool has_username = false;
    bool has_password = false;
    std::string_view common_name = {};     ///< of the client's certificate; empty without one
    std::string_view source_address = {};  ///< numeric, without port, e.g. "127.0.0.1"
    bool clean_start = true;
};

enum class PlanOutcome : std::uint8_t { route, refuse };

/// A node to try, and by which rule it is in the list.
struct Candidate {
    NodeIndex node = {};
    RouteKind kind = RouteKind::hash;
};

constexpr std::size_t max_candidates = 8;
using Candidates = InlineVector<Candidate, max_candidates>;

struct Plan {
    PlanOutcome outcome = PlanOutcome::refuse;
    RefuseReason reason = RefuseReason::none;  ///< when refused
    bool persistent = false;                   ///< it has an identity: the fleet may store its route
    bool enrolled_now = false;                 ///< unknown until now, and to be enrolled once a node accepts it
    bool may_switch = false;     ///< the cluster's nodes stand by: when no candidate takes it, another node may soon
    ClusterIndex cluster = {};   ///< that serves it
    ClusterIndex home = {};      ///< its home cluster; when enrolled now, the one allocated
    Candidates candidates = {};  ///< in the order to try; not empty when outcome is route
    Trace trace = {};

    /// Empty when not persistent. Points into the credentials or into this plan: valid while both are.
    [[nodiscard]] std::string_view device_id() const noexcept { return composed_id.empty() ? single_id : composed_id; }

    std::string_view single_id = {};  ///< use device_id()
    std::string composed_id = {};     ///< use device_id()
};

/// See the head of this file. `entropy` is any number, different for each call, and only matters for CONNECTs that have nothing
/// to be routed by. Does not allocate for identities of one part (but for the password) and of known devices.
[[nodiscard]] Plan plan_route(const Snapshot& snapshot, const Credentials& credentials, std::uint64_t entropy);

/// The device id that `credentials` make under `policy`; empty when a part of it is missing or empty.
[[nodiscard]] std::string identify(const Policy& policy, const Credentials& credentials);

/// Where a device of that id would go now if it connected, for operators. `id` is taken as identity as it is.
[[nodiscard]] Plan plan_device(const Snapshot& snapshot, std::string_view id);

}  // namespace holdfast::fleet
