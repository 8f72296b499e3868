#include "fleet/planner.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/assert.h"
#include "fleet/rendezvous.h"

namespace holdfast::fleet {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::size_t password_hash_bytes = 16;

/// A part as it stands in an id of several: '%' and '/' escaped, so that '/' only ever separates.
void append_escaped(std::string& id, std::string_view part) {
    for (const char c : part) {
        if (c == '%') {
            id += "%25";
        } else if (c == '/') {
            id += "%2F";
        } else {
            id += c;
        }
    }
}

std::string password_hash(const Policy& policy, std::string_view password) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    const unsigned char* made =
        HMAC(EVP_sha256(), policy.password_key.data(), static_cast<int>(policy.password_key.size()),
             reinterpret_cast<const unsigned char*>(password.data()), password.size(), digest.data(), &length);
    HF_ASSERT(made != nullptr && length >= password_hash_bytes, "HMAC-SHA256 is always there");
    std::string hex;
    hex.reserve(2 * password_hash_bytes);
    for (std::size_t i = 0; i < password_hash_bytes; ++i) {
        hex += hex_digits[digest[i] >> 4];
        hex += hex_digits[digest[i] & 0x0F];
    }
    return hex;
}

std::string_view plain_part(const Credentials& credentials, IdentityPart part) {
    switch (part) {
        case IdentityPart::client_id:
            return credentials.client_id;
        case IdentityPart::username:
            return credentials.has_username ? credentials.username : std::string_view{};
        case IdentityPart::common_name:
            return credentials.common_name;
        case IdentityPart::password:
            return credentials.has_password ? credentials.password : std::string_view{};
    }
    return {};
}

/// Sets the plan's device id; leaves it empty when a part is missing or the whole is longer than an id may be.
void set_identity(Plan& plan, const Policy& policy, const Credentials& credentials) {
    const auto missing = [&](IdentityPart part) { return plain_part(credentials, part).empty(); };
    if (std::ranges::any_of(policy.identify, missing)) return;
    if (policy.identify.size() == 1 && policy.identify.front() != IdentityPart::password) {
        plan.single_id = plain_part(credentials, policy.identify.front());
    } else {
        for (const IdentityPart part : policy.identify) {
            if (!plan.composed_id.empty()) plan.composed_id += '/';
            if (part == IdentityPart::password) {
                plan.composed_id += password_hash(policy, credentials.password);
            } else {
                append_escaped(plan.composed_id, plain_part(credentials, part));
            }
        }
    }
    if (plan.device_id().size() > max_device_id_length) {
        plan.single_id = {};
        plan.composed_id.clear();
    }
}

std::uint8_t identity_bits(const Policy& policy) {
    unsigned bits = 0;
    for (const IdentityPart part : policy.identify)
        bits |= 1U << static_cast<unsigned>(part);
    return static_cast<std::uint8_t>(bits);
}

void refuse(Plan& plan, RefuseReason reason) {
    plan.outcome = PlanOutcome::refuse;
    plan.reason = reason;
    plan.candidates.clear();
    plan.trace.add(reason);
}

/// What an anonymous CONNECT is placed by.
std::uint64_t anonymous_placement(const Credentials& credentials, std::uint64_t entropy, AnonymousKey& key) {
    if (credentials.has_username && !credentials.username.empty()) {
        key = AnonymousKey::username;
        return placement_key('u', credentials.username);
    }
    if (!credentials.common_name.empty()) {
        key = AnonymousKey::common_name;
        return placement_key('c', credentials.common_name);
    }
    if (!credentials.source_address.empty()) {
        key = AnonymousKey::source_address;
        return placement_key('s', credentials.source_address);
    }
    key = AnonymousKey::chance;
    const std::array<char, sizeof entropy> bytes = std::bit_cast<std::array<char, sizeof entropy>>(entropy);
    return placement_key('x', {bytes.data(), bytes.size()});
}

/// How well a node can take devices that are not led to it by name: 2 up, 1 suspect, 0 not at all.
int fitness(const TopologyNode& node) {
    switch (node.state()) {
        case NodeState::up:
            return 2;
        case NodeState::suspect:
            return 1;
        default:
            return 0;
    }
}

int cluster_fitness(const Topology& topology, const TopologyCluster& cluster) {
    int best = 0;
    for (const NodeIndex node : cluster.nodes)
        best = std::max(best, fitness(topology.nodes[node.value()]));
    return best;
}

