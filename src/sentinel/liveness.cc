#include "sentinel/liveness.h"

#include <algorithm>

namespace holdfast::sentinel {

void Liveness::probed(Time now) noexcept {
    if (!unanswered_since_) unanswered_since_ = now;
}

void Liveness::answered(Time) noexcept {
    unanswered_since_.reset();
    trouble_since_.reset();
    grace_ = {};
    reached_ = true;
}

void Liveness::lost(Time now) noexcept {
    probed(now);
    if (!trouble_since_) trouble_since_ = now;
}

void Liveness::renew(Time now, Duration grace) noexcept {
    if (unanswered_since_) unanswered_since_ = now;
    if (trouble_since_) trouble_since_ = now;
    grace_ = grace;
    reached_ = false;
}

void Liveness::discount(Duration pause) noexcept {
    if (unanswered_since_) *unanswered_since_ += pause;
    if (trouble_since_) *trouble_since_ += pause;
}

std::optional<Time> Liveness::down_at(const Patience& patience) const noexcept {
    if (!unanswered_since_) return std::nullopt;
    Time at = *unanswered_since_ + patience.down_after;
    // Who was never reached may not have been started yet: no reason to suspect it early.
    if (patience.early > Duration::zero() && trouble_since_ && reached_) at = std::min(at, *trouble_since_ + patience.early);
    return at + grace_;
}

bool Liveness::is_down(const Patience& patience, bool was_down, Time now) const noexcept {
    if (!unanswered_since_) return false;
    return was_down || now >= *down_at(patience);
}

}  // namespace holdfast::sentinel
