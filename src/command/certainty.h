#pragma once
// What can be said for certain about whether a device executed a command. The only place that decides it.
//
//  - yes: the device says that it ran it, with success or without.
//  - no: no attempt can have reached the device, or the device says that it will not do it and nothing else can have reached
//  it.
//  - unknown: everything else, delivery too: a device that has a command has not executed it yet.

#include "command/command.h"

namespace holdfast::command {

/// Whether the device can have this attempt.
[[nodiscard]] constexpr bool may_have_arrived(const Attempt& attempt) noexcept {
    return attempt.fate != Attempt::Fate::not_sent;
}

/// Whether the device can have any of its attempts.
[[nodiscard]] bool may_have_arrived(const Command& command) noexcept;

/// What is to be said when nothing more becomes known than the attempts tell.
[[nodiscard]] Executed certainty(const Command& command) noexcept;

}  // namespace holdfast::command
