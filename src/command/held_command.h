#pragma once
// A command in the dispatcher: its record and what only matters while this process lives.

#include <cstdint>
#include <utility>

#include "base/time.h"
#include "command/command.h"
#include "command/due_heap.h"

namespace holdfast::command {

class DeviceLine;

/// What a held command waits for.
enum class Phase : std::uint8_t {
    scheduled,  ///< its time
    waiting,    ///< its turn, and the device
    pausing,    ///< the end of a pause, or its turn in the backlog
    under_way,  ///< what its attempt brings
    leaving,    ///< being taken out: it has ended, or is left to the store
};

/// Where a command stands in its device's line; earlier goes first.
struct LinePosition {
    WallTime at{};  ///< submitted, or due when that is later
    CommandId id = {};
    friend constexpr auto operator<=>(const LinePosition&, const LinePosition&) noexcept = default;
};

struct HeldCommand {
    explicit HeldCommand(Command what) : command(std::move(what)) {}

    Command command;
    DeviceLine* line = nullptr;
    Phase phase = Phase::waiting;
    bool changed = false;        ///< among the next writes
    bool backlog = false;        ///< came back from the store, and has not been sent since
    bool has_turn = false;       ///< has had its turn in the backlog
    bool awaits_turn = false;    ///< pausing for its turn in the backlog
    bool in_grace = false;       ///< its deadline has passed, and the channel may still say that it was not sent
    bool ask_on_return = false;  ///< the channel was silent, and the device is not connected

    Time deadline{};               ///< of the command
    Time end_by{};                 ///< ends then at the latest
    Time resume_at{};              ///< while pausing
    Time ask_at = Time::max();     ///< under way: the channel is asked again then
    Time answer_by = Time::max();  ///< under way: the attempt has failed then
    std::uint32_t asked = 0;       ///< how often its newest attempt was handed to a channel
    std::uint64_t joined = 0;      ///< grows with each command that joins a line
    Reason cancel_reason = Reason::cancelled;

    LinePosition position = {};
    HeldCommand* previous = nullptr;  ///< in its device's line
    HeldCommand* next = nullptr;
    std::size_t heap_position = not_in_heap;

    [[nodiscard]] bool ordered() const noexcept { return command.order == Order::device; }
    [[nodiscard]] Attempt& newest() { return command.attempts.back(); }
};

}  // namespace holdfast::command
