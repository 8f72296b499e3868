#pragma once
// Asio's timers run on std::chrono::steady_clock, machines on `Time`: the same axis under two names. runtime::SystemClock says
// the same.

#include <chrono>

#include "base/time.h"

namespace holdfast::net {

[[nodiscard]] inline Time steady_now() noexcept {
    return Time(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

[[nodiscard]] inline std::chrono::steady_clock::time_point to_steady(Time time) noexcept {
    return std::chrono::steady_clock::time_point(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(time.time_since_epoch()));
}

}  // namespace holdfast::net
