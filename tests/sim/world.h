#pragma once
// What everybody in a simulation shares: time, chance, the network, and a way to say that something is wrong.

#include <fmt/format.h>

#include <stdexcept>
#include <string>

#include "base/time.h"
#include "dice.h"
#include "network.h"
#include "scheduler.h"

namespace holdfast::sim {

/// Something that must never be true was true.
class Broken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

struct World {
    explicit World(std::uint64_t seed, bool tells) : dice(seed), network(scheduler, dice), tells_(tells) {}

    Scheduler scheduler;
    Dice dice;
    Network network;

    [[nodiscard]] Time now() const noexcept { return scheduler.now(); }
    [[nodiscard]] Moment moment() const noexcept { return {now(), wall()}; }
    [[nodiscard]] WallTime wall() const noexcept {
        return WallTime(std::chrono::hours(500'000)) +
               std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch());
    }

    /// For whoever follows one seed (HOLDFAST_SIM_TELL=1).
    template <class... Parts>
    void tell(fmt::format_string<Parts...> format, Parts&&... parts) const {
        if (!tells_) return;
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now().time_since_epoch()).count();
        fmt::print(stderr, "{:>9} {}\n", ms - 3'600'000, fmt::format(format, std::forward<Parts>(parts)...));
    }

    template <class... Parts>
    [[noreturn]] void broken(fmt::format_string<Parts...> format, Parts&&... parts) const {
        throw Broken(fmt::format(format, std::forward<Parts>(parts)...));
    }
    template <class... Parts>
    void check(bool holds, fmt::format_string<Parts...> format, Parts&&... parts) const {
        if (!holds) broken(format, std::forward<Parts>(parts)...);
    }

private:
    bool tells_;
};

}  // namespace holdfast::sim
