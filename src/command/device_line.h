#pragma once
// The commands held for one device: which of them may go next. Those that keep order stand in one line, whose head alone may
// go; the others go as they come.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "command/held_command.h"

namespace holdfast::command {

/// Held commands in the order of their positions, linked through themselves.
class CommandList {
public:
    [[nodiscard]] HeldCommand* front() const noexcept { return front_; }
    [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
    /// Null: at the front.
    void insert_after(HeldCommand* before, HeldCommand& command) noexcept;
    /// Cheap for one that belongs near the front.
    void insert_from_front(HeldCommand& command) noexcept;
    void append(HeldCommand& command) noexcept;
    void remove(HeldCommand& command) noexcept;
    [[nodiscard]] HeldCommand* back() const noexcept { return back_; }

private:
    void link(HeldCommand* before, HeldCommand& command, HeldCommand* after) noexcept;

    HeldCommand* front_ = nullptr;
    HeldCommand* back_ = nullptr;
};

class DeviceLine {
public:
    explicit DeviceLine(std::string device) : device_(std::move(device)) {}

    [[nodiscard]] const std::string& device() const noexcept { return device_; }
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_; }
    /// Places of the window that are taken: commands under way, and those whose turn in the backlog is fixed.
    [[nodiscard]] std::size_t taken() const noexcept { return under_way_ + awaiting_turn_; }

    /// Joins behind all that are there; or, for one that comes from the store, where it stood, which is cheap near the end.
    void join(HeldCommand& command, bool restored) noexcept;
    void leave(HeldCommand& command) noexcept;
    /// Of a command in this line, from and to any phase but scheduled and leaving.
    void set_phase(HeldCommand& command, Phase phase) noexcept;
    void set_awaits_turn(HeldCommand& command, bool awaits) noexcept;
    /// The next that may go as far as order is concerned; null when there is none.
    [[nodiscard]] HeldCommand* next() const noexcept;

    /// Calls `visit` with every command in the line; it may take that one out of the line.
    template <class Visit>
    void for_each(Visit&& visit) {
        for (const CommandList* list : {&ordered_, &waiting_, &busy_}) {
            for (HeldCommand* command = list->front(); command != nullptr;) {
                HeldCommand* following = command->next;
                visit(*command);
                command = following;
            }
        }
    }
    /// The same for those that have begun: under way or pausing.
    template <class Visit>
    void for_each_begun(Visit&& visit) {
        if (HeldCommand* head = ordered_.front(); head != nullptr && head->phase != Phase::waiting) visit(*head);
        for (HeldCommand* command = busy_.front(); command != nullptr;) {
            HeldCommand* following = command->next;
            visit(*command);
            command = following;
        }
    }

    std::size_t held = 0;           ///< commands held for the device, scheduled ones too
    std::uint64_t session = 0;      ///< of the device, when its place was last told
    std::uint64_t backlog_end = 0;  ///< commands that joined up to this number are backlog
    bool unsettled = false;         ///< somebody may be able to go

private:
    [[nodiscard]] CommandList& list_of(const HeldCommand& command) noexcept;

    std::string device_;
    CommandList ordered_;  ///< all that keep order
    CommandList waiting_;  ///< the others that wait
    CommandList busy_;     ///< the others that pause or are under way
    std::size_t under_way_ = 0;
    std::size_t awaiting_turn_ = 0;
};

}  // namespace holdfast::command
