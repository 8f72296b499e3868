#include "fleet/events.h"

#include <algorithm>
#include <array>
#include <utility>

namespace holdfast::fleet {

std::string_view to_string(EventKind kind) noexcept {
    static constexpr std::array<std::string_view, event_kind_count> names = {
        "cluster_declared", "cluster_changed", "cluster_removed", "node_listed",      "node_changed",
        "node_left",        "node_removed",    "node_up",         "node_suspect",     "node_down",
        "node_draining",    "node_undrained",  "active_changed",  "device_enrolled",  "device_created",
        "device_changed",   "device_moved",    "device_removed",  "device_connected", "device_disconnected",
        "device_rerouted",  "device_fight",    "connect_refused", "job_started",      "job_done",
        "job_cancelled",    "policy_changed",  "summary"};
    const auto i = static_cast<std::size_t>(kind);
    return i < names.size() ? names[i] : "unknown";
}

std::string_view to_string(Severity severity) noexcept {
    switch (severity) {
        case Severity::info:
            return "info";
        case Severity::notice:
            return "notice";
        case Severity::warning:
            return "warning";
    }
    return "unknown";
}

const Event& EventLog::add(WallTime wall, EventKind kind, Severity severity, std::string subject, std::string sentence) {
    ring_.push({++last_, wall, kind, severity, std::move(subject), std::move(sentence)});
    return ring_[ring_.size() - 1];
}

EventLog::Page EventLog::after(std::uint64_t seq, std::size_t limit) const {
    Page page;
    if (ring_.empty() || seq >= last_) return page;
    const std::uint64_t oldest = ring_[0].seq;
    if (seq + 1 < oldest) page.missed = oldest - seq - 1;
    const std::uint64_t first = std::max(seq + 1, oldest);
    for (auto i = static_cast<std::size_t>(first - oldest); i < ring_.size() && page.events.size() < limit; ++i)
        page.events.push_back(ring_[i]);
    return page;
}

}  // namespace holdfast::fleet