std::string_view rule_subject(const AllocationRule& rule, std::string_view id, const Credentials& credentials) {
    switch (rule.subject) {
        case AllocationRule::Subject::device_id:
            return id;
        case AllocationRule::Subject::username:
            return credentials.has_username ? credentials.username : std::string_view{};
        case AllocationRule::Subject::common_name:
            return credentials.common_name;
    }
    return id;
}

ClusterIndex cluster_by_rule(const Snapshot& snapshot, std::string_view id, const Credentials& credentials, Trace& trace) {
    const auto& rules = snapshot.policy->rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const std::string_view subject = rule_subject(rules[i], id, credentials);
        if (subject.empty() || !matches(rules[i].pattern, subject)) continue;
        const ClusterIndex cluster = snapshot.topology->find_cluster(rules[i].cluster);
        if (!cluster.valid() || !snapshot.topology->cluster(cluster).enabled) continue;
        trace.add(TraceKind::cluster_rule, cluster, 0, i + 1);
        return cluster;
    }
    return ClusterIndex::none();
}

ClusterIndex cluster_by_hash(const Topology& topology, std::uint64_t placement, Trace& trace) {
    ClusterIndex best;
    ClusterIndex first;  // by hash alone, whether alive or not
    double best_score = 0;
    double first_score = 0;
    int best_fitness = -1;
    std::uint64_t among = 0;
    for (std::size_t i = 0; i < topology.clusters.size(); ++i) {
        const TopologyCluster& cluster = topology.clusters[i];
        if (cluster.erased || !cluster.enabled || cluster.weight == 0) continue;
        ++among;
        const ClusterIndex index(static_cast<ClusterIndex::Value>(i));
        const int fit = cluster_fitness(topology, cluster);
        const double score = rendezvous_score(placement, cluster.key, cluster.weight);
        if (score > first_score) {
            first_score = score;
            first = index;
        }
        if (fit > best_fitness || (fit == best_fitness && score > best_score)) {
            best_fitness = fit;
            best_score = score;
            best = index;
        }
    }
    if (best.valid()) {
        if (first != best) trace.add(TraceKind::cluster_dead, first);
        trace.add(TraceKind::cluster_hash, best, 0, among);
    }
    return best;
}

ClusterIndex allocate(const Snapshot& snapshot, std::string_view id, const Credentials& credentials, std::uint64_t placement,
                      Trace& trace) {
    const ClusterIndex ruled = cluster_by_rule(snapshot, id, credentials, trace);
    return ruled.valid() ? ruled : cluster_by_hash(*snapshot.topology, placement, trace);
}

/// The nodes of one cluster, ranked for one placement, with the device's own nodes in front.
class Ranking {
public:
    Ranking(const Topology& topology, ClusterIndex cluster, Plan& plan) : topology_(topology), cluster_(cluster), plan_(plan) {}

    void lead_explicit(NodeIndex node) {
        if (!belongs(node)) return;
        const NodeState state = topology_.nodes[node.value()].state();
        if (state == NodeState::down || state == NodeState::left) {
            pass_over(node, state, RouteKind::explicit_route);
            return;
        }
        take(node, RouteKind::explicit_route);
    }

    void lead_sticky(NodeIndex node) {
        if (!belongs(node) || taken(node)) return;
        const TopologyNode& it = topology_.nodes[node.value()];
        const NodeState state = it.state();
        const bool not_yet_known = state == NodeState::suspect && !it.probed;
        if (state == NodeState::up || not_yet_known) {
            take(node, RouteKind::sticky);
            return;
        }
        pass_over(node, state, RouteKind::sticky);
        if (state == NodeState::suspect) sticky_suspect_ = node;
    }

    /// The active node, the only one that takes devices which are not led to another by name.
    void lead_active() {
        const NodeIndex active = topology_.clusters[cluster_.value()].active;
        if (!belongs(active) || taken(active)) return;
        const NodeState state = topology_.nodes[active.value()].state();
        if (state == NodeState::down || state == NodeState::left) {
            pass_over(active, state, RouteKind::active);
        } else {
            // Also while it is being drained: until another one is active there is nowhere else to go.
            take(active, RouteKind::active);
        }
    }

