#include "proxy/waiting_room.h"

#include "base/assert.h"

namespace holdfast::proxy {

bool WaitingRoom::enter(fleet::ClusterIndex cluster) {
    ++waiting_;
    return ++episodes_[cluster].waiting == 1;
}

std::optional<WaitingOutcomes> WaitingRoom::leave(fleet::ClusterIndex cluster, std::uint64_t WaitingOutcomes::* outcome) {
    const auto found = episodes_.find(cluster);
    HF_ASSERT(waiting_ > 0 && found != episodes_.end(), "a CONNECT stops to wait that never began");
    --waiting_;
    ++(outcomes_.*outcome);
    Episode& episode = found->second;
    ++(episode.outcomes.*outcome);
    if (--episode.waiting != 0) return std::nullopt;
    const WaitingOutcomes all = episode.outcomes;
    episodes_.erase(found);
    return all;
}

Duration WaitingRoom::spread() const noexcept {
    if (limits_.pace <= 0) return Duration::zero();
    const std::chrono::duration<double> seconds(static_cast<double>(waiting_) / limits_.pace);
    return std::chrono::duration_cast<Duration>(seconds);
}

}  // namespace holdfast::proxy
