#pragma once
// Now, twice: on the monotonic axis for decisions, on the calendar for records and people. Every event of the fleet carries
// one.

#include "base/time.h"

namespace holdfast::fleet {

struct Moment {
    Time now{};
    WallTime wall{};
};

}  // namespace holdfast::fleet
