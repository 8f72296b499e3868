#include "watch/redis_masters.h"

#include <algorithm>
#include <string>

#include "runtime/log.h"

namespace holdfast::watch {
namespace {

constexpr std::string_view part = "sentinel";

using sentinel::SavedGroup;

const SavedGroup* named(std::span<const SavedGroup> masters, const std::string& name) {
    const auto found = std::ranges::find(masters, name, &SavedGroup::name);
    return found == masters.end() ? nullptr : &*found;
}

/// Tells that a new address counts for nothing, or nobody would know why.
void tell_address(const SavedGroup* old, const SavedGroup& fresh) {
    if (old == nullptr || old->master == fresh.master) return;
    log::warning(part,
                 "the master {} stays where it is known to be: its address in the settings counts for a master that is not "
                 "known; say SENTINEL REMOVE {}, and read the settings again",
                 fresh.name, fresh.name);
}

}  // namespace

void put_masters(sentinel::Sentinel& sentinel, std::span<const SavedGroup> before, std::span<const SavedGroup> fresh,
                 Moment moment) {
    const auto is_watched = [&sentinel](const std::string& name) { return sentinel.state().groups.contains(name); };
    for (const SavedGroup& old : before) {
        if (named(fresh, old.name) != nullptr || !is_watched(old.name)) continue;
        if (auto removed = sentinel.remove(old.name, moment); !removed)
            log::warning(part, "the master {} is watched still: {}", old.name, removed.error().message());
    }
    for (const SavedGroup& master : fresh) {
        if (!is_watched(master.name)) {
            auto added = sentinel.monitor(master.name, master.master, master.options.quorum, moment);
            if (!added) {
                log::error(part, "the master {} cannot be watched: {}", master.name, added.error().message());
                continue;
            }
        } else {
            tell_address(named(before, master.name), master);
        }
        if (sentinel.state().groups.at(master.name).options == master.options) continue;
        if (auto set = sentinel.set_group(master.name, master.options, moment); !set)
            log::error(part, "the master {} keeps its options: {}", master.name, set.error().message());
    }
}

}  // namespace holdfast::watch