    /// By the cluster's policy, behind the device's own nodes.
    void rank(NodeIndex sticky, std::uint64_t placement) {
        if (topology_.clusters[cluster_.value()].policy == ClusterPolicy::active_standby) {
            lead_active();
            plan_.may_switch = any_may_be_active();
        } else {
            lead_sticky(sticky);
            rank_rest(placement);
        }
    }

    void rank_rest(std::uint64_t placement) {
        std::array<Scored, max_candidates> best;
        std::size_t count = 0;
        for (const NodeIndex node : topology_.clusters[cluster_.value()].nodes) {
            const TopologyNode& it = topology_.nodes[node.value()];
            const int fit = fitness(it);
            if (fit == 0 || taken(node)) continue;
            const bool was_here = node == sticky_suspect_;
            if (it.weight == 0 && !was_here) continue;
            // Among the suspects the one that may hold the session comes first.
            const Scored scored{node, fit,
                                was_here ? std::numeric_limits<double>::max() : rendezvous_score(placement, it.key, it.weight)};
            insert(best, count, scored);
        }
        for (std::size_t i = 0; i < count; ++i) {
            if (best[i].fit == 1 && !plan_.candidates.full()) ++suspects_;
            const RouteKind kind = best[i].node == sticky_suspect_ ? RouteKind::sticky : RouteKind::hash;
            plan_.candidates.push_back({best[i].node, kind});
        }
    }

    void conclude() {
        if (plan_.candidates.empty()) {
            refuse(plan_, RefuseReason::no_live_node);
            return;
        }
        plan_.outcome = PlanOutcome::route;
        plan_.trace.add(TraceKind::candidates, static_cast<std::uint8_t>(suspects_), plan_.candidates.size());
        const Candidate& first = plan_.candidates[0];
        plan_.trace.add(TraceKind::chosen, first.node, static_cast<std::uint8_t>(first.kind));
    }

private:
    struct Scored {
        NodeIndex node;
        int fit = 0;
        double score = 0;

        [[nodiscard]] bool before(const Scored& other) const {
            return fit != other.fit ? fit > other.fit : score > other.score;
        }
    };

    /// Keeps the best max_candidates in order.
    static void insert(std::array<Scored, max_candidates>& best, std::size_t& count, const Scored& scored) {
        if (count == best.size() && !scored.before(best[count - 1])) return;
        if (count < best.size()) ++count;
        std::size_t i = count - 1;
        for (; i > 0 && scored.before(best[i - 1]); --i)
            best[i] = best[i - 1];
        best[i] = scored;
    }

    /// Also one that is down: it may be back before another one takes its place.
    [[nodiscard]] bool any_may_be_active() const {
        const TopologyCluster& cluster = topology_.clusters[cluster_.value()];
        return std::ranges::any_of(cluster.nodes, [&](NodeIndex index) {
            const TopologyNode& node = topology_.nodes[index.value()];
            return node.listed && !node.draining && (node.priority != 0 || index == cluster.active);
        });
    }
    [[nodiscard]] bool belongs(NodeIndex node) const {
        return topology_.exists(node) && topology_.nodes[node.value()].cluster == cluster_;
    }
    [[nodiscard]] bool taken(NodeIndex node) const {
        return std::ranges::any_of(plan_.candidates, [&](const Candidate& c) { return c.node == node; });
    }
    void take(NodeIndex node, RouteKind kind) {
        plan_.candidates.push_back({node, kind});
        if (topology_.nodes[node.value()].health == NodeHealth::suspect) ++suspects_;
    }
    void pass_over(NodeIndex node, NodeState state, RouteKind kind) {
        plan_.trace.add(TraceKind::node_passed_over, node, static_cast<std::uint8_t>(state), static_cast<std::uint64_t>(kind));
    }

    const Topology& topology_;
    ClusterIndex cluster_;
    Plan& plan_;
    NodeIndex sticky_suspect_;
    unsigned suspects_ = 0;
};

