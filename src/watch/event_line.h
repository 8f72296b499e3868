#pragma once
// Events of a sentinel as lines of the log that a person understands; the event as Redis has it stands behind.

#include <string>

#include "runtime/log.h"
#include "sentinel/event.h"

namespace holdfast::watch {

/// "mymaster: master 127.0.0.1:6379 does not answer [+sdown master mymaster 127.0.0.1 6379]"
[[nodiscard]] std::string event_line(const sentinel::Event& event);
/// What is bad news is a warning; Redis' levels say something else.
[[nodiscard]] log::Level event_log_level(const sentinel::Event& event);

}  // namespace holdfast::watch
