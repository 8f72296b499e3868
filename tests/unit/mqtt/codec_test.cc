// Packets against their bytes as the specification writes them, and the rules that make bytes unacceptable.

#include "mqtt/codec.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "byte_notation.h"
#include "exact_copy.h"
#include "mqtt/connack_view.h"
#include "mqtt/publish_view.h"

namespace holdfast::mqtt {
namespace {

constexpr Version v31 = Version::v31;
constexpr Version v311 = Version::v311;
constexpr Version v5 = Version::v5;

std::string encoded(const Packet& packet, Version version) {
    ByteBuffer bytes;
    const auto outcome = encode(packet, version, bytes);
    return outcome ? hex_of(bytes) : std::string(outcome.error().code_name());
}

std::string spelled(std::string_view notation) {
    return hex_of(bytes_of(notation));
}

TEST(Codec, WritesWhatTheSpecificationSays) {
    Publish publish{.topic = "a/b", .payload = {0x68, 0x69}};
    EXPECT_EQ(encoded(publish, v311), spelled("30 { [ 'a/b' ] 'hi' }"));
    EXPECT_EQ(encoded(publish, v5), spelled("30 { [ 'a/b' ] { } 'hi' }"));
    publish.qos = QoS::exactly_once;
    publish.dup = publish.retain = true;
    publish.packet_id = 0x1234;
    EXPECT_EQ(encoded(publish, v31), spelled("3d { [ 'a/b' ] 1234 'hi' }"));
    publish.properties.topic_alias = 3;
    publish.properties.subscription_identifiers = {1, 300};
    EXPECT_EQ(encoded(publish, v5), spelled("3d { [ 'a/b' ] 1234 { 0b 01 0b ac02 23 0003 } 'hi' }"));
    EXPECT_EQ(encoded(Puback{.packet_id = 7}, v5), spelled("40 02 0007"));
    EXPECT_EQ(encoded(Pubrel{.packet_id = 7}, v311), spelled("62 02 0007"));
    EXPECT_EQ(encoded(Pubrec{.packet_id = 7, .reason = ReasonCode::quota_exceeded}, v5), spelled("50 03 0007 97"));
    EXPECT_EQ(encoded(Pubcomp{.packet_id = 7, .properties = {.reason_string = "x"}}, v5),
              spelled("70 { 0007 00 { 1f [ 'x' ] } }"));
    EXPECT_EQ(encoded(Pingreq{}, v31), spelled("c0 00"));
    EXPECT_EQ(encoded(Pingresp{}, v5), spelled("d0 00"));
    EXPECT_EQ(encoded(Disconnect{}, v311), spelled("e0 00"));
    EXPECT_EQ(encoded(Disconnect{.reason = ReasonCode::server_moved}, v5), spelled("e0 01 9d"));
    EXPECT_EQ(encoded(Auth{}, v5), spelled("f0 00"));
    EXPECT_EQ(encoded(Unsuback{.packet_id = 7}, v311), spelled("b0 02 0007"));
    EXPECT_EQ(encoded(Suback{.packet_id = 7, .codes = {ReasonCode::granted_qos_1, ReasonCode::unspecified_error}}, v311),
              spelled("90 04 0007 01 80"));
    Subscribe subscribe{.packet_id = 7, .subscriptions = {{.filter = "a/#", .qos = QoS::at_least_once}}};
    EXPECT_EQ(encoded(subscribe, v311), spelled("82 { 0007 [ 'a/#' ] 01 }"));
    subscribe.subscriptions[0].no_local = subscribe.subscriptions[0].retain_as_published = true;
    subscribe.subscriptions[0].retain_handling = RetainHandling::do_not_send;
    EXPECT_EQ(encoded(subscribe, v5), spelled("82 { 0007 { } [ 'a/#' ] 2d }"));
    EXPECT_EQ(encoded(Unsubscribe{.packet_id = 7, .filters = {"a", "b/+"}}, v5), spelled("a2 { 0007 { } [ 'a' ] [ 'b/+' ] }"));
}

TEST(Codec, RefusesWhatAVersionCannotExpress) {
    EXPECT_EQ(encoded(Auth{}, v311), "not_encodable");
    EXPECT_EQ(encoded(Disconnect{.reason = ReasonCode::server_moved}, v311), "not_encodable");
    EXPECT_EQ(encoded(Puback{.packet_id = 7, .reason = ReasonCode::not_authorized}, v311), "not_encodable");
    EXPECT_EQ(encoded(Puback{.packet_id = 0}, v5), "not_encodable");
    EXPECT_EQ(encoded(Puback{.packet_id = 7, .reason = ReasonCode::server_moved}, v5), "not_encodable");
    EXPECT_EQ(encoded(Connack{.session_present = true}, v31), "not_encodable");
    EXPECT_EQ(encoded(Connack{.session_present = true, .code = 0x88}, v5), "not_encodable");
    EXPECT_EQ(encoded(Publish{.topic = "a", .properties = {.topic_alias = 1}}, v311), "not_encodable");
    EXPECT_EQ(encoded(Publish{.topic = "a", .properties = {.topic_alias = 0}}, v5), "not_encodable");
    EXPECT_EQ(encoded(Publish{.topic = ""}, v5), "bad_topic");
    EXPECT_EQ(encoded(Publish{.topic = "a/#"}, v5), "bad_topic");
    EXPECT_EQ(encoded(Publish{.topic = "\xFF"}, v5), "bad_utf8");
    EXPECT_EQ(encoded(Publish{.dup = true, .topic = "a"}, v5), "not_encodable");
    EXPECT_EQ(encoded(Publish{.topic = "a", .packet_id = 1}, v5), "not_encodable");
    EXPECT_EQ(encoded(Publish{.qos = QoS::at_least_once, .topic = "a"}, v5), "not_encodable");
    EXPECT_EQ(encoded(Publish{.topic = std::string(65'536, 'a')}, v5), "bad_topic");
    EXPECT_EQ(encoded(Connect{.client_id = std::string(65'536, 'a')}, v5), "field_too_long");
    EXPECT_EQ(encoded(Connect{.version = v31, .client_id = ""}, v31), "not_encodable");
    EXPECT_EQ(encoded(Connect{.version = v311, .clean_start = false, .client_id = ""}, v311), "not_encodable");
    EXPECT_EQ(encoded(Connect{.version = v311, .client_id = "a", .password = ByteBuffer{1}}, v311), "not_encodable");
    EXPECT_EQ(encoded(Connect{.version = v311, .client_id = "a", .properties = {.receive_maximum = 1}}, v311), "not_encodable");
    EXPECT_EQ(encoded(Connect{.client_id = "a", .properties = {.receive_maximum = 0}}, v5), "not_encodable");
    EXPECT_EQ(encoded(Connect{.client_id = "a", .will = Will{.topic = "a/+"}}, v5), "bad_topic");
    EXPECT_EQ(encoded(Connect{.client_id = "a", .will = Will{.topic = "a", .payload = ByteBuffer(65'536)}}, v5),
              "field_too_long");
    EXPECT_EQ(encoded(Subscribe{.packet_id = 1}, v5), "not_encodable");
    EXPECT_EQ(encoded(Subscribe{.packet_id = 1, .subscriptions = {{.filter = "a#"}}}, v5), "bad_topic");
    EXPECT_EQ(encoded(Subscribe{.packet_id = 1, .subscriptions = {{.filter = "a", .no_local = true}}}, v311), "not_encodable");
    EXPECT_EQ(encoded(Subscribe{.packet_id = 1, .subscriptions = {{.filter = "$share/g/a", .no_local = true}}}, v5),
              "not_encodable");
    EXPECT_EQ(encoded(Unsubscribe{.packet_id = 1}, v5), "not_encodable");
    EXPECT_EQ(encoded(Suback{.packet_id = 1, .codes = {ReasonCode::not_authorized}}, v311), "not_encodable");
    EXPECT_EQ(encoded(Auth{.reason = ReasonCode::reauthenticate}, v5), "not_encodable");
}

TEST(Codec, LeavesTheBufferAloneOnAnError) {
    ByteBuffer bytes{1, 2, 3};
    EXPECT_FALSE(encode(Publish{.topic = "a/#"}, v5, bytes).has_value());
    EXPECT_EQ(bytes, (ByteBuffer{1, 2, 3}));
}

TEST(Codec, RefusesAPacketLargerThanMqttCanExpress) {
    ByteBuffer bytes;
    const Publish publish{.topic = "a", .payload = ByteBuffer(max_remaining_length - 2)};
    const auto outcome = encode(publish, v311, bytes);
    ASSERT_FALSE(outcome.has_value());
    EXPECT_TRUE(outcome.error().is(Errc::packet_too_large));
    EXPECT_TRUE(bytes.empty());
}

struct Bad {
    Version version;
    std::string_view bytes;
    std::string_view error;
    Direction direction = Direction::either;
};

constexpr Bad bad_packets[] = {
    {v5, "", "truncated"},
    {v5, "c0", "truncated"},
    {v5, "00 00", "malformed_packet"},
    {v5, "c0 8000", "malformed_packet"},
    {v5, "c0 8080808000", "malformed_packet"},
    {v5, "c0 01 00", "malformed_packet"},
    {v5, "c0 00 00", "malformed_packet"},
    {v5, "c1 00", "malformed_packet"},
    {v311, "d2 00", "malformed_packet"},
    {v311, "f0 00", "unexpected_packet"},
    // First-byte flags.
    {v311, "60 02 0001", "malformed_packet"},
    {v5, "80 { 0001 { } [ 'a' ] 00 }", "malformed_packet"},
    {v5, "a0 { 0001 { } [ 'a' ] }", "malformed_packet"},
    {v5, "42 02 0001", "malformed_packet"},
    // PUBLISH.
    {v311, "36 { [ 'a' ] 0001 }", "malformed_packet"},
    {v311, "38 { [ 'a' ] }", "malformed_packet"},
    {v311, "32 { [ 'a' ] 0000 }", "protocol_error"},
    {v311, "32 { [ 'a' ] 00 }", "truncated"},
    {v311, "30 { [ ] }", "protocol_error"},
    {v311, "30 { [ 'a/+' ] }", "bad_topic"},
    {v311, "30 { [ 'a' 00 ] }", "bad_utf8"},
    {v311, "30 { 0005 'a' }", "truncated"},
    {v5, "30 { [ 'a' ] }", "truncated"},
    {v5, "30 { [ ] { } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 23 0000 } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 23 0001 23 0001 } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 0b 00 } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 0b 8000 } }", "malformed_packet"},
    {v5, "30 { [ 'a' ] { 08 [ 'b/#' ] } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 01 02 } }", "protocol_error"},
    {v5, "30 { [ 'a' ] { 11 00000000 } }", "malformed_packet"},
    {v5, "30 { [ 'a' ] { 0b 01 } }", "protocol_error", Direction::to_server},
    // Acknowledgements.
    {v311, "40 02 0000", "protocol_error"},
    {v311, "40 01 00", "truncated"},
    {v311, "40 03 0001 00", "malformed_packet"},
    {v5, "40 03 0001 05", "malformed_packet"},
    {v5, "70 03 0001 10", "malformed_packet"},
    {v5, "40 { 0001 00 { } 00 }", "malformed_packet"},
    {v5, "40 { 0001 00 { 1f [ 'a' ] 1f [ 'a' ] } }", "protocol_error"},
    // SUBSCRIBE and its likes.
    {v311, "82 { 0001 }", "protocol_error"},
    {v311, "82 { 0000 [ 'a' ] 00 }", "protocol_error"},
    {v311, "82 { 0001 [ 'a' ] }", "truncated"},
    {v311, "82 { 0001 [ 'a' ] 03 }", "malformed_packet"},
    {v311, "82 { 0001 [ 'a' ] 04 }", "malformed_packet"},
    {v311, "82 { 0001 [ ] 00 }", "bad_topic"},
    {v311, "82 { 0001 [ 'a/#/b' ] 00 }", "bad_topic"},
    {v5, "82 { 0001 { } [ 'a' ] 40 }", "malformed_packet"},
    {v5, "82 { 0001 { } [ 'a' ] 30 }", "protocol_error"},
    {v5, "82 { 0001 { } [ '$share/g/a' ] 04 }", "protocol_error"},
    {v5, "82 { 0001 { } [ '$share/g' ] 00 }", "bad_topic"},
    {v5, "82 { 0001 { 0b 01 0b 02 } [ 'a' ] 00 }", "protocol_error"},
    {v311, "90 { 0001 }", "protocol_error"},
    {v311, "90 { 0001 03 }", "malformed_packet"},
    {v311, "90 { 0001 87 }", "malformed_packet"},
    {v5, "90 { 0001 { } 03 }", "malformed_packet"},
    {v5, "a2 { 0001 { } }", "protocol_error"},
    {v311, "b0 { 0001 00 }", "malformed_packet"},
    {v5, "b0 { 0001 { } }", "protocol_error"},
    // CONNACK.
    {v311, "20 02 02 00", "malformed_packet"},
    {v311, "20 02 01 05", "protocol_error"},
    {v311, "20 03 00 00 00", "malformed_packet"},
    {v311, "21 02 00 00", "malformed_packet"},
    {v5, "20 02 00 00", "truncated"},
    {v5, "20 { 00 01 { } }", "malformed_packet"},
    {v5, "20 { 00 00 { 24 02 } }", "protocol_error"},
    {v5, "20 { 00 00 { 17 00 } }", "malformed_packet"},
    // DISCONNECT and AUTH.
    {v311, "e0 01 00", "malformed_packet"},
    {v311, "e0 00", "unexpected_packet", Direction::to_client},
    {v5, "e0 01 01", "malformed_packet"},
    {v5, "e0 { 9d { 1c [ 'b' ] } }", "protocol_error", Direction::to_server},
    {v5, "e0 { 00 { 11 00000000 } }", "protocol_error", Direction::to_client},
    {v5, "f0 01 18", "truncated"},
    {v5, "f0 { 18 { } }", "protocol_error"},
    {v5, "f0 { 18 { 16 [ 00 ] } }", "protocol_error"},
    // Directions.
    {v311, "82 { 0001 [ 'a' ] 00 }", "unexpected_packet", Direction::to_client},
    {v311, "20 02 00 00", "unexpected_packet", Direction::to_server},
    {v311, "d0 00", "unexpected_packet", Direction::to_server},
    {v311, "c0 00", "unexpected_packet", Direction::to_client},
};

TEST(Codec, RefusesWhatBreaksARule) {
    for (const Bad& one : bad_packets) {
        const ExactCopy bytes(bytes_of(one.bytes));
        const auto decoded = decode(bytes.view(), one.version, one.direction);
        ASSERT_FALSE(decoded.has_value()) << one.bytes;
        EXPECT_EQ(decoded.error().code_name(), one.error) << one.bytes << ": " << decoded.error().message();
        EXPECT_GT(decoded.error().message().size(), 10U);
    }
}

TEST(Codec, IsAsLenientAsMqtt31) {
    for (const std::string_view bytes : {"6a 02 0001", "8a { 0001 [ 'a' ] fc }", "60 02 0001", "c0 8000"}) {
        EXPECT_TRUE(decode(bytes_of(bytes), v31).has_value()) << bytes;
    }
}

TEST(Codec, KnowsEachPacketsType) {
    EXPECT_EQ(type_of(Connect{}), PacketType::connect);
    EXPECT_EQ(type_of(Publish{}), PacketType::publish);
    EXPECT_EQ(type_of(Pubcomp{}), PacketType::pubcomp);
    EXPECT_EQ(type_of(Unsuback{}), PacketType::unsuback);
    EXPECT_EQ(type_of(Auth{}), PacketType::auth);
}

TEST(ConnackView, ReadsWhatTheGatewayNeeds) {
    const ByteBuffer bytes = bytes_of("20 { 00 9d { 13 001e 12 [ 'auto-1' ] 1c [ 'west:1883' ] 1f [ 'moved' ] 11 0000000a } }");
    const auto view = parse_connack(bytes, v5);
    ASSERT_TRUE(view.has_value());
    EXPECT_FALSE(view->accepted());
    EXPECT_EQ(view->code, 0x9D);
    EXPECT_EQ(view->server_keep_alive, 30);
    EXPECT_EQ(view->assigned_client_id, "auto-1");
    EXPECT_EQ(view->server_reference, "west:1883");
    EXPECT_EQ(view->reason_string, "moved");
    EXPECT_EQ(view->session_expiry, 10U);
}

TEST(ConnackView, Mqtt31DoesNotSayWhetherASessionIsPresent) {
    const auto view = parse_connack(bytes_of("20 02 01 00"), v31);
    ASSERT_TRUE(view.has_value());
    EXPECT_TRUE(view->accepted());
    EXPECT_FALSE(view->session_present);
}

TEST(PublishView, LooksIntoThePacket) {
    const ByteBuffer bytes = bytes_of("3b { [ 'a' ] 0102 { 23 0005 26 [ 'k' ] [ 'v' ] } 'payload' }");
    const auto view = parse_publish(bytes, v5);
    ASSERT_TRUE(view.has_value());
    EXPECT_TRUE(view->dup);
    EXPECT_TRUE(view->retain);
    EXPECT_EQ(view->qos, QoS::at_least_once);
    EXPECT_EQ(view->packet_id, 0x0102);
    EXPECT_EQ(view->topic_alias, 5);
    EXPECT_EQ(view->properties.find(PropertyId::user_property)->second, "v");
    EXPECT_EQ(as_text(view->payload), "payload");
}

}  // namespace
}  // namespace holdfast::mqtt
