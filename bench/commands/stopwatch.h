#pragma once
// Times of many requests, and what to report of them.

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "driver_link.h"

namespace holdfast::bench {

using Clock = std::chrono::steady_clock;

class Stopwatch {
public:
    void start() { began_ = Clock::now(); }
    void done(Clock::time_point asked) {
        times_us_.push_back(std::chrono::duration<float, std::micro>(Clock::now() - asked).count());
    }
    /// Counts a failure; the first one's reason goes to standard error.
    void failed(const std::string& reason);
    void stop() { ended_ = Clock::now(); }

    [[nodiscard]] std::size_t operations() const noexcept { return times_us_.size(); }
    [[nodiscard]] std::size_t failures() const noexcept { return failures_; }
    /// operations, failed, seconds, per_second, p50_us, p99_us, p999_us.
    void report(ReportLine& line);

private:
    Clock::time_point began_{};
    Clock::time_point ended_{};
    std::vector<float> times_us_;
    std::size_t failures_ = 0;
};

}  // namespace holdfast::bench
