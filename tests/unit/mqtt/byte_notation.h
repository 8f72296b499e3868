#pragma once
// Bytes as people write them in cases and tests: hex pairs; 'text'; 61*300 = one byte many times; [ ... ] = with two length
// bytes in front; { ... } = with a variable byte integer of its length in front. Ends the test program on a mistake.

#include <string>
#include <string_view>

#include "base/bytes.h"

namespace holdfast::mqtt {

[[nodiscard]] ByteBuffer bytes_of(std::string_view notation);

/// Hex pairs, for messages of failed tests.
[[nodiscard]] std::string hex_of(ByteView bytes);

}  // namespace holdfast::mqtt
