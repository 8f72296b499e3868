#pragma once
// Random packets that can be expressed in a version, for property tests.

#include <rapidcheck.h>

#include <iosfwd>

#include "mqtt/packets.h"

namespace holdfast::mqtt {

/// Any packet that exists in `version`, with any values that it may have there.
[[nodiscard]] rc::Gen<Packet> any_packet(Version version);

/// For messages of failed properties.
void showValue(const Packet& packet, std::ostream& out);

}  // namespace holdfast::mqtt
