#include "packets.h"

#include <gtest/gtest.h>

#include <vector>

namespace holdfast::bench {
namespace {

struct Seen {
    std::uint8_t type;
    std::size_t body_size;
    std::vector<std::uint8_t> prefix;
    bool operator==(const Seen&) const = default;
};

std::vector<Seen> walk(std::string_view bytes, std::size_t piece, bool& sound) {
    PacketWalker walker;
    std::vector<Seen> seen;
    sound = true;
    for (std::size_t at = 0; at < bytes.size() && sound; at += piece) {
        sound = walker.feed(bytes.substr(at, piece), [&](const WalkedPacket& packet) {
            seen.push_back({packet.type, packet.body_size, {packet.prefix.begin(), packet.prefix.end()}});
        });
    }
    return seen;
}

TEST(PacketWalker, FindsTheSamePacketsInPiecesOfAnySize) {
    const std::string stream = make_connack(Version::v5) + std::string(pingresp_packet) +
                               make_publish(Version::v3_1_1, "echo", std::string(300, 'x')) + make_connack(Version::v3_1_1) +
                               std::string(pingresp_packet);
    const std::vector<Seen> expected{{type_connack, 3, {0, 0, 0}},
                                     {type_pingresp, 0, {}},
                                     {type_publish, 306, {0, 4, 'e', 'c', 'h', 'o', 'x', 'x'}},
                                     {type_connack, 2, {0, 0}},
                                     {type_pingresp, 0, {}}};
    for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
        bool sound = false;
        EXPECT_EQ(walk(stream, piece, sound), expected) << "in pieces of " << piece;
        EXPECT_TRUE(sound);
    }
}

TEST(PacketWalker, RefusesALengthOfMoreThanFourBytes) {
    bool sound = true;
    walk(std::string_view("\x30\xff\xff\xff\xff\x01", 6), 1, sound);
    EXPECT_FALSE(sound);
}

TEST(Connect, IsReadBackInEveryVersion) {
    for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
        const std::string packet = make_connect(version, "meter-7");
        FixedHeader header{};
        ASSERT_EQ(read_fixed_header(packet, header), HeaderState::complete);
        ASSERT_EQ(header.packet_size(), packet.size());
        const std::optional<ConnectFacts> facts = read_connect(packet, header);
        ASSERT_TRUE(facts.has_value());
        EXPECT_EQ(facts->version, version);
        EXPECT_EQ(facts->client_id, "meter-7");
    }
}

TEST(Connect, IsNotReadFromAnythingElse) {
    const std::string publish = make_publish(Version::v3_1_1, "echo", "x");
    FixedHeader header{};
    ASSERT_EQ(read_fixed_header(publish, header), HeaderState::complete);
    EXPECT_FALSE(read_connect(publish, header).has_value());
    // The length says that the client id goes on beyond the packet.
    std::string cut = make_connect(Version::v3_1_1, "meter-7");
    cut[cut.size() - 8] = 0x70;
    ASSERT_EQ(read_fixed_header(cut, header), HeaderState::complete);
    EXPECT_FALSE(read_connect(cut, header).has_value());
}

TEST(FixedHeader, WaitsForItsWholeLength) {
    FixedHeader header{};
    EXPECT_EQ(read_fixed_header(std::string_view("\x30", 1), header), HeaderState::incomplete);
    EXPECT_EQ(read_fixed_header(std::string_view("\x30\x80", 2), header), HeaderState::incomplete);
    EXPECT_EQ(read_fixed_header(std::string_view("\x30\x80\x80\x80\x80", 5), header), HeaderState::malformed);
}

}  // namespace
}  // namespace holdfast::bench
