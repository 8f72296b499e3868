// What Holdfast itself says to devices and nodes, byte for byte.

#include "mqtt/refusal.h"

#include <gtest/gtest.h>

#include <string>

#include "byte_notation.h"
#include "mqtt/codec.h"

namespace holdfast::mqtt {
namespace {

std::string refusal(Version version, RefusalReason reason, const RefusalDetails& details = {}) {
    return hex_of(refusal_for(version, reason, details));
}

std::string spelled(std::string_view notation) {
    return hex_of(bytes_of(notation));
}

TEST(Refusal, HasACodeForEachReasonInEachVersion) {
    struct Row {
        RefusalReason reason;
        int v3;  // -1 = close without an answer
        int v5;
    };
    constexpr Row rows[] = {
        {RefusalReason::unsupported_version, 1, 0x84},
        {RefusalReason::malformed, -1, 0x81},
        {RefusalReason::protocol_error, -1, 0x82},
        {RefusalReason::identifier_rejected, 2, 0x85},
        {RefusalReason::bad_credentials, 4, 0x86},
        {RefusalReason::not_authorized, 5, 0x87},
        {RefusalReason::unavailable, 3, 0x88},
        {RefusalReason::busy, 3, 0x89},
        {RefusalReason::banned, 5, 0x8A},
        {RefusalReason::shutting_down, 3, 0x88},
        {RefusalReason::bad_authentication_method, 5, 0x8C},
        {RefusalReason::too_large, -1, 0x95},
        {RefusalReason::quota_exceeded, 3, 0x97},
        {RefusalReason::use_another_server, 3, 0x9C},
        {RefusalReason::server_moved, 3, 0x9D},
        {RefusalReason::rate_exceeded, 3, 0x9F},
        {RefusalReason::unspecified, 3, 0x80},
    };
    for (const Row& row : rows) {
        const ByteBuffer v5{0x20, 3, 0, static_cast<Byte>(row.v5), 0};
        EXPECT_EQ(refusal(Version::v5, row.reason), hex_of(v5)) << name(row.reason);
        const ByteBuffer v3 = row.v3 < 0 ? ByteBuffer{} : ByteBuffer{0x20, 2, 0, static_cast<Byte>(row.v3)};
        EXPECT_EQ(refusal(Version::v311, row.reason), hex_of(v3)) << name(row.reason);
        EXPECT_EQ(refusal(Version::v31, row.reason), hex_of(v3)) << name(row.reason);
        EXPECT_TRUE(decode(v5, Version::v5, Direction::to_client).has_value()) << "a client can read it";
    }
}

TEST(Refusal, SaysTheReasonAndTheServerWhereItMay) {
    const RefusalDetails details{.reason_string = "why", .server_reference = "west"};
    EXPECT_EQ(refusal(Version::v5, RefusalReason::busy, details), spelled("20 { 00 89 { 1f [ 'why' ] } }"));
    EXPECT_EQ(refusal(Version::v5, RefusalReason::server_moved, details),
              spelled("20 { 00 9d { 1c [ 'west' ] 1f [ 'why' ] } }"));
    EXPECT_EQ(refusal(Version::v5, RefusalReason::use_another_server, details),
              spelled("20 { 00 9c { 1c [ 'west' ] 1f [ 'why' ] } }"));
    EXPECT_EQ(refusal(Version::v311, RefusalReason::server_moved, details), spelled("20 02 00 03"));
}

TEST(Refusal, KeepsTheReasonFromClientsThatDoNotWantIt) {
    const RefusalDetails details{.request_problem_information = false, .reason_string = "why", .server_reference = "west"};
    EXPECT_EQ(refusal(Version::v5, RefusalReason::busy, details), spelled("20 { 00 89 { } }"));
    EXPECT_EQ(refusal(Version::v5, RefusalReason::server_moved, details), spelled("20 { 00 9d { 1c [ 'west' ] } }"));
}

TEST(Refusal, FitsTheMaximumPacketSize) {
    RefusalDetails details{.reason_string = "why", .server_reference = "west"};
    const std::size_t full = refusal_for(Version::v5, RefusalReason::server_moved, details).size();
    const auto at = [&](std::size_t maximum) {
        details.maximum_packet_size = static_cast<std::uint32_t>(maximum);
        return refusal(Version::v5, RefusalReason::server_moved, details);
    };
    EXPECT_EQ(at(full), spelled("20 { 00 9d { 1c [ 'west' ] 1f [ 'why' ] } }"));
    EXPECT_EQ(at(full - 1), spelled("20 { 00 9d { 1c [ 'west' ] } }"));
    EXPECT_EQ(at(full - 7), spelled("20 { 00 9d { } }"));
    EXPECT_EQ(at(5), spelled("20 { 00 9d { } }"));
    EXPECT_EQ(at(4), "") << "nothing may be sent that is larger";
}

TEST(Refusal, LeavesOutWhatCannotBeWritten) {
    const std::string long_text(65'536, 'x');
    EXPECT_EQ(refusal(Version::v5, RefusalReason::busy, {.reason_string = long_text}), spelled("20 { 00 89 { } }"));
    EXPECT_EQ(refusal(Version::v5, RefusalReason::busy, {.reason_string = "\xFF"}), spelled("20 { 00 89 { } }"));
}

TEST(Disconnect, ToAClientIsForMqtt5Only) {
    EXPECT_TRUE(disconnect_for(Version::v31, ReasonCode::server_moved).empty());
    EXPECT_TRUE(disconnect_for(Version::v311, ReasonCode::server_moved).empty());
    EXPECT_EQ(hex_of(disconnect_for(Version::v5, ReasonCode::server_moved)), "e0 01 9d");
    EXPECT_EQ(hex_of(disconnect_for(Version::v5, ReasonCode::use_another_server, {.server_reference = "west"})),
              spelled("e0 { 9c { 1c [ 'west' ] } }"));
    EXPECT_EQ(hex_of(disconnect_for(Version::v5, ReasonCode::server_shutting_down,
                                    {.reason_string = "why", .server_reference = "west"})),
              spelled("e0 { 8b { 1f [ 'why' ] } }"));
    EXPECT_TRUE(disconnect_for(Version::v5, ReasonCode::server_busy, {.maximum_packet_size = 2}).empty());
}

TEST(Disconnect, ToANodeDiscardsTheWill) {
    EXPECT_EQ(hex_of(client_disconnect(Version::v31)), "e0 00");
    EXPECT_EQ(hex_of(client_disconnect(Version::v311, 0)), "e0 00");
    EXPECT_EQ(hex_of(client_disconnect(Version::v5)), "e0 00");
    EXPECT_EQ(hex_of(client_disconnect(Version::v5, 0)), spelled("e0 { 00 { 11 00000000 } }"));
    const auto decoded = decode(client_disconnect(Version::v5, 0), Version::v5, Direction::to_server);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(std::get<Disconnect>(*decoded).properties.session_expiry_interval, 0U);
}

}  // namespace
}  // namespace holdfast::mqtt
