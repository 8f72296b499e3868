#include "fleet/history.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace holdfast::fleet {

namespace {
std::uint64_t hash_of(std::string_view device) {
    return XXH3_64bits(device.data(), device.size());
}
}  // namespace

History::History(const HistoryOptions& options) : options_(options), refusals_(std::max<std::size_t>(options.entries, 1)) {
    options_.entries = std::max<std::size_t>(options_.entries, 1);
}

const History::Entry* History::entry(std::uint64_t sequence) const noexcept {
    if (sequence == 0 || sequence > last_sequence_) return nullptr;
    const Entry& entry = entries_[(sequence - 1) % options_.entries];
    return entry.sequence == sequence ? &entry : nullptr;  // another number: it was overwritten since
}

History::Entry& History::next_entry(std::string_view device) {
    const std::uint64_t sequence = ++last_sequence_;
    const std::size_t at = (sequence - 1) % options_.entries;
    if (at == entries_.size()) entries_.emplace_back();
    Entry& entry = entries_[at];
    if (entry.sequence != 0 && !entry.connect.device.empty()) {
        const auto old = newest_.find(hash_of(entry.connect.device));
        if (old != newest_.end() && old->second == entry.sequence) newest_.erase(old);
    }
    entry.sequence = sequence;
    entry.previous = 0;
    if (!device.empty()) {
        std::uint64_t& newest = newest_[hash_of(device)];
        entry.previous = newest;
        newest = sequence;
    }
    entry.connect.device.assign(device);
    return entry;
}

void History::add(const Opened& fact) {
    PastConnect& connect = next_entry(fact.device).connect;
    connect.source = fact.source;
    connect.username = fact.username;
    connect.mqtt_version = fact.mqtt_version;
    connect.refused = RefuseReason::none;
    connect.node = fact.node;
    connect.kind = fact.kind;
    connect.wall = fact.wall;
    connect.latency = fact.at - fact.asked_at;
    connect.steps.assign(fact.trace.steps().begin(), fact.trace.steps().end());
}

void History::add(const Refused& fact) {
    PastConnect& connect = next_entry(fact.device).connect;
    connect.source = fact.source;
    connect.username = fact.username;
    connect.mqtt_version = fact.mqtt_version;
    connect.refused = fact.reason;
    connect.node = NodeIndex::none();
    connect.kind = RouteKind::hash;
    connect.wall = fact.wall;
    connect.latency = {};
    connect.steps.assign(fact.trace.steps().begin(), fact.trace.steps().end());
    refusals_.push(last_sequence_);
}

std::vector<PastConnect> History::of_device(std::string_view device) const {
    std::vector<PastConnect> found;
    const auto newest = newest_.find(hash_of(device));
    if (newest == newest_.end()) return found;
    for (const Entry* it = entry(newest->second); it != nullptr && found.size() < options_.per_device; it = entry(it->previous))
        if (it->connect.device == device) found.push_back(it->connect);
    return found;
}

std::vector<PastConnect> History::refusals(std::size_t limit) const {
    std::vector<PastConnect> found;
    for (std::size_t i = refusals_.size(); i > 0 && found.size() < limit; --i) {
        const Entry* it = entry(refusals_[i - 1]);
        if (it == nullptr) break;
        found.push_back(it->connect);
    }
    return found;
}

}  // namespace holdfast::fleet
