#pragma once
// When to try again: the arithmetic of pauses. Chance comes from a generator that is fed from outside, so that a seed gives the
// same pauses again.

#include <cstdint>

#include "base/time.h"
#include "command/command.h"

namespace holdfast::command {

/// Evenly spread numbers from a seed; small and fast, not for secrets.
class Jitter {
public:
    explicit Jitter(std::uint64_t seed) noexcept : state_(seed) {}

    /// Evenly from 0 to `most`, both included; `most` < 0 counts as 0.
    [[nodiscard]] Duration upto(Duration most) noexcept;

private:
    std::uint64_t state_;
};

/// The longest that the `number`-th pause (from 1) may be: first * 2^(number-1), at most `backoff_longest`.
[[nodiscard]] Duration longest_pause(const Retry& retry, std::size_t number) noexcept;

/// The end of the `number`-th pause, by full jitter: evenly from now to now + longest_pause, and never at or after `deadline`
/// while that is ahead.
[[nodiscard]] Time pause_until(const Retry& retry, std::size_t number, Time now, Time deadline, Jitter& jitter) noexcept;

}  // namespace holdfast::command
