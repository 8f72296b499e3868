#pragma once
// What a simulated meter says: one JSON object, the same for the same seed, number and time.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "simulate/dice.h"

namespace holdfast::simulate {

/// Replaces `text` by {"device":...,"seq":...,"time":...,"power_w":...,"voltage_v":...,"energy_kwh":...}, filled up with a
/// "pad" to `size` bytes when it is shorter. `device` must need no escaping in JSON.
void write_telemetry(std::string& text, std::string_view device, std::uint64_t seq, WallTime time, std::size_t size,
                     Dice& dice);

/// The "seq" of such an object.
[[nodiscard]] std::optional<std::uint64_t> read_seq(std::string_view text);

}  // namespace holdfast::simulate
