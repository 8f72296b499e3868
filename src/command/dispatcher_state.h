#pragma once
// Inside the dispatcher: what it holds and the steps it is made of. dispatcher.h says what it is for.

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/device_line.h"
#include "command/dispatcher.h"
#include "command/due_heap.h"
#include "command/ended_ids.h"
#include "command/held_command.h"
#include "command/pace.h"
#include "command/retry.h"

namespace holdfast::command {

struct Dispatcher::State {
    State(DispatcherOptions options, Where where, std::uint64_t seed);

    // --- taking in and letting go (dispatcher_holding.cc) ---

    HeldCommand& hold(Command command);
    DeviceLine& line_for(std::string_view device, std::uint64_t session);
    void join_line(HeldCommand& held, bool restored, Moment moment);
    void schedule(HeldCommand& held);
    /// Its time has come.
    void release(HeldCommand& held, Moment moment);
    void changed(HeldCommand& held);
    /// The command has ended, by `end` or by a report: it leaves its line, and the process with the next effects.
    void let_go(HeldCommand& held);
    /// As if it had never been taken.
    void drop(HeldCommand& held);
    void end_now(HeldCommand& held, command::State state, Reason reason, std::string_view detail, Moment moment);
    void take_up(HeldCommand& held, Moment moment);
    [[nodiscard]] HeldCommand* find(CommandId id) const;

    // --- going out (dispatcher_sending.cc) ---

    void unsettle(DeviceLine& line);
    /// Lets everybody go who may, in all lines in which something has changed.
    void settle(Moment moment);
    void let_go_out(DeviceLine& line, Moment moment);
    /// True when the command may be sent now; otherwise it has been ended, or has to wait for its turn.
    enum class Way : std::uint8_t { free, taken_care_of, device_absent };
    [[nodiscard]] Way way_of(HeldCommand& held, const DevicePlace& place, Moment moment);
    void send(HeldCommand& held, const DevicePlace& place, Moment moment);
    void ask(HeldCommand& held, const DevicePlace& place, Moment moment);
    void ask_again(HeldCommand& held, Moment moment);

    // --- what comes back, and what does not (dispatcher_outcome.cc) ---

    void react(HeldCommand& held, const Report& report, Moment moment);
    void not_sent(HeldCommand& held, Reason reason, Moment moment);
    void answer_time_is_up(HeldCommand& held, Moment moment);
    void deadline_is_up(HeldCommand& held, Moment moment);
    /// After an attempt that came to nothing.
    void again_or_end(HeldCommand& held, Moment moment);
    void pause(HeldCommand& held, Time until);
    void end_exhausted(HeldCommand& held, Moment moment);
    void end_cancelled(HeldCommand& held, Moment moment);
    void timer(HeldCommand& held, Moment moment);
    void set_timer(HeldCommand& held);
    void came_back(DeviceLine& line, Moment moment);

    DispatcherOptions options;
    Where where;
    Jitter jitter;
    Pace pace;
    DispatcherCounts counts = {};
    DispatcherEffects effects = {};  ///< all but `writes`, which are made when they are taken
    Moment last = {};

    boost::unordered_flat_map<CommandId, std::unique_ptr<HeldCommand>, std::hash<CommandId>> commands;
    boost::unordered_flat_map<std::string_view, std::unique_ptr<DeviceLine>> lines;  ///< keys lie in the lines
    DueHeap<Time, HeldCommand> timers;
    DueHeap<WallTime, HeldCommand> calendar;
    std::vector<HeldCommand*> to_write;
    std::vector<DeviceLine*> to_settle;
    EndedIds ended_ids;
    std::uint64_t joined = 0;
};

/// Tries that count against Retry::attempts: all but those that only found the device absent.
[[nodiscard]] std::size_t tries(const Command& command) noexcept;
[[nodiscard]] bool exhausted(const Command& command) noexcept;

/// A calendar time on the monotonic axis, by the calendar of `moment`; at most a century away.
[[nodiscard]] Time monotonic(WallTime at, Moment moment) noexcept;

}  // namespace holdfast::command
