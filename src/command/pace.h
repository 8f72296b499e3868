#pragma once
// Places on a line of time, handed out so that not more than so many begin in a second. Whoever asks is told when its turn is
// and comes back then, so that a long line of waiters costs nothing while it waits.

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace holdfast::command {

class Pace {
public:
    /// `per_second` <= 0: no pace, every turn is now. A tenth of a second's worth may begin at once.
    explicit Pace(double per_second) noexcept { set_rate(per_second); }

    void set_rate(double per_second) noexcept {
        step_ = per_second > 0 ? Duration(std::max<std::int64_t>(static_cast<std::int64_t>(1e9 / per_second), 1))
                               : Duration::zero();
        tolerance_ = std::max(std::chrono::nanoseconds(std::chrono::milliseconds(100)) - step_, Duration::zero());
    }

    /// Takes the next turn: `now`, or a moment after it.
    [[nodiscard]] Time reserve(Time now) noexcept {
        if (step_ == Duration::zero()) return now;
        const Time turn = std::max(free_at_, now - tolerance_);
        free_at_ = turn + step_;
        return std::max(turn, now);
    }
    /// When the next turn would be.
    [[nodiscard]] Time next(Time now) const noexcept { return step_ == Duration::zero() ? now : std::max(free_at_, now); }

private:
    Duration step_{};
    Duration tolerance_{};
    Time free_at_ = Time::min() + std::chrono::hours(1);
};

}  // namespace holdfast::command
