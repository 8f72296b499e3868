// One packet in one version. What decodes must encode again, and decode to the same.

#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "exact_copy.h"
#include "mqtt/codec.h"
#include "mqtt/connack_view.h"
#include "mqtt/publish_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::mqtt;
    if (size < 1) return 0;
    const auto version = static_cast<Version>(3 + data[0] % 3);
    const auto direction = static_cast<Direction>(data[0] / 3 % 3);
    const ExactCopy packet(ByteView(data + 1, size - 1));
    const auto decoded = decode(packet.view(), version, direction);
    HF_ASSERT(decoded.has_value() || !decoded.error().message().empty(), "an error has a sentence");
    const bool is_publish = parse_publish(packet.view(), version).has_value();
    const bool is_connack = parse_connack(packet.view(), version).has_value();
    if (!decoded) return 0;
    HF_ASSERT(is_publish == std::holds_alternative<Publish>(*decoded), "view and decoder accept the same");
    HF_ASSERT(is_connack == std::holds_alternative<Connack>(*decoded), "view and decoder accept the same");
    ByteBuffer again;
    HF_ASSERT(encode(*decoded, version, again).has_value(), "what decodes can be encoded");
    const ExactCopy exact(again);
    const auto decoded_again = decode(exact.view(), version, direction);
    HF_ASSERT(decoded_again.has_value(), "what was encoded decodes");
    HF_ASSERT(*decoded_again == *decoded, "and is the same");
    return 0;
}
