#pragma once
// Evenly spread numbers from a seed; small and fast, not for secrets. The same seed gives the same numbers again.

#include <cstdint>

#include "base/time.h"

namespace holdfast::sentinel {

class Chance {
public:
    explicit Chance(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] std::uint64_t any() noexcept { return scramble(state_ += 0x9e3779b97f4a7c15ULL); }
    /// least <= result <= most; `most` below `least` counts as `least`.
    [[nodiscard]] Duration between(Duration least, Duration most) noexcept {
        if (most <= least) return least;
        const auto span = static_cast<std::uint64_t>((most - least).count()) + 1;
        return least + Duration(static_cast<Duration::rep>(any() % span));
    }

    /// Spreads the bits of a number over all bits.
    [[nodiscard]] static constexpr std::uint64_t scramble(std::uint64_t value) noexcept {
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
        return value ^ (value >> 31);
    }

private:
    std::uint64_t state_;
};

}  // namespace holdfast::sentinel
