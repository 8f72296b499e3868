#pragma once
// A timer wheel for very many timers that seldom fire: scheduling and cancelling are a few pointer writes and never allocate. A
// timer fires at the first `advance` at or after its deadline's tick, never early.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/assert.h"
#include "base/time.h"

namespace holdfast {

/// One timer; make it a member of what it is for. Must not be moved, and must be idle when it is destroyed.
class WheelTimer {
public:
    WheelTimer() = default;
    WheelTimer(const WheelTimer&) = delete;
    WheelTimer& operator=(const WheelTimer&) = delete;
    ~WheelTimer() { HF_ASSERT(!scheduled(), "a timer is destroyed while it is scheduled"); }

    [[nodiscard]] bool scheduled() const noexcept { return next_ != nullptr; }
    /// Meaningful while scheduled.
    [[nodiscard]] Time deadline() const noexcept { return deadline_; }

private:
    friend class TimerWheel;
    WheelTimer* previous_ = nullptr;
    WheelTimer* next_ = nullptr;
    Time deadline_{};
};

/// Threads: one thread only. All timers must be idle before the wheel is destroyed.
class TimerWheel {
public:
    /// `tick` is the wheel's grain and thereby how late a timer may fire.
    TimerWheel(Duration tick, Time now) noexcept : tick_(tick), current_(tick_of(now)) {
        for (auto& slot : slots_)
            slot.next_ = slot.previous_ = &slot;
    }
    ~TimerWheel() {
        HF_ASSERT(count_ == 0, "a timer wheel is destroyed with timers on it");
        for (auto& slot : slots_)
            slot.next_ = slot.previous_ = nullptr;
    }
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;

    /// (Re)schedules. A deadline beyond the wheel's horizon goes around; that costs one relink per turn.
    void schedule(WheelTimer& timer, Time deadline) noexcept {
        cancel(timer);
        timer.deadline_ = deadline;
        link(timer);
        ++count_;
    }

    void cancel(WheelTimer& timer) noexcept {
        if (!timer.scheduled()) return;
        unlink(timer);
        --count_;
    }

    /// Calls `fire(WheelTimer&)` for every timer that is due at `now`. The timer is idle when `fire` gets it; `fire` may
    /// schedule and cancel any timer, this one too.
    template <class Fire>
    void advance(Time now, Fire&& fire) {
        const std::int64_t target = tick_of(now);
        // After a long pause one turn visits every slot; more would visit the same ones again.
        if (target - current_ > static_cast<std::int64_t>(slot_count))
            current_ = target - static_cast<std::int64_t>(slot_count);
        while (current_ < target) {
            ++current_;
            fire_slot(slots_[slot_of(current_)], now, fire);
        }
    }

    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    /// The next moment at which `advance` may have something to do; nothing while no timer is scheduled.
    [[nodiscard]] std::optional<Time> next_tick() const noexcept {
        if (count_ == 0) return std::nullopt;
        return Time(tick_ * (current_ + 1));
    }

private:
    static constexpr std::size_t slot_count = 256;

    [[nodiscard]] std::int64_t tick_of(Time time) const noexcept { return time.time_since_epoch() / tick_; }
    [[nodiscard]] static std::size_t slot_of(std::int64_t tick) noexcept { return static_cast<std::size_t>(tick) % slot_count; }

    void link(WheelTimer& timer) noexcept {
        // Rounded up, so that no timer fires early; at least the next tick, at most one turn ahead.
        std::int64_t tick = tick_of(timer.deadline_ + tick_ - Duration(1));
        if (tick <= current_) tick = current_ + 1;
        if (tick > current_ + static_cast<std::int64_t>(slot_count)) tick = current_ + static_cast<std::int64_t>(slot_count);
        WheelTimer& slot = slots_[slot_of(tick)];
        timer.previous_ = slot.previous_;
        timer.next_ = &slot;
        slot.previous_->next_ = &timer;
        slot.previous_ = &timer;
    }

    static void unlink(WheelTimer& timer) noexcept {
        timer.previous_->next_ = timer.next_;
        timer.next_->previous_ = timer.previous_;
        timer.next_ = timer.previous_ = nullptr;
    }

    template <class Fire>
    void fire_slot(WheelTimer& slot, Time now, Fire& fire) {
        // Only what hangs here now: what `fire` schedules goes to a later tick, but may hang in this very slot.
        WheelTimer due;
        due.next_ = due.previous_ = &due;
        if (slot.next_ != &slot) {
            due.next_ = slot.next_;
            due.previous_ = slot.previous_;
            due.next_->previous_ = &due;
            due.previous_->next_ = &due;
            slot.next_ = slot.previous_ = &slot;
        }
        while (due.next_ != &due) {
            WheelTimer& timer = *due.next_;
            unlink(timer);
            if (timer.deadline_ > now) {
                link(timer);
                continue;
            }
            --count_;
            fire(timer);
        }
        due.next_ = due.previous_ = nullptr;
    }

    Duration tick_;
    std::int64_t current_;
    std::size_t count_ = 0;
    std::array<WheelTimer, slot_count> slots_;
};

}  // namespace holdfast
