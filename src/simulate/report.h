#pragma once
// A simulation's numbers as text for people.

#include <string>

#include "base/time.h"
#include "simulate/options.h"
#include "simulate/tally.h"

namespace holdfast::simulate {

/// One line on how it goes: rates are those between `before` and `now`, which are `interval` apart. No newline.
[[nodiscard]] std::string progress_line(const Options& options, const Tally& before, const Tally& now, Duration interval,
                                        Duration elapsed);

/// The summary at the end; several lines, each with a newline.
[[nodiscard]] std::string summary(const Options& options, const Tally& tally, Duration elapsed);

/// "850us", "1.2ms", "3.4s".
[[nodiscard]] std::string latency_text(Duration latency);

}  // namespace holdfast::simulate
