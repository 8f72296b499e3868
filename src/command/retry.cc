#include "command/retry.h"

#include <algorithm>

namespace holdfast::command {

Duration Jitter::upto(Duration most) noexcept {
    // SplitMix64: a counter in steps of the golden ratio, its bits mixed.
    state_ += 0x9E37'79B9'7F4A'7C15ULL;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58'476D'1CE4'E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D0'49BB'1331'11EBULL;
    mixed ^= mixed >> 31;
    if (most <= Duration::zero()) return Duration::zero();
    return Duration(static_cast<Duration::rep>(mixed % (static_cast<std::uint64_t>(most.count()) + 1)));
}

Duration longest_pause(const Retry& retry, std::size_t number) noexcept {
    Duration pause = std::min(retry.backoff_first, retry.backoff_longest);
    for (std::size_t i = 1; i < number && pause < retry.backoff_longest; ++i) {
        if (pause <= Duration::zero()) return Duration::zero();
        pause = pause > retry.backoff_longest / 2 ? retry.backoff_longest : pause * 2;
    }
    return pause;
}

Time pause_until(const Retry& retry, std::size_t number, Time now, Time deadline, Jitter& jitter) noexcept {
    const Duration left = std::max(deadline - now - Duration(1), Duration::zero());
    return now + jitter.upto(std::min(longest_pause(retry, number), left));
}

}  // namespace holdfast::command
