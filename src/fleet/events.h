#pragma once
// What happened in the fleet, in sentences, numbered so that a reader who was away can go on where it stopped (server-sent
// events' Last-Event-ID). Bounded: the oldest are forgotten. Frequent kinds are let through at a rate, and the rest is counted
// and told in one.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ring.h"
#include "base/time.h"

namespace holdfast::fleet {

enum class EventKind : std::uint8_t {
    cluster_declared,
    cluster_changed,
    cluster_removed,
    node_listed,
    node_changed,
    node_left,
    node_removed,
    node_up,
    node_suspect,
    node_down,
    node_draining,
    node_undrained,
    active_changed,  ///< of a cluster whose other nodes stand by
    device_enrolled,
    device_created,
    device_changed,
    device_moved,
    device_removed,
    device_connected,
    device_disconnected,
    device_rerouted,  ///< its sticky node is another now
    device_fight,
    connect_refused,
    job_started,
    job_done,
    job_cancelled,
    policy_changed,
    summary,  ///< "and 1234 more devices connected"
};
constexpr std::size_t event_kind_count = 28;
[[nodiscard]] std::string_view to_string(EventKind kind) noexcept;  ///< "node_down", ...

enum class Severity : std::uint8_t { info, notice, warning };
[[nodiscard]] std::string_view to_string(Severity severity) noexcept;

struct Event {
    std::uint64_t seq = 0;  ///< from 1, without gaps within a process
    WallTime wall{};
    EventKind kind = EventKind::summary;
    Severity severity = Severity::info;
    std::string subject = {};   ///< name of the cluster, node, or device; may be empty
    std::string sentence = {};  ///< e.g. "east-1 is down: no answer to PINGREQ within 2s"
};

class EventLog {
public:
    explicit EventLog(std::size_t capacity) : ring_(capacity) {}

    /// Numbers and keeps it; returns what was kept.
    const Event& add(WallTime wall, EventKind kind, Severity severity, std::string subject, std::string sentence);

    /// Events after number `seq`, oldest first, at most `limit`. When some of them were already forgotten, `missed` says how
    /// many.
    struct Page {
        std::vector<Event> events = {};
        std::uint64_t missed = 0;
    };
    [[nodiscard]] Page after(std::uint64_t seq, std::size_t limit) const;
    [[nodiscard]] std::uint64_t last_seq() const noexcept { return last_; }

private:
    Ring<Event> ring_;
    std::uint64_t last_ = 0;
};

}  // namespace holdfast::fleet
