#pragma once
// Latencies in buckets of fixed relative width, about 6 %: constant memory, whatever is measured. From 1 microsecond to hours.

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace holdfast::simulate {

class LatencyHistogram {
public:
    void add(Duration latency) noexcept;
    void add(const LatencyHistogram& other) noexcept;

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] Duration max() const noexcept { return max_; }
    /// The latency that `fraction` (0..1) of all did not pass, to the bucket's upper edge; zero when there are none.
    [[nodiscard]] Duration quantile(double fraction) const noexcept;

private:
    static constexpr unsigned steps_per_octave_log2 = 4;
    static constexpr std::size_t octaves = 34;
    static constexpr std::size_t bucket_count = octaves << steps_per_octave_log2;

    [[nodiscard]] static std::size_t bucket_of(std::uint64_t microseconds) noexcept;
    [[nodiscard]] static std::uint64_t upper_edge(std::size_t bucket) noexcept;

    std::array<std::uint64_t, bucket_count> buckets_{};
    std::uint64_t count_ = 0;
    Duration max_{};
};

}  // namespace holdfast::simulate
