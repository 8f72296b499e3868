#pragma once
// The Redis masters of the settings, taken up by a sentinel that runs already.

#include <span>

#include "base/time.h"
#include "sentinel/sentinel.h"

namespace holdfast::watch {

/// Watches the masters of `fresh` with their options, and no more those that only `before` named; masters that neither names
/// were added by an operator and stay. What is known of a master counts: of one that is watched, its address is not changed.
/// What cannot be is logged.
void put_masters(sentinel::Sentinel& sentinel, std::span<const sentinel::SavedGroup> before,
                 std::span<const sentinel::SavedGroup> fresh, Moment moment);

}  // namespace holdfast::watch
