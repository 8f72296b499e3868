#include "simulate/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace holdfast::simulate {

// Values below 16 have a bucket each; above, an octave's 16 steps are the four bits after the leading one.
std::size_t LatencyHistogram::bucket_of(std::uint64_t microseconds) noexcept {
    constexpr std::uint64_t linear = 1U << steps_per_octave_log2;
    if (microseconds < linear) return static_cast<std::size_t>(microseconds);
    const auto octave = static_cast<unsigned>(std::bit_width(microseconds)) - 1 - steps_per_octave_log2;
    const std::size_t step = static_cast<std::size_t>(microseconds >> octave) - linear;
    return std::min(((octave + 1U) << steps_per_octave_log2) + step, bucket_count - 1);
}

std::uint64_t LatencyHistogram::upper_edge(std::size_t bucket) noexcept {
    constexpr std::size_t linear = 1U << steps_per_octave_log2;
    if (bucket < linear) return bucket;
    const std::size_t octave = (bucket >> steps_per_octave_log2) - 1;
    const std::size_t step = (bucket & (linear - 1)) + linear;
    return ((static_cast<std::uint64_t>(step) + 1) << octave) - 1;
}

void LatencyHistogram::add(Duration latency) noexcept {
    latency = std::max(latency, Duration::zero());
    ++buckets_[bucket_of(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(latency).count()))];
    ++count_;
    max_ = std::max(max_, latency);
}

void LatencyHistogram::add(const LatencyHistogram& other) noexcept {
    for (std::size_t i = 0; i < bucket_count; ++i)
        buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
}

Duration LatencyHistogram::quantile(double fraction) const noexcept {
    if (count_ == 0) return {};
    const auto rank = static_cast<std::uint64_t>(std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < bucket_count; ++i) {
        seen += buckets_[i];
        if (seen >= std::max<std::uint64_t>(rank, 1)) return std::min<Duration>(std::chrono::microseconds(upper_edge(i)), max_);
    }
    return max_;
}

}  // namespace holdfast::simulate
