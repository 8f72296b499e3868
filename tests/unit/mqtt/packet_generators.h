#pragma once
// Random packets that can be expressed in a version, for property tests.

#include <rapidcheck.h>

#include "mqtt/packets.h"

namespace holdfast::mqtt {

/// Any packet that exists in `version`, with any values that it may have there.
[[nodiscard]] rc::Gen<Packet> any_packet(Version version);

}  // namespace holdfast::mqtt
