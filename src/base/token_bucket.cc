#include "base/token_bucket.h"

#include <algorithm>

namespace holdfast {

namespace {
constexpr double nanoseconds_per_second = 1e9;
}

TokenBucket::TokenBucket(double per_second, double burst, Time now) noexcept
    : per_second_(per_second), burst_(std::max(burst, 1.0)), tokens_(burst_), filled_at_(now) {}

void TokenBucket::refill(Time now) noexcept {
    if (now <= filled_at_) return;
    const auto elapsed = static_cast<double>((now - filled_at_).count()) / nanoseconds_per_second;
    tokens_ = std::min(burst_, tokens_ + elapsed * per_second_);
    filled_at_ = now;
}

bool TokenBucket::take(Time now) noexcept {
    if (per_second_ <= 0) return true;
    refill(now);
    if (tokens_ < 1.0) return false;
    tokens_ -= 1.0;
    return true;
}

Time TokenBucket::next(Time now) noexcept {
    if (per_second_ <= 0) return now;
    refill(now);
    if (tokens_ >= 1.0) return now;
    return now + Duration(static_cast<Duration::rep>((1.0 - tokens_) / per_second_ * nanoseconds_per_second) + 1);
}

void TokenBucket::set_rate(double per_second, double burst, Time now) noexcept {
    refill(now);
    per_second_ = per_second;
    burst_ = std::max(burst, 1.0);
    tokens_ = std::min(tokens_, burst_);
}

}  // namespace holdfast
