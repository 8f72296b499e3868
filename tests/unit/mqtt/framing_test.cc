// Framer and walker over streams that were split in every way.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <vector>

#include "byte_notation.h"
#include "exact_copy.h"
#include "mqtt/framer.h"
#include "mqtt/walker.h"

namespace holdfast::mqtt {
namespace {

struct Stream {
    ByteBuffer bytes;
    std::vector<ByteBuffer> packets;
};

Stream stream_of(const std::vector<ByteBuffer>& packets) {
    Stream stream{{}, packets};
    for (const ByteBuffer& packet : packets)
        stream.bytes.insert(stream.bytes.end(), packet.begin(), packet.end());
    return stream;
}

/// Feeds pieces cut at the given offsets (ascending); collects packets.
std::vector<ByteBuffer> framed(const Stream& stream, const std::vector<std::size_t>& cuts, Framer& framer) {
    std::vector<ByteBuffer> packets;
    std::size_t from = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const std::size_t to = i < cuts.size() ? cuts[i] : stream.bytes.size();
        const ExactCopy piece(ByteView(stream.bytes).subspan(from, to - from));
        from = to;
        ByteView input = piece.view();
        while (true) {
            const auto packet = framer.feed(input);
            EXPECT_TRUE(packet.has_value());
            if (!packet || packet->empty()) break;
            packets.emplace_back(packet->begin(), packet->end());
        }
        EXPECT_TRUE(input.empty());
    }
    return packets;
}

struct Walked {
    std::vector<PacketType> types;
    std::vector<std::uint32_t> lengths;
    std::vector<std::size_t> boundaries;  ///< offsets in the stream
    bool ok = true;
};

Walked walked(const Stream& stream, const std::vector<std::size_t>& cuts, PacketWalker& walker) {
    Walked result;
    std::size_t from = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const std::size_t to = i < cuts.size() ? cuts[i] : stream.bytes.size();
        const ExactCopy piece(ByteView(stream.bytes).subspan(from, to - from));
        const bool started_at_boundary = walker.at_boundary();
        const Walk walk = walker.walk(piece.view(), [&](const WalkedPacket& packet) {
            result.types.push_back(packet.type());
            result.lengths.push_back(packet.remaining_length);
            EXPECT_LE(packet.body_offset, piece.view().size());
        });
        result.ok = result.ok && walk.ok;
        if (!walk.ok) return result;
        if (walk.last_boundary != Walk::none) {
            result.boundaries.push_back(from + walk.last_boundary);
        } else {
            EXPECT_FALSE(started_at_boundary);
        }
        EXPECT_EQ(walker.at_boundary(), walk.last_boundary == piece.view().size());
        from = to;
    }
    return result;
}

/// The last packet end at or before `offset`.
std::size_t boundary_before(const Stream& stream, std::size_t offset) {
    std::size_t end = 0;
    for (const ByteBuffer& packet : stream.packets) {
        if (end + packet.size() > offset) break;
        end += packet.size();
    }
    return end;
}

const Stream& small_stream() {
    static const Stream stream = stream_of({bytes_of("10 { [ 'MQTT' ] 04 02 003c [ 'a' ] }"), bytes_of("c0 00"),
                                            bytes_of("c0 00"), bytes_of("30 { [ 't' ] 78*130 }"), bytes_of("40 02 0001"),
                                            bytes_of("30 8500 [ 't' ] 'xy'"), bytes_of("e0 00")});
    return stream;
}

void check_walk(const Stream& stream, const std::vector<std::size_t>& cuts) {
    PacketWalker walker;
    const Walked result = walked(stream, cuts, walker);
    ASSERT_TRUE(result.ok);
    ASSERT_EQ(result.types.size(), stream.packets.size());
    for (std::size_t i = 0; i < result.types.size(); ++i)
        EXPECT_EQ(result.types[i], packet_type(stream.packets[i][0]));
    EXPECT_TRUE(walker.at_boundary());
    for (const std::size_t boundary : result.boundaries)
        EXPECT_EQ(boundary_before(stream, boundary), boundary);
    // A piece's last boundary is the last that there is up to the piece's end.
    std::vector<std::size_t> ends = cuts;
    ends.push_back(stream.bytes.size());
    std::vector<std::size_t> expected;
    std::size_t from = 0;
    for (const std::size_t to : ends) {
        const std::size_t boundary = boundary_before(stream, to);
        if (boundary >= from) expected.push_back(boundary);
        from = to;
    }
    EXPECT_EQ(result.boundaries, expected);
}

TEST(Framing, IsTheSameForEveryCutInTwoAndThree) {
    const Stream& stream = small_stream();
    for (std::size_t first = 0; first <= stream.bytes.size(); ++first) {
        for (std::size_t second = first; second <= stream.bytes.size(); ++second) {
            Framer framer;
            EXPECT_EQ(framed(stream, {first, second}, framer), stream.packets) << first << " " << second;
            EXPECT_TRUE(framer.at_boundary());
            check_walk(stream, {first, second});
        }
    }
}

