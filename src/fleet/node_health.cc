#include "fleet/node_health.h"

namespace holdfast::fleet {

NodeHealth NodeHealthDetector::probed(bool ok, Time now) noexcept {
    const bool first = !known_;
    known_ = true;
    if (ok) {
        failures_ = 0;
        ++successes_;
        const bool enough = health_ != NodeHealth::down || successes_ >= options_.successes_to_up;
        if (first || enough) health_ = NodeHealth::up;
        return health_;
    }
    successes_ = 0;
    if (failures_ == 0) first_failure_ = now;
    ++failures_;
    if (health_ == NodeHealth::up && failures_ >= options_.failures_to_suspect) health_ = NodeHealth::suspect;
    const bool long_enough = now - first_failure_ >= options_.time_to_down;
    if (health_ == NodeHealth::suspect && failures_ >= options_.failures_to_down && long_enough) health_ = NodeHealth::down;
    return health_;
}

bool NodeHealthDetector::hint(Time now) noexcept {
    if (hinted_ && now - last_hint_ < options_.hint_interval) return false;
    hinted_ = true;
    last_hint_ = now;
    return true;
}

}  // namespace holdfast::fleet
