#pragma once
// The whole fleet as records, for a store that lost its file.

#include "fleet/fleet.h"
#include "fleet/records.h"

namespace holdfast::control {

/// Everything of `fleet` that is stored. Takes about a second for a million devices.
[[nodiscard]] fleet::FleetImage image_of(fleet::Fleet& fleet);

}  // namespace holdfast::control
