#include "fleet/takeovers.h"

#include <algorithm>

namespace holdfast::fleet {

bool Takeovers::seen(std::string_view device, std::string_view older_source, std::string_view newer_source, Moment moment) {
    ++takeovers_;
    auto found = watched_.find(std::string(device));
    if (found == watched_.end()) {
        if (watched_.size() >= options_.max_watched) make_room(moment.now);
        found = watched_.try_emplace(std::string(device)).first;
        found->second.fight.device = device;
    }
    Watched& watched = found->second;
    while (!watched.recent.empty() && moment.now - watched.recent.front() > options_.window)
        watched.recent.pop_front();
    if (watched.recent.empty()) {
        watched.fighting = false;
        watched.fight.takeovers = 0;
        watched.fight.since = moment.wall;
    }
    watched.recent.push_back(moment.now);
    if (watched.recent.size() > options_.takeovers) watched.recent.pop_front();
    ++watched.fight.takeovers;
    watched.fight.last = moment.wall;
    watched.fight.last_at = moment.now;
    watched.fight.source_a = older_source;
    watched.fight.source_b = newer_source;
    if (watched.fighting || watched.recent.size() < options_.takeovers) return false;
    watched.fighting = true;
    ++fights_;
    return true;
}

void Takeovers::forget(std::string_view device) {
    watched_.erase(std::string(device));
}

void Takeovers::make_room(Time now) {
    std::erase_if(watched_, [&](const auto& entry) { return now - entry.second.fight.last_at > options_.window; });
    if (watched_.size() < options_.max_watched) return;
    // All are recent: the older half goes, so that this is paid once for many.
    std::vector<Time> times;
    times.reserve(watched_.size());
    for (const auto& [device, watched] : watched_)
        times.push_back(watched.fight.last_at);
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    const Time limit = *middle;
    std::erase_if(watched_, [&](const auto& entry) { return entry.second.fight.last_at <= limit; });
}

std::vector<Fight> Takeovers::fights(Time now, std::size_t limit) const {
    std::vector<Fight> fights;
    for (const auto& [device, watched] : watched_)
        if (watched.fighting && now - watched.fight.last_at <= options_.window) fights.push_back(watched.fight);
    std::ranges::sort(fights, [](const Fight& a, const Fight& b) {
        return a.last_at != b.last_at ? a.last_at > b.last_at : a.device < b.device;
    });
    if (fights.size() > limit) fights.resize(limit);
    return fights;
}

}  // namespace holdfast::fleet
