#include "command/device_line.h"

#include <algorithm>

namespace holdfast::command {

void CommandList::link(HeldCommand* before, HeldCommand& command, HeldCommand* after) noexcept {
    command.previous = before;
    command.next = after;
    (before == nullptr ? front_ : before->next) = &command;
    (after == nullptr ? back_ : after->previous) = &command;
}

void CommandList::insert_after(HeldCommand* before, HeldCommand& command) noexcept {
    link(before, command, before == nullptr ? front_ : before->next);
}

void CommandList::insert_from_front(HeldCommand& command) noexcept {
    HeldCommand* after = front_;
    while (after != nullptr && !(command.position < after->position))
        after = after->next;
    link(after == nullptr ? back_ : after->previous, command, after);
}

void CommandList::append(HeldCommand& command) noexcept {
    link(back_, command, nullptr);
}

void CommandList::remove(HeldCommand& command) noexcept {
    (command.previous == nullptr ? front_ : command.previous->next) = command.next;
    (command.next == nullptr ? back_ : command.next->previous) = command.previous;
    command.previous = command.next = nullptr;
}

namespace {

/// Whether one that comes back goes in front of one that is there. Those that went out as they came keep the order of their
/// ids even where others stand between them, and nobody passes one that has begun.
bool goes_before(const HeldCommand& back, const HeldCommand& there) {
    if (!(back.position < there.position)) return false;
    const bool as_they_came = !back.command.deliver_at && !there.command.deliver_at;
    if (as_they_came && there.command.id < back.command.id) return false;
    return there.command.attempts.empty() || !back.command.attempts.empty();
}

}  // namespace

CommandList& DeviceLine::list_of(const HeldCommand& command) noexcept {
    if (command.ordered()) return ordered_;
    return command.phase == Phase::waiting ? waiting_ : busy_;
}

void DeviceLine::join(HeldCommand& command, bool restored) noexcept {
    command.line = this;
    command.phase = Phase::waiting;
    command.position = {std::max(command.command.deliver_at.value_or(WallTime{}), command.command.id.time()),
                        command.command.id};
    CommandList& list = list_of(command);
    if (restored) {
        HeldCommand* before = list.back();
        while (before != nullptr && goes_before(command, *before))
            before = before->previous;
        if (before != nullptr) command.position = std::max(command.position, before->position);
        list.insert_after(before, command);
        return;
    }
    // Ids of the same millisecond, or made after the clock stepped back, need not rise; the line keeps the order of arrival.
    if (list.back() != nullptr) command.position = std::max(command.position, list.back()->position);
    list.append(command);
}

void DeviceLine::leave(HeldCommand& command) noexcept {
    set_awaits_turn(command, false);
    if (command.phase == Phase::under_way) --under_way_;
    list_of(command).remove(command);
    command.phase = Phase::leaving;
}

void DeviceLine::set_phase(HeldCommand& command, Phase phase) noexcept {
    if (command.phase == phase) return;
    if (command.phase == Phase::under_way) --under_way_;
    if (phase == Phase::under_way) ++under_way_;
    if (command.ordered()) {
        command.phase = phase;
        return;
    }
    CommandList& from = list_of(command);
    command.phase = phase;
    CommandList& to = list_of(command);
    if (&from == &to) return;
    from.remove(command);
    phase == Phase::waiting ? to.insert_from_front(command) : to.append(command);
}

void DeviceLine::set_awaits_turn(HeldCommand& command, bool awaits) noexcept {
    if (command.awaits_turn == awaits) return;
    command.awaits_turn = awaits;
    awaits ? ++awaiting_turn_ : --awaiting_turn_;
}

HeldCommand* DeviceLine::next() const noexcept {
    HeldCommand* head = ordered_.front();
    if (head != nullptr && head->phase != Phase::waiting) head = nullptr;
    HeldCommand* loose = waiting_.front();
    if (head == nullptr || loose == nullptr) return head == nullptr ? loose : head;
    return loose->position < head->position ? loose : head;
}

}  // namespace holdfast::command
