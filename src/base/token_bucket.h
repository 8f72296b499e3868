#pragma once
// A token bucket: how many things may happen per second on average, and how many at once. Pure arithmetic on the `now` it is
// handed.

#include "base/time.h"

namespace holdfast {

class TokenBucket {
public:
    /// `per_second` tokens flow in, at most `burst` are kept; both > 0. `per_second` of 0 means no limit at all.
    TokenBucket(double per_second, double burst, Time now) noexcept;

    /// Takes one token; false when there is none. `now` must not run backwards.
    [[nodiscard]] bool take(Time now) noexcept;

    /// When the next token will be there, for pacing; `now` itself when one is there already.
    [[nodiscard]] Time next(Time now) noexcept;

    /// Changes the rate from now on; tokens already there are kept, up to the new burst.
    void set_rate(double per_second, double burst, Time now) noexcept;

private:
    void refill(Time now) noexcept;

    double per_second_;
    double burst_;
    double tokens_;
    Time filled_at_;
};

}  // namespace holdfast
