#include "command/device_line.h"

#include <algorithm>

namespace holdfast::command {

void CommandList::link(HeldCommand* before, HeldCommand& command, HeldCommand* after) noexcept {
    command.previous = before;
    command.next = after;
    (before == nullptr ? front_ : before->next) = &command;
    (after == nullptr ? back_ : after->previous) = &command;
}

void CommandList::insert_from_back(HeldCommand& command) noexcept {
    HeldCommand* before = back_;
    while (before != nullptr && command.position < before->position)
        before = before->previous;
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
        list.insert_from_back(command);
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
