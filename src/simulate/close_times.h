#pragma once
// Tells a device that was thrown out alone from one that lost its node together with others. Brokers before Mosquitto 2.0.13,
// and all of them towards 3.x devices, say nothing when another connection takes an id over: they close. A node that dies
// closes many at once.

#include <algorithm>
#include <cstddef>
#include <deque>

#include "base/time.h"

namespace holdfast::simulate {

/// When connections of the fleet were lost without a word, newest last. Bounded: the oldest are forgotten.
class CloseTimes {
public:
    void lost(Time now) {
        constexpr std::size_t kept = 1024;
        if (times_.size() == kept) times_.pop_front();
        times_.push_back(now);
    }

    /// True when no other connection was lost within `window` of the one that was lost at `when`.
    [[nodiscard]] bool was_alone(Time when, Duration window) const {
        const auto near = [&](Time other) { return other >= when - window && other <= when + window; };
        return std::ranges::count_if(times_, near) <= 1;
    }

private:
    std::deque<Time> times_;
};

}  // namespace holdfast::simulate