TEST(Framing, IsTheSameByteByByte) {
    const Stream& stream = small_stream();
    std::vector<std::size_t> cuts;
    for (std::size_t i = 1; i < stream.bytes.size(); ++i)
        cuts.push_back(i);
    Framer framer;
    EXPECT_EQ(framed(stream, cuts, framer), stream.packets);
    check_walk(stream, cuts);
}

RC_GTEST_PROP(Framing, IsTheSameForAnyStreamAndAnyCuts, ()) {
    std::vector<ByteBuffer> packets;
    for (int i = *rc::gen::inRange(1, 20); i > 0; --i) {
        ByteBuffer packet{static_cast<Byte>(*rc::gen::inRange(1, 16) << 4)};
        const auto size = *rc::gen::element<std::uint32_t>(0, 1, 2, 60, 126, 127, 128, 129, 16'383, 16'384, 20'000);
        for (std::uint32_t length = size;; length >>= 7) {
            packet.push_back(static_cast<Byte>(length >= 0x80 ? (length & 0x7F) | 0x80 : length));
            if (length < 0x80) break;
        }
        packet.resize(packet.size() + size, static_cast<Byte>(i));
        packets.push_back(std::move(packet));
    }
    const Stream stream = stream_of(packets);
    auto cuts = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, stream.bytes.size() + 1));
    std::ranges::sort(cuts);
    Framer framer;
    RC_ASSERT(framed(stream, cuts, framer) == packets);
    check_walk(stream, cuts);
    RC_ASSERT(!::testing::Test::HasFailure());
}

TEST(Framer, GivesAViewIntoTheInputWhenAPacketIsWhole) {
    const ByteBuffer bytes = bytes_of("30 { [ 't' ] 'x' } c0 00");
    Framer framer;
    ByteView input = bytes;
    const auto packet = framer.feed(input);
    ASSERT_TRUE(packet.has_value());
    EXPECT_EQ(packet->data(), bytes.data());
    EXPECT_EQ(input.size(), 2U);
}

TEST(Framer, RefusesAtTheHeaderWhatIsTooLarge) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}}) {
        const ByteBuffer bytes = bytes_of("30 ffffff7f 00*100");
        Framer framer(1'000);
        std::size_t fed = 0;
        bool refused = false;
        for (std::size_t at = 0; at < bytes.size() && !refused; at += piece) {
            ByteView input = ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at));
            fed = at + input.size();
            refused = !framer.feed(input).has_value();
        }
        EXPECT_TRUE(refused);
        EXPECT_LE(fed, std::max<std::size_t>(5, piece));
        ByteView more = bytes;
        EXPECT_EQ(framer.feed(more).error(), FrameFault::too_large) << "a fault stays";
        framer.reset();
        const ByteBuffer good = bytes_of("c0 00");
        more = good;
        EXPECT_TRUE(framer.feed(more).has_value());
    }
}

TEST(Framer, TakesExactlyTheBound) {
    const ByteBuffer bytes = bytes_of("30 0a 00*10");
    for (const std::size_t bound : {std::size_t{12}, std::size_t{11}}) {
        Framer framer(bound);
        ByteView input = bytes;
        EXPECT_EQ(framer.feed(input).has_value(), bound == 12);
    }
}

TEST(Framer, RefusesAFifthLengthByte) {
    Framer framer;
    const ByteBuffer bytes = bytes_of("30 80808080");
    ByteView input = bytes;
    EXPECT_EQ(framer.feed(input).error(), FrameFault::bad_remaining_length);
}

TEST(PacketWalker, RefusesAFifthLengthByteAtEveryCut) {
    const Stream stream = stream_of({bytes_of("c0 00"), bytes_of("30 80808080 01")});
    for (std::size_t cut = 0; cut <= stream.bytes.size(); ++cut) {
        PacketWalker walker;
        EXPECT_FALSE(walked(stream, {cut}, walker).ok) << cut;
    }
}

TEST(PacketWalker, TellsWhereBodiesStart) {
    PacketWalker walker;
    std::vector<std::size_t> offsets;
    const ByteBuffer bytes = bytes_of("40 02 0001 30 { 00*200 } 40 02");
    const Walk walk = walker.walk(bytes, [&](const WalkedPacket& packet) { offsets.push_back(packet.body_offset); });
    EXPECT_EQ(offsets, (std::vector<std::size_t>{2, 7, bytes.size()}));
    EXPECT_EQ(walk.last_boundary, 207U);
    EXPECT_EQ(walker.body_left(), 2U);
    EXPECT_FALSE(walker.at_boundary());
}

TEST(PacketWalker, FollowsTheLargestPacket) {
    PacketWalker walker;
    const ByteBuffer header = bytes_of("30 ffffff7f");
    EXPECT_TRUE(walker.walk(header).ok);
    const ByteBuffer piece(1 << 20);
    std::uint32_t left = max_remaining_length;
    while (left > 0) {
        const auto size = std::min<std::uint32_t>(left, 1 << 20);
        const Walk walk = walker.walk(ByteView(piece).first(size));
        ASSERT_TRUE(walk.ok);
        left -= size;
        EXPECT_EQ(walker.body_left(), left);
    }
    EXPECT_TRUE(walker.at_boundary());
}

}  // namespace
}  // namespace holdfast::mqtt
