#pragma once
// How what channels, gateways and devices say about a command becomes part of its record. Reports come in any order, twice and
// late; whatever the order, the record ends up the same: a reply implies delivery, delivery implies that it was sent, an
// earlier attempt counts as much as the newest, and after the end nothing changes.

#include <string_view>

#include "command/channel_message.h"
#include "command/command.h"

namespace holdfast::command {

/// Takes a report into the record; true when the record has changed. The first last word ends the command.
///
/// `asked_once`: this attempt was handed to one channel, once. Only then does a NotSent make certain that the device does not
/// have it; otherwise the attempt is lost: another request for the same attempt may have been published.
///
/// `ended_at` is the moment of an end; the attempts' times are those of the report.
[[nodiscard]] bool merge(Command& command, const Report& report, bool asked_once, WallTime ended_at);

/// Ends a command by the centre's own decision. It must not have ended.
void end(Command& command, State state, Reason reason, std::string_view detail, WallTime at);

/// At most `size` bytes of a text, cut where a character of UTF-8 begins.
[[nodiscard]] std::string_view cut_text(std::string_view text, std::size_t size) noexcept;

}  // namespace holdfast::command
