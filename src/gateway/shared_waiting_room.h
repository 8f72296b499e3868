#pragma once
// The waiting room (proxy/waiting_room.h) of all of a gateway's threads, and the log lines about those in it. Threads: any.

#include <atomic>
#include <mutex>
#include <string_view>

#include "proxy/connection.h"
#include "proxy/waiting_room.h"

namespace holdfast::gateway {

class SharedWaitingRoom {
public:
    explicit SharedWaitingRoom(const proxy::WaitingLimits& limits) : room_(limits) { note(); }

    /// One begins to wait for an active node of that cluster, for at most `hold`.
    void enter(fleet::ClusterIndex cluster, std::string_view name, Duration hold);
    /// It has its answer. `outcome` is the member that counts it.
    void leave(fleet::ClusterIndex cluster, std::string_view name, std::uint64_t proxy::WaitingOutcomes::* outcome);
    void set_limits(const proxy::WaitingLimits& limits);

    /// Writes into `limits` how the room is now; takes no lock.
    void describe(proxy::Limits& limits) const noexcept {
        limits.hold_room = has_room_.load(std::memory_order_relaxed);
        limits.hold_spread = Duration(spread_.load(std::memory_order_relaxed));
    }
    [[nodiscard]] std::size_t waiting() const;
    [[nodiscard]] proxy::WaitingOutcomes outcomes() const;

private:
    void note() noexcept;

    mutable std::mutex mutex_;
    proxy::WaitingRoom room_;
    std::atomic<bool> has_room_{true};
    std::atomic<Duration::rep> spread_{0};
};

}  // namespace holdfast::gateway
