#pragma once
// All chance of a simulation, from one seed.

#include <cstddef>
#include <cstdint>
#include <random>

#include "base/time.h"

namespace holdfast::sim {

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}

    [[nodiscard]] std::uint64_t any() { return engine_(); }
    /// 0 <= result < bound; bound > 0.
    [[nodiscard]] std::size_t below(std::size_t bound) { return static_cast<std::size_t>(engine_() % bound); }
    [[nodiscard]] std::size_t between(std::size_t least, std::size_t most) { return least + below(most - least + 1); }
    [[nodiscard]] bool chance(double probability) { return static_cast<double>(engine_() >> 11) * 0x1.0p-53 < probability; }
    [[nodiscard]] Duration duration(Duration least, Duration most) {
        const auto span = static_cast<std::uint64_t>((most - least).count());
        return least + Duration(static_cast<Duration::rep>(engine_() % (span + 1)));
    }
    template <class Container>
    [[nodiscard]] auto& pick(Container& container) {
        return container[below(container.size())];
    }

private:
    std::mt19937_64 engine_;
};

}  // namespace holdfast::sim
