#include "simulate/device_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace holdfast::simulate {
namespace {

constexpr std::uint16_t burst_size = 10;
constexpr double gap_in_burst = 0.02;
constexpr double gap_when_awake = 0.1;
constexpr std::uint16_t most_after_sleep = 60'000;

Duration from_seconds(double seconds) {
    // A century, which no simulation outlives, and which no sum of times overflows.
    constexpr double longest = 3.0e9;
    return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(std::clamp(seconds, 0.0, longest)));
}

double to_seconds(Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

Time later(Time now, Duration wait) {
    return wait > Time::max() - now ? Time::max() : now + wait;
}

}  // namespace

DevicePlan::DevicePlan(const PlanOptions& options, std::uint64_t seed, Time first_connect) noexcept
    : options_(&options), dice_(seed), began_(first_connect), next_(first_connect) {}

Time DevicePlan::deadline() const noexcept {
    switch (state_) {
        case State::apart:
        case State::aside:
            return next_;
        case State::online:
            return std::min(next_, break_at_);
        case State::connecting:
        case State::leaving:
        case State::stopped:
            break;
    }
    return Time::max();
}

DevicePlan::Step DevicePlan::on_time(Time now) noexcept {
    if (now < deadline()) return Step::none;
    switch (state_) {
        case State::apart:
        case State::aside:
            state_ = State::connecting;
            return Step::connect;
        case State::online:
            break;
        case State::connecting:
        case State::leaving:
        case State::stopped:
            return Step::none;
    }
    if (now >= break_at_) {
        break_at_ = Time::max();
        on_ended(now, true);
        return Step::break_off;
    }
    if (options_->profile == Profile::sleepy && left_in_burst_ == 0) {
        state_ = State::leaving;
        return Step::disconnect;
    }
    plan_next_publish(now);
    return Step::publish;
}

void DevicePlan::on_ready(Time now) noexcept {
    if (state_ != State::connecting) return;
    state_ = State::online;
    ready_at_ = now;
    was_ready_ = true;
    const double rate = options_->rate;
    left_in_burst_ = 0;
    if (options_->profile == Profile::flaky)
        break_at_ = later(now, from_seconds(dice_.exponential(to_seconds(options_->break_every))));
    if (options_->profile == Profile::sleepy) {
        const double gathered = std::round(rate * to_seconds(options_->sleep_cycle));
        left_in_burst_ = static_cast<std::uint16_t>(std::clamp(gathered, 0.0, double{most_after_sleep}));
        next_ = now;
        return;
    }
    // Devices that connect together do not publish together.
    next_ = rate > 0 ? later(now, from_seconds(dice_.uniform() / rate)) : Time::max();
}

void DevicePlan::plan_next_publish(Time now) noexcept {
    const Duration gap = next_gap(now);
    // From the planned moment, so that lateness does not lower the rate; but what was missed is not made up for.
    next_ = std::max(later(next_, gap), now);
}

Duration DevicePlan::next_gap(Time now) noexcept {
    const double rate = options_->rate;
    switch (options_->profile) {
        case Profile::steady:
        case Profile::flaky:
            return from_seconds(dice_.between(0.9, 1.1) / rate);
        case Profile::bursty:
            if (left_in_burst_ == 0) left_in_burst_ = burst_size;
            --left_in_burst_;
            if (left_in_burst_ > 0) return from_seconds(std::min(gap_in_burst, 1.0 / rate));
            return from_seconds(dice_.between(0.5, 1.5) * burst_size / rate - gap_in_burst * burst_size);
        case Profile::sleepy:
            --left_in_burst_;
            return from_seconds(std::min(gap_when_awake, 0.5 / rate));
        case Profile::commuter: {
            const double days = to_seconds(now - began_) / to_seconds(options_->day);
            const double traffic = 1.0 - 0.9 * std::cos(4.0 * std::numbers::pi * days);
            return from_seconds(dice_.between(0.9, 1.1) / (rate * traffic));
        }
    }
    return Duration::max();
}

void DevicePlan::on_failed(Time now) noexcept {
    if (state_ == State::stopped) return;
    back_off(now, Duration::zero());
}

void DevicePlan::on_ended(Time now, bool without_a_word) noexcept {
    if (state_ == State::stopped || state_ == State::aside) return;
    break_at_ = Time::max();
    if (state_ == State::leaving) {
        state_ = State::apart;
        // From waking to waking, so that a long report does not lower the rate.
        next_ = std::max(now, later(ready_at_, from_seconds(dice_.between(0.8, 1.2) * to_seconds(options_->sleep_cycle))));
        return;
    }
    if (was_ready_ && now - ready_at_ >= options_->steady_after) failures_ = 0;
    was_ready_ = false;
    back_off(now, without_a_word ? options_->wonder : Duration::zero());
}

void DevicePlan::back_off(Time now, Duration at_least) noexcept {
    constexpr std::uint16_t most_doublings = 20;
    const double span =
        std::min(to_seconds(options_->backoff_longest), std::ldexp(to_seconds(options_->backoff_first), failures_));
    if (failures_ < most_doublings) ++failures_;
    state_ = State::apart;
    next_ = later(now, at_least + from_seconds(dice_.uniform() * span));
}

void DevicePlan::on_taken_over(Time now) noexcept {
    if (state_ == State::stopped) return;
    state_ = State::aside;
    break_at_ = Time::max();
    next_ = later(now, options_->step_aside);
}

}  // namespace holdfast::simulate
