#include "discovery/restart_policy.h"

#include <algorithm>

namespace holdfast::discovery {

void RestartPolicy::started(Time now) noexcept {
    started_at_ = now;
    running_ = true;
}

Duration RestartPolicy::ended(Time now) noexcept {
    if (running_ && now - started_at_ >= options_.steady_after) failures_ = 0;
    running_ = false;
    // Doubling stops being of interest long before 2^20 overflows anything.
    const unsigned doublings = std::min(failures_, 20U);
    ++failures_;
    const Duration most = std::max(options_.longest, options_.first);
    if (options_.first > most / (Duration::rep{1} << doublings)) return most;
    return options_.first * (Duration::rep{1} << doublings);
}

}  // namespace holdfast::discovery
