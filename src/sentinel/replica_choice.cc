#include "sentinel/replica_choice.h"

#include <algorithm>
#include <tuple>

namespace holdfast::sentinel {

namespace {

bool is_fit(const Instance& replica, const ChoiceRules& rules) {
    if (replica.subjectively_down_since || !replica.link.command_up || replica.priority == 0 || replica.loading) return false;
    if (rules.now - replica.link.last_accepted > rules.longest_silence) return false;
    if (!replica.info_at || rules.now - *replica.info_at > rules.oldest_info) return false;
    Duration longest_without_link = rules.down_after * 10;
    if (rules.master_down_since) longest_without_link += rules.now - *rules.master_down_since;
    if (replica.reported_role == Role::replica && replica.follows_link_down_for > longest_without_link) return false;
    return is_of_lineage(replica, rules);
}

bool is_synced(const Instance& replica) {
    return !replica.sync_in_progress && replica.replication_offset > 0;
}

/// Small letters count as large ones; who has none is last.
bool is_before(const std::string& a, const std::string& b) {
    if (a.empty() || b.empty()) return !a.empty();
    return std::ranges::lexicographical_compare(a, b, [](char x, char y) {
        const auto lower = [](char letter) {
            return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
        };
        return lower(x) < lower(y);
    });
}

bool is_better(const Instance& a, const Instance& b, const ChoiceRules& rules) {
    const auto rank = [&rules](const Instance& replica) {
        // Offsets are compared by how far they reach, so the larger has the smaller rank.
        return std::tuple(rules.in_vain.contains(replica.name), !is_synced(replica), replica.priority,
                          ~replica.replication_offset);
    };
    const auto rank_a = rank(a);
    const auto rank_b = rank(b);
    return rank_a != rank_b ? rank_a < rank_b : is_before(a.run_id, b.run_id);
}

}  // namespace

bool is_of_lineage(const Instance& replica, const ChoiceRules& rules) {
    if (rules.lineage.empty() || replica.replication_id.empty()) return true;
    // Of the master's predecessor: it has not met the master yet, so what it has is the beginning of the master's history. A
    // replica that has become a master by itself says whose history it goes on with.
    return replica.replication_id == rules.lineage || replica.replication_id2 == rules.lineage ||
           (!rules.lineage2.empty() && replica.replication_id == rules.lineage2);
}

const Instance* choose_replica(const std::map<std::string, Instance>& replicas, const ChoiceRules& rules) {
    const Instance* best = nullptr;
    for (const auto& [name, replica] : replicas) {
        if (is_fit(replica, rules) && (best == nullptr || is_better(replica, *best, rules))) best = &replica;
    }
    return best;
}

}  // namespace holdfast::sentinel
