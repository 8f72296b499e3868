#pragma once
// The life of one simulated device as a machine: when it connects, publishes, sleeps, breaks off, and how long it backs off.
// Pure: time goes in, chance comes from a seed, and what to do comes out.

#include <cstdint>

#include "base/time.h"
#include "simulate/dice.h"
#include "simulate/profile.h"

namespace holdfast::simulate {

/// Shared by all devices of a simulation; must outlive their plans.
struct PlanOptions {
    Profile profile = Profile::steady;
    /// Messages per second of one device, on average. 0: none.
    double rate = 0.2;
    /// Full-jitter back-off: the n-th wait is evenly from 0 to min(longest, first * 2^n).
    Duration backoff_first = std::chrono::seconds(1);
    Duration backoff_longest = std::chrono::seconds(30);
    /// A connection that held this long begins the back-off anew when it is lost.
    Duration steady_after = std::chrono::seconds(5);
    /// Waited before each return from a connection lost without a word, so that it can be found out why it was lost.
    Duration wonder = Duration::zero();
    /// How long to leave the id alone after somebody else took it over; Duration::max() = for good.
    Duration step_aside = Duration::max();
    /// flaky: mean time between breaks.
    Duration break_every = std::chrono::seconds(30);
    /// sleepy: from one waking to the next.
    Duration sleep_cycle = std::chrono::seconds(30);
    /// commuter: one day.
    Duration day = std::chrono::minutes(4);
};

class DevicePlan {
public:
    enum class State : std::uint8_t { apart, connecting, online, leaving, aside, stopped };
    enum class Step : std::uint8_t {
        none,
        connect,
        publish,
        disconnect,  ///< with a goodbye
        break_off,   ///< without one
    };

    DevicePlan(const PlanOptions& options, std::uint64_t seed, Time first_connect) noexcept;

    [[nodiscard]] State state() const noexcept { return state_; }
    /// When `on_time` wants to be called; Time::max() = not at all.
    [[nodiscard]] Time deadline() const noexcept;
    /// Does the one thing that is due, if any is. Call again until `none`.
    [[nodiscard]] Step on_time(Time now) noexcept;

    /// Connected, and ready to publish.
    void on_ready(Time now) noexcept;
    /// No connection, or a refused one.
    void on_failed(Time now) noexcept;
    /// The connection is over. `without_a_word`: neither side said goodbye.
    void on_ended(Time now, bool without_a_word) noexcept;
    /// Somebody else uses this id.
    void on_taken_over(Time now) noexcept;
    /// Nothing more from now on.
    void stop() noexcept { state_ = State::stopped; }

private:
    void back_off(Time now, Duration at_least) noexcept;
    void plan_next_publish(Time now) noexcept;
    [[nodiscard]] Duration next_gap(Time now) noexcept;

    const PlanOptions* options_;
    Dice dice_;
    State state_ = State::apart;
    Time began_;  ///< the start of this device's first day
    Time next_;   ///< apart, aside: when to connect; online: the next message
    Time break_at_ = Time::max();
    Time ready_at_{};
    std::uint16_t failures_ = 0;
    std::uint16_t left_in_burst_ = 0;
    bool was_ready_ = false;
};

}  // namespace holdfast::simulate
