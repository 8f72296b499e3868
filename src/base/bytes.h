#pragma once
// Byte views: how every reader and writer in the tree sees bytes it does not own.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast {

using Byte = std::uint8_t;
/// Bytes owned by somebody else; valid only as long as the owner says.
using ByteView = std::span<const Byte>;
using ByteBuffer = std::vector<Byte>;

[[nodiscard]] inline std::string_view as_text(ByteView bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[nodiscard]] inline ByteView as_bytes(std::string_view text) noexcept {
    return {reinterpret_cast<const Byte*>(text.data()), text.size()};
}

}  // namespace holdfast
