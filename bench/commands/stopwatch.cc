#include "stopwatch.h"

#include <algorithm>
#include <cstdio>

namespace holdfast::bench {

void Stopwatch::failed(const std::string& reason) {
    if (failures_++ == 0) std::fprintf(stderr, "%s\n", reason.c_str());
}

void Stopwatch::report(ReportLine& line) {
    std::ranges::sort(times_us_);
    const auto at = [this](double share) {
        if (times_us_.empty()) return 0.0;
        const auto index = static_cast<std::size_t>(share * static_cast<double>(times_us_.size()));
        return static_cast<double>(times_us_[std::min(index, times_us_.size() - 1)]);
    };
    const double seconds = std::chrono::duration<double>(ended_ - began_).count();
    line.add("operations", static_cast<double>(operations()))
        .add("failed", static_cast<double>(failures_))
        .add("seconds", seconds)
        .add("per_second", seconds > 0 ? static_cast<double>(operations()) / seconds : 0)
        .add("p50_us", at(0.5))
        .add("p99_us", at(0.99))
        .add("p999_us", at(0.999));
}

}  // namespace holdfast::bench
