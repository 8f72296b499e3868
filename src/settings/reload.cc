#include "settings/reload.h"

#include <fmt/format.h>

#include <algorithm>

#include "settings/settings_table.h"

namespace holdfast::settings {
namespace {

std::string shown(const Row& row, const Value& value) {
    const std::string text = format_value(row, value);
    if (row.secret) return text.empty() ? "(none)" : "(hidden)";
    return text;
}

/// "east (2 nodes), west (3 nodes)"
std::string shown(const std::vector<ClusterSettings>& clusters) {
    std::string text;
    for (const ClusterSettings& cluster : clusters) {
        const std::size_t nodes = cluster.source == ClusterSource::local ? cluster.nodes : cluster.node.size();
        text += fmt::format("{}{} ({} {})", text.empty() ? "" : ", ", cluster.name, nodes, nodes == 1 ? "node" : "nodes");
    }
    return text.empty() ? "none" : text;
}

std::string shown(const std::vector<AllocationRuleSettings>& rules) {
    return fmt::format("{} {}", rules.size(), rules.size() == 1 ? "rule" : "rules");
}

/// "east (2 members), west (3 members)"
std::string shown(const std::vector<GroupSettings>& groups) {
    std::string text;
    for (const GroupSettings& group : groups) {
        text += fmt::format("{}{} ({} {})", text.empty() ? "" : ", ", group.name, group.member.size(),
                            group.member.size() == 1 ? "member" : "members");
    }
    return text.empty() ? "none" : text;
}

std::string shown(const std::vector<RedisMasterSettings>& masters) {
    std::string text;
    for (const RedisMasterSettings& master : masters)
        text += (text.empty() ? "" : ", ") + master.name;
    return text.empty() ? "none" : text;
}

/// What came and went, and what of the rest is not as it was. `list` and `one`: what they are called.
template <class Entry>
void reload_named(std::string_view list, std::string_view one, std::vector<Entry>& current, const std::vector<Entry>& fresh,
                  Reload& reload) {
    if (shown(current) != shown(fresh)) reload.changed.push_back({std::string(list), shown(current), shown(fresh)});
    for (const Entry& entry : fresh) {
        const auto old = std::ranges::find(current, entry.name, &Entry::name);
        if (old != current.end() && *old != entry) reload.changed.push_back({fmt::format("{} {}", one, entry.name), {}, {}});
    }
    current = fresh;
}

/// Every new static cluster, and the local ones as they run now: a local cluster's processes change only at a start.
void reload_clusters(const Settings& current, const Settings& fresh, Reload& reload) {
    const auto is_local = [](const ClusterSettings& cluster) { return cluster.source == ClusterSource::local; };
    std::vector<ClusterSettings> running, wanted, merged;
    std::ranges::copy_if(current.clusters, std::back_inserter(running), is_local);
    std::ranges::copy_if(fresh.clusters, std::back_inserter(wanted), is_local);
    if (running != wanted) reload.need_restart.push_back({"the list of local clusters", shown(running), shown(wanted)});
    merged = running;
    for (const ClusterSettings& cluster : fresh.clusters) {
        const bool taken = std::ranges::any_of(running, [&](const ClusterSettings& one) { return one.name == cluster.name; });
        if (!is_local(cluster) && !taken) merged.push_back(cluster);
    }
    std::vector<ClusterSettings> before;
    before = running;
    std::ranges::copy_if(current.clusters, std::back_inserter(before), std::not_fn(is_local));
    if (merged != before) {
        reload.changed.push_back({"the list of clusters", shown(before), shown(merged)});
        reload.settings.clusters = std::move(merged);
    }
}

}  // namespace

Reload reload(const Settings& current, const Settings& fresh) {
    Reload reload{current, {}, {}};
    for (const Row& row : rows()) {
        const Value old_value = row.member.get(&current);
        const Value new_value = row.member.get(&fresh);
        if (old_value == new_value) continue;
        SettingChange change{std::string(row.name), shown(row, old_value), shown(row, new_value)};
        if (row.change == Change::at_run_time) {
            row.member.set(&reload.settings, new_value);
            reload.changed.push_back(std::move(change));
        } else {
            reload.need_restart.push_back(std::move(change));
        }
    }
    reload_clusters(current, fresh, reload);
    reload_named("the list of Redis masters", "the Redis master", reload.settings.redis_masters, fresh.redis_masters, reload);
    reload_named("the list of groups", "the group", reload.settings.groups, fresh.groups, reload);
    if (current.device_profiles != fresh.device_profiles) {
        const auto number = [](const Settings& settings) {
            return fmt::format("{} profiles", settings.device_profiles.size());
        };
        reload.need_restart.push_back({"the list of device profiles", number(current), number(fresh)});
    }
    if (current.allocation_rules != fresh.allocation_rules) {
        reload.changed.push_back(
            {"the list of allocation rules", shown(current.allocation_rules), shown(fresh.allocation_rules)});
        reload.settings.allocation_rules = fresh.allocation_rules;
    }
    return reload;
}

std::vector<std::string> Reload::sentences() const {
    const auto or_empty = [](const std::string& text) { return text.empty() ? std::string("\"\"") : text; };
    std::vector<std::string> all;
    for (const SettingChange& change : changed) {
        if (change.from == change.to) {
            all.push_back(fmt::format("{} has changed", change.name));
            continue;
        }
        all.push_back(fmt::format("{} is now {} (was {})", change.name, or_empty(change.to), or_empty(change.from)));
    }
    for (const SettingChange& change : need_restart) {
        if (change.from == change.to) {
            all.push_back(fmt::format("{} stays as it is until the next start", change.name));
            continue;
        }
        all.push_back(fmt::format("{} stays {} until the next start, when it will be {}", change.name, or_empty(change.from),
                                  or_empty(change.to)));
    }
    return all;
}

}  // namespace holdfast::settings
