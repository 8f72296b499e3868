// Every packet of every version survives the way to bytes and back, and no damaged packet does harm.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "byte_notation.h"
#include "exact_copy.h"
#include "mqtt/codec.h"
#include "mqtt/fixed_header.h"
#include "packet_generators.h"

namespace holdfast::mqtt {
namespace {

const std::vector<Version> versions{Version::v31, Version::v311, Version::v5};

RC_GTEST_PROP(Codec, GivesBackWhatWasEncoded, ()) {
    const Version version = *rc::gen::elementOf(versions);
    const Packet packet = *any_packet(version).as("packet");
    ByteBuffer bytes{0xAA};
    const auto encoded = encode(packet, version, bytes);
    RC_ASSERT(encoded.has_value());
    RC_ASSERT(bytes[0] == 0xAA);
    const ExactCopy exact(ByteView(bytes).subspan(1));
    RC_ASSERT(packet_type(exact.view()[0]) == type_of(packet));
    RC_ASSERT(read_fixed_header(exact.view()).packet_size() == exact.view().size());
    const auto decoded = decode(exact.view(), version);
    if (!decoded) RC_FAIL(decoded.error().message() + ": " + hex_of(exact.view()));
    RC_ASSERT(*decoded == packet);
}

RC_GTEST_PROP(Codec, RefusesEveryPacketCutShorter, ()) {
    const Version version = *rc::gen::elementOf(versions);
    const Packet packet = *any_packet(version);
    ByteBuffer bytes;
    RC_ASSERT(encode(packet, version, bytes).has_value());
    const auto size = *rc::gen::inRange<std::size_t>(0, bytes.size());
    const ExactCopy cut(ByteView(bytes).first(size));
    RC_ASSERT(!decode(cut.view(), version).has_value());
}

/// What still decodes after damage must encode again, to the same.
RC_GTEST_PROP(Codec, StaysConsistentWhenBytesAreDamaged, ()) {
    const Version version = *rc::gen::elementOf(versions);
    const Packet packet = *any_packet(version);
    ByteBuffer bytes;
    RC_ASSERT(encode(packet, version, bytes).has_value());
    for (int i = *rc::gen::inRange(1, 4); i > 0; --i) {
        bytes[*rc::gen::inRange<std::size_t>(0, std::min<std::size_t>(bytes.size(), 200))] = *rc::gen::arbitrary<Byte>();
    }
    const ExactCopy exact(bytes);
    const auto decoded = decode(exact.view(), version);
    if (!decoded) return;
    ByteBuffer again;
    const auto encoded = encode(*decoded, version, again);
    if (!encoded) RC_FAIL(encoded.error().message() + ": " + hex_of(bytes));
    const auto decoded_again = decode(again, version);
    RC_ASSERT(decoded_again.has_value());
    RC_ASSERT(*decoded_again == *decoded);
}

}  // namespace
}  // namespace holdfast::mqtt
