#pragma once
// A small random source as a value: the same seed rolls the same numbers. SplitMix64, which is plenty for spreading devices in
// time.

#include <cmath>
#include <cstdint>

namespace holdfast::simulate {

class Dice {
public:
    explicit constexpr Dice(std::uint64_t seed) noexcept : state_(seed) {}

    [[nodiscard]] constexpr std::uint64_t next() noexcept {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
        return mixed ^ (mixed >> 31);
    }

    /// Evenly from [0, 1).
    [[nodiscard]] constexpr double uniform() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
    /// Evenly from [low, high).
    [[nodiscard]] constexpr double between(double low, double high) noexcept { return low + (high - low) * uniform(); }
    /// Waiting times of what happens at random once per `mean` on average.
    [[nodiscard]] double exponential(double mean) noexcept { return -mean * std::log(1.0 - uniform()); }

private:
    std::uint64_t state_;
};

}  // namespace holdfast::simulate
