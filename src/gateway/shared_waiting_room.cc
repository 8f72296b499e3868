#include "gateway/shared_waiting_room.h"

#include <fmt/format.h>

#include <optional>

#include "runtime/log.h"

namespace holdfast::gateway {

void SharedWaitingRoom::enter(fleet::ClusterIndex cluster, std::string_view name, Duration hold) {
    bool first = false;
    {
        const std::lock_guard lock(mutex_);
        first = room_.enter(cluster);
        note();
    }
    if (first)
        log::info("gateway", "CONNECTs wait for an active node of {}, each for up to {} s", name,
                  std::chrono::duration<double>(hold).count());
}

void SharedWaitingRoom::leave(fleet::ClusterIndex cluster, std::string_view name,
                              std::uint64_t proxy::WaitingOutcomes::* outcome) {
    std::optional<proxy::WaitingOutcomes> all;
    {
        const std::lock_guard lock(mutex_);
        all = room_.leave(cluster, outcome);
        note();
    }
    if (!all) return;
    log::write(all->refused == 0 ? log::Level::info : log::Level::warning, "gateway",
               fmt::format("{} {} waited for an active node of {}: {} accepted, {} refused, {} hung up", all->all(),
                           all->all() == 1 ? "CONNECT" : "CONNECTs", name, all->accepted, all->refused, all->gave_up));
}

void SharedWaitingRoom::set_limits(const proxy::WaitingLimits& limits) {
    const std::lock_guard lock(mutex_);
    room_.set_limits(limits);
    note();
}

std::size_t SharedWaitingRoom::waiting() const {
    const std::lock_guard lock(mutex_);
    return room_.waiting();
}

proxy::WaitingOutcomes SharedWaitingRoom::outcomes() const {
    const std::lock_guard lock(mutex_);
    return room_.outcomes();
}

void SharedWaitingRoom::note() noexcept {
    has_room_.store(room_.has_room(), std::memory_order_relaxed);
    spread_.store(room_.spread().count(), std::memory_order_relaxed);
}

}  // namespace holdfast::gateway
