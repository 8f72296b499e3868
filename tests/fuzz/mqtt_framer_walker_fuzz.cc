// A stream cut into pieces: framer and walker see the same packets as without cuts, and the same as each other.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/assert.h"
#include "exact_copy.h"
#include "mqtt/framer.h"
#include "mqtt/walker.h"

namespace {

using namespace holdfast;
using namespace holdfast::mqtt;

constexpr std::size_t bound = 5'000;

struct Seen {
    std::vector<std::size_t> packet_sizes;
    ByteBuffer first_bytes;
    bool ok = true;

    bool operator==(const Seen&) const = default;
};

void frame(Framer& framer, ByteView piece, Seen& seen) {
    const ExactCopy copy(piece);
    ByteView input = copy.view();
    while (seen.ok) {
        const auto packet = framer.feed(input);
        seen.ok = packet.has_value();
        if (!packet || packet->empty()) return;
        HF_ASSERT(packet->size() <= bound, "the bound is kept");
        seen.packet_sizes.push_back(packet->size());
        seen.first_bytes.push_back(packet->front());
    }
}

struct WalkedStream {
    ByteBuffer first_bytes;
    std::size_t last_boundary = 0;
    bool ok = true;

    bool operator==(const WalkedStream&) const = default;
};

void walk(PacketWalker& walker, ByteView piece, std::size_t offset, WalkedStream& seen) {
    if (!seen.ok) return;
    const ExactCopy copy(piece);
    const Walk walk = walker.walk(copy.view(), [&](const WalkedPacket& packet) {
        HF_ASSERT(packet.body_offset <= copy.view().size(), "a body starts in the piece or right behind it");
        seen.first_bytes.push_back(packet.first_byte);
    });
    seen.ok = walk.ok;
    if (walk.last_boundary == Walk::none) return;
    HF_ASSERT(walk.last_boundary <= piece.size(), "a boundary lies in the piece");
    seen.last_boundary = offset + walk.last_boundary;
    HF_ASSERT(!walk.ok || walker.at_boundary() == (walk.last_boundary == piece.size()),
              "at a boundary exactly when one is at the end");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1 || size < std::size_t{1} + data[0] % 32) return 0;
    const ByteView cuts(data + 1, data[0] % 32);
    const ByteView stream(data + 1 + cuts.size(), size - 1 - cuts.size());

    Framer whole_framer(bound);
    PacketWalker whole_walker;
    Seen whole_seen;
    WalkedStream whole_walked;
    frame(whole_framer, stream, whole_seen);
    walk(whole_walker, stream, 0, whole_walked);

    Framer framer(bound);
    PacketWalker walker;
    Seen seen;
    WalkedStream walked;
    std::size_t at = 0;
    for (std::size_t i = 0; at < stream.size(); ++i) {
        const std::size_t piece = i < cuts.size() ? std::min<std::size_t>(cuts[i], stream.size() - at) : stream.size() - at;
        frame(framer, stream.subspan(at, piece), seen);
        walk(walker, stream.subspan(at, piece), at, walked);
        at += piece;
    }
    HF_ASSERT(seen == whole_seen, "cuts change nothing for a framer");
    HF_ASSERT(walked == whole_walked, "cuts change nothing for a walker");
    std::size_t framed = 0;
    for (const std::size_t packet : seen.packet_sizes)
        framed += packet;
    if (seen.ok) HF_ASSERT(walked.ok && walked.last_boundary == framed, "framer and walker see the same boundaries");
    return 0;
}
