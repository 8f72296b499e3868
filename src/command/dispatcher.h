#pragma once
// The centre's mind: every command that has not ended and is due soon, what has been tried for it, and what to do next. A
// machine: submissions, reports, presence and the time go in; records to write, requests to hand to the channels and commands
// that ended come out.
//
// The one rule of its user: effects are in two parts. `writes` must be durable before anything of `requests`, `ended` and
// `accepted` of the same take leaves the process. So nothing reaches a device that would be forgotten, and nobody is told an
// end that could change.
//
// What it promises, whatever order events come in, however often, and whichever part crashes and is restored from the store:
//  - A terminal state never changes, and has a reason.
//  - `executed: no` is said only when no attempt can have reached the device, or the device says so.
//  - At most `window` commands of a device are under way; those that keep order go one after the other, also over retries.
//  - Every command ends by its deadline (plus `grace`, while a channel may still say that it was not sent).
//
// A command under way belongs to one centre (`Command::centre`), so the dispatchers of several centres never hold the same one.
//
// Threads: one at a time.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "command/channel_message.h"
#include "command/command.h"
#include "command/device_place.h"
#include "command/errors.h"

namespace holdfast::command {

struct DispatcherOptions {
    std::string centre = "centre";             ///< this centre's name
    std::size_t max_open = 500'000;            ///< commands held in all
    std::size_t max_open_per_device = 10'000;  ///< of them for one device
    std::size_t window = 1;                    ///< of them under way to one device at a time
    /// Backlog of devices that come back, requests a second in all; 0: no pace.
    double backlog_pace = 1000;
    /// How long after a deadline the end waits for a channel that was asked and has not said yet whether it sent.
    Duration grace = std::chrono::milliseconds(500);
    /// How long a channel may say nothing about a request before it is asked again (same attempt, same id).
    Duration channel_timeout = std::chrono::seconds(3);
    /// Commands submitted for later than this from now are left to the store: once their effects are taken, `find` does not
    /// know them. Feed them back with `restore` when they are due soon, or before they are cancelled.
    Duration horizon = std::chrono::minutes(10);
};

/// A request and the cluster whose channel is to have it.
struct Dispatch {
    std::string cluster = {};
    Request request = {};
};

struct DispatcherEffects {
    std::vector<Command> writes = {};      ///< whole records, each command at most once, its newest form
    std::vector<Dispatch> requests = {};   ///< in order; per device in the order in which they must arrive
    std::vector<CommandId> ended = {};     ///< became terminal; their records are among `writes`
    std::vector<CommandId> accepted = {};  ///< newly taken; their records are among `writes`

    [[nodiscard]] bool empty() const noexcept {
        return writes.empty() && requests.empty() && ended.empty() && accepted.empty();
    }
};

struct DispatcherCounts {
    std::uint64_t open = 0;       ///< held now
    std::uint64_t under_way = 0;  ///< of them with an attempt that has not ended
    std::uint64_t accepted = 0;   ///< since the start, as the following
    std::uint64_t requests = 0;
    std::uint64_t resent = 0;           ///< requests for an attempt after the first
    std::uint64_t late_reports = 0;     ///< about commands that had ended
    std::uint64_t unknown_reports = 0;  ///< about no command of this centre
    std::uint64_t ended[10] = {};       ///< by State
};

class Dispatcher {
public:
    /// Where a device is now. Called during the methods below; must answer at once.
    using Where = std::function<DevicePlace(std::string_view device)>;

    /// `seed` feeds the jitter of retries.
    Dispatcher(DispatcherOptions options, Where where, std::uint64_t seed);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    /// Takes a new command (from `make_command`). Checks the device: device_unknown, device_disabled, no_cluster; offline with
    /// `Offline::fail` is taken and ends at once, as `rejected`. too_many when there is no room. On an error nothing has
    /// changed.
    [[nodiscard]] Result<> submit(Command command, Moment moment);
    /// Takes over a command from the store: after a restart, from a centre that is gone, or because it is due soon. An attempt
    /// of unknown fate stays so and is asked for again. Nothing goes out before `grace`, because what the channels said
    /// meanwhile may lie in the queue; only what was submitted just now, at another centre, goes with the next tick. After a
    /// restart restore all, by rising id, before anything new is submitted or reported. Held whatever the horizon. Ignored when
    /// it is held already or has ended, and when there is no room (the store still has it).
    void restore(Command command, Moment moment);
    /// Takes a command back. What was never sent ends as `cancelled`, executed no. One that is under way gets no further
    /// attempt and ends with what the attempt brings, at the latest when that would be repeated: `cancelled`, executed
    /// unknown. Errors: not_found (not held here), already_ended.
    [[nodiscard]] Result<> cancel(CommandId id, Reason reason, std::string_view detail, Moment moment);
    /// What a channel or a gateway says.
    void report(const Report& report, Moment moment);
    /// A device's place may have changed: connected, gone, moved, disabled, removed.
    void device_changed(std::string_view device, Moment moment);
    /// Does what is due; bounded work in each call.
    void tick(Moment moment);
    /// When tick has something to do; may be in the past. Deadlines count on the monotonic axis, so that a step of the calendar
    /// neither ends a command early nor late; `deliver_at` follows the calendar, so tick at least once a second while
    /// `scheduled()`.
    [[nodiscard]] std::optional<Time> next_timer() const;

    [[nodiscard]] DispatcherEffects take_effects();
    /// True when the effects hold more than writes: something waits for them to be durable.
    [[nodiscard]] bool urgent() const noexcept;
    /// Drops a command without a trace: its acceptance could not be recorded, and its sender was told so. Ignored when it is
    /// not held.
    void forget(CommandId id);

    /// A command that is held, as it is now; null when it is not. One that has ended is held until its effects are taken. Valid
    /// until the next call.
    [[nodiscard]] const Command* find(CommandId id) const;
    [[nodiscard]] bool scheduled() const noexcept;  ///< holds commands whose time has not come
    [[nodiscard]] const DispatcherCounts& counts() const noexcept;
    /// Changes what may change at run time: window, pace, bounds, times.
    void set_options(DispatcherOptions options);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::command
