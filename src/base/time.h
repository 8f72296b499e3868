#pragma once
// Time as machines see it: a value that is handed in. `Time` is monotonic and only compared with other `Time`s of the same
// process; `WallTime` is for people and for records. Machines never ask a clock; adapters hold a `Clock` and pass what it says.

#include <chrono>
#include <cstdint>

namespace holdfast {

using Duration = std::chrono::nanoseconds;

struct MonotonicEpoch {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<MonotonicEpoch>;
    static constexpr bool is_steady = true;
};

/// A moment on the process' monotonic axis. Has no calendar meaning.
using Time = MonotonicEpoch::time_point;

/// A moment on the calendar, UTC, milliseconds since 1970.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;

/// Now, twice: on the monotonic axis for decisions, on the calendar for records and people.
struct Moment {
    Time now{};
    WallTime wall{};
};

/// The one door to real time. Threads: implementations are safe to call from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Time now() const noexcept = 0;
    [[nodiscard]] virtual WallTime wall() const noexcept = 0;
};

}  // namespace holdfast