/// The cluster of a known device; falls through to allocation when the one it had is gone.
void choose_cluster(Plan& plan, const Snapshot& snapshot, const DeviceView& device, const Credentials& credentials,
                    std::uint64_t placement) {
    const Topology& topology = *snapshot.topology;
    plan.home = device.home;
    if (device.explicit_cluster.valid()) {
        if (topology.exists(device.explicit_cluster)) {
            plan.cluster = device.explicit_cluster;
            plan.trace.add(TraceKind::cluster_explicit, plan.cluster);
            return;
        }
        plan.trace.add(TraceKind::cluster_gone, device.explicit_cluster, 0);
    }
    if (topology.exists(device.home)) {
        plan.cluster = device.home;
        plan.trace.add(TraceKind::cluster_home, plan.cluster);
        return;
    }
    if (device.home.valid()) plan.trace.add(TraceKind::cluster_gone, device.home, 1);
    plan.home = plan.cluster = allocate(snapshot, device.id, credentials, placement, plan.trace);
}

void plan_known(Plan& plan, const Snapshot& snapshot, const DeviceView& device, const Credentials& credentials,
                std::uint64_t placement) {
    plan.trace.add(TraceKind::device_known);
    if (device.disabled) {
        plan.trace.add(TraceKind::device_disabled);
        refuse(plan, RefuseReason::disabled_device);
        return;
    }
    choose_cluster(plan, snapshot, device, credentials, placement);
    if (!plan.cluster.valid()) {
        refuse(plan, RefuseReason::no_cluster);
        return;
    }
    Ranking ranking(*snapshot.topology, plan.cluster, plan);
    ranking.lead_explicit(device.explicit_node);
    ranking.rank(snapshot.policy->sticky ? device.sticky_node : NodeIndex::none(), placement);
    ranking.conclude();
}

/// A new device or an anonymous CONNECT: allocated now, no node of its own.
void plan_unknown(Plan& plan, const Snapshot& snapshot, std::string_view id, const Credentials& credentials,
                  std::uint64_t placement) {
    plan.cluster = allocate(snapshot, id, credentials, placement, plan.trace);
    if (!plan.cluster.valid()) {
        refuse(plan, RefuseReason::no_cluster);
        return;
    }
    if (plan.persistent) plan.home = plan.cluster;
    Ranking ranking(*snapshot.topology, plan.cluster, plan);
    ranking.rank(NodeIndex::none(), placement);
    ranking.conclude();
}

void plan_identified(Plan& plan, const Snapshot& snapshot, const Credentials& credentials) {
    const std::string_view id = plan.device_id();
    const std::uint64_t placement = placement_key('d', id);
    plan.persistent = true;
    const std::optional<DeviceView> device = snapshot.devices.find(id);
    if (device) {
        plan_known(plan, snapshot, *device, credentials, placement);
        return;
    }
    if (snapshot.policy->enrolment == Enrolment::closed) {
        plan.trace.add(TraceKind::device_unknown);
        refuse(plan, RefuseReason::unknown_device);
        return;
    }
    if (snapshot.devices.size() >= snapshot.policy->max_devices) {
        refuse(plan, RefuseReason::fleet_full);
        return;
    }
    plan.enrolled_now = true;
    plan.trace.add(TraceKind::device_new);
    plan_unknown(plan, snapshot, id, credentials, placement);
}

}  // namespace

Plan plan_route(const Snapshot& snapshot, const Credentials& credentials, std::uint64_t entropy) {
    Plan plan;
    set_identity(plan, *snapshot.policy, credentials);
    if (!plan.device_id().empty()) {
        plan.trace.add(TraceKind::identified, identity_bits(*snapshot.policy));
        plan_identified(plan, snapshot, credentials);
        return plan;
    }
    if (snapshot.policy->enrolment == Enrolment::closed) {
        refuse(plan, RefuseReason::no_identity);
        return plan;
    }
    AnonymousKey key{};
    const std::uint64_t placement = anonymous_placement(credentials, entropy, key);
    plan.trace.add(TraceKind::anonymous, static_cast<std::uint8_t>(key));
    plan_unknown(plan, snapshot, {}, credentials, placement);
    return plan;
}

std::string identify(const Policy& policy, const Credentials& credentials) {
    Plan plan;
    set_identity(plan, policy, credentials);
    return std::string(plan.device_id());
}

Plan plan_device(const Snapshot& snapshot, std::string_view id) {
    Plan plan;
    plan.single_id = id;
    plan.trace.add(TraceKind::identified, identity_bits(*snapshot.policy));
    plan_identified(plan, snapshot, {});
    return plan;
}

}  // namespace holdfast::fleet
