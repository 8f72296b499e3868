#include "runtime/system_clock.h"

#include <chrono>

namespace holdfast::runtime {

Time SystemClock::now() const noexcept {
    return Time(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

WallTime SystemClock::wall() const noexcept {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

}  // namespace holdfast::runtime
