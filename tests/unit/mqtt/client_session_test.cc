// The client session in conversation, word for word.

#include "mqtt/client_session.h"

#include <gtest/gtest.h>

#include <string>

#include "byte_notation.h"
#include "talk.h"

namespace holdfast::mqtt {
namespace {

using namespace std::chrono_literals;
constexpr QoS qos0 = QoS::at_most_once;
constexpr QoS qos1 = QoS::at_least_once;
constexpr QoS qos2 = QoS::exactly_once;

class ClientSessionIn : public ::testing::TestWithParam<Version> {};

INSTANTIATE_TEST_SUITE_P(Mqtt, ClientSessionIn, ::testing::Values(Version::v31, Version::v311, Version::v5),
                         [](const auto& parameter) { return "v" + std::to_string(static_cast<int>(parameter.param)); });

TEST_P(ClientSessionIn, ConnectsPublishesAndSaysGoodbye) {
    for (const std::size_t piece_size : {std::size_t{1}, std::size_t{3}, std::size_t{1'000}}) {
        Talk talk(options_of(GetParam()));
        talk.piece_size = piece_size;
        talk.open_and_accept();
        talk.publish("t", "zero", qos0);
        talk.publish("t", "one", qos1);
        talk.publish("t", "two", qos2, true);
        talk.say(Puback{.packet_id = 1});
        talk.say(Pubrec{.packet_id = 2});
        talk.say(Pubcomp{.packet_id = 2});
        talk.client.disconnect(talk.now);
        talk.listen();
        EXPECT_TRUE(talk.client.wants_close());
        talk.close();
        EXPECT_EQ(talk.heard(), greeting(GetParam()) +
                                    "< connack 0\n"
                                    "! connected keep_alive=0\n"
                                    "> publish t qos0 'zero'\n"
                                    "> publish t qos1 id1 'one'\n"
                                    "> publish t qos2 id2 retain 'two'\n"
                                    "< puback id1\n"
                                    "! acknowledged 2\n"
                                    "< pubrec id2\n"
                                    "> pubrel id2\n"
                                    "< pubcomp id2\n"
                                    "! acknowledged 3\n"
                                    "> disconnect\n"
                                    "-\n"
                                    "! disconnected requested\n");
        EXPECT_EQ(talk.client.held(), 0U);
        EXPECT_EQ(talk.client.state(), ClientSession::State::offline);
    }
}

TEST_P(ClientSessionIn, ReceivesAtEachQos) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.topic = "t", .payload = {'0'}});
    talk.say(Publish{.qos = qos1, .topic = "t", .packet_id = 5, .payload = {'1'}});
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 6, .payload = {'2'}});
    talk.say(Publish{.dup = true, .qos = qos2, .topic = "t", .packet_id = 6, .payload = {'2'}});
    talk.say(Pubrel{.packet_id = 6});
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 6, .payload = {'3'}});
    EXPECT_EQ(talk.heard(),
              "< publish t qos0 '0'\n"
              "! received t '0'\n"
              "< publish t qos1 id5 '1'\n"
              "! received t '1'\n"
              "> puback id5\n"
              "< publish t qos2 id6 '2'\n"
              "! received t '2'\n"
              "> pubrec id6\n"
              "< publish t qos2 id6 dup '2'\n"
              "> pubrec id6\n"
              "< pubrel id6\n"
              "> pubcomp id6\n"
              "< publish t qos2 id6 '3'\n"
              "! received t '3'\n"
              "> pubrec id6\n");
}

TEST_P(ClientSessionIn, SendsAgainInOrderWhenTheSessionIsPresent) {
    Talk talk(options_of(GetParam(), false));
    talk.open_and_accept();
    talk.publish("t", "one", qos1);
    talk.publish("t", "two", qos2);
    talk.publish("t", "three", qos2);
    talk.say(Pubrec{.packet_id = 2});
    talk.close();
    talk.publish("t", "four", qos1);
    talk.forget();
    talk.open_and_accept({.session_present = GetParam() != Version::v31});
    EXPECT_EQ(talk.heard(), greeting(GetParam(), false) +
                                (GetParam() == Version::v31 ? "< connack 0\n! connected keep_alive=0\n"
                                                            : "< connack 0 session\n! connected keep_alive=0 session\n") +
                                "> publish t qos1 id1 dup 'one'\n"
                                "> pubrel id2\n"
                                "> publish t qos2 id3 dup 'three'\n"
                                "> publish t qos1 id4 'four'\n");
    talk.say(Pubcomp{.packet_id = 2});
    talk.say(Puback{.packet_id = 4});
    talk.say(Puback{.packet_id = 1});
    talk.say(Pubrec{.packet_id = 3});
    talk.say(Pubcomp{.packet_id = 3});
    EXPECT_EQ(talk.heard(),
              "< pubcomp id2\n! acknowledged 2\n< puback id4\n! acknowledged 4\n< puback id1\n! acknowledged 1\n"
              "< pubrec id3\n> pubrel id3\n< pubcomp id3\n! acknowledged 3\n");
}

TEST_P(ClientSessionIn, ReportsWhatWasLostWithTheSession) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    talk.publish("t", "one", qos1);
    talk.publish("t", "two", qos2);
    talk.say(Pubrec{.packet_id = 2});
    talk.close();
    talk.publish("t", "three", qos1);
    talk.forget();
    talk.open_and_accept();
    EXPECT_EQ(talk.heard(), greeting(GetParam()) +
                                "< connack 0\n"
                                "! connected keep_alive=0\n"
                                "! failed 1 session_lost unspecified_error\n"
                                "! failed 2 session_lost unspecified_error\n"
                                "> publish t qos1 id3 'three'\n");
    EXPECT_EQ(talk.client.held(), 1U);
}

TEST_P(ClientSessionIn, SubscribesAndUnsubscribes) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    const std::vector<Subscription> subscriptions{{.filter = "a/#", .qos = qos1}, {.filter = "b"}};
    const std::vector<std::string> filters{"a/#"};
    EXPECT_EQ(talk.client.subscribe(subscriptions, talk.now), 1);
    EXPECT_EQ(talk.client.unsubscribe(filters, talk.now), 2);
    talk.listen();
    talk.forget();
    talk.say(Suback{.packet_id = 1, .codes = {ReasonCode::granted_qos_1, ReasonCode::unspecified_error}});
    Unsuback unsuback{.packet_id = 2};
    if (GetParam() == Version::v5) unsuback.codes = {ReasonCode::no_subscription_existed};
    talk.say(unsuback);
    EXPECT_EQ(talk.heard(), GetParam() == Version::v5
                                ? "< suback id1 1 128\n! subscribed 1 1 128\n< unsuback id2 17\n! unsubscribed 2 17\n"
                                : "< suback id1 1 128\n! subscribed 1 1 128\n< unsuback id2\n! unsubscribed 2\n");
}

TEST_P(ClientSessionIn, ARefusalEndsTheConnection) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept({.code = GetParam() == Version::v5 ? std::uint8_t{0x87} : std::uint8_t{5}});
    EXPECT_TRUE(talk.client.wants_close());
    talk.close();
    EXPECT_EQ(talk.heard(), greeting(GetParam()) + (GetParam() == Version::v5 ? "< connack 135\n! refused 135\n-\n"
                                                                              : "< connack 5\n! refused 5\n-\n"));
    talk.open_and_accept();
    EXPECT_TRUE(talk.client.is_connected()) << "the next try may work";
}

TEST_P(ClientSessionIn, GivesUpWhenConnackDoesNotCome) {
    Talk talk(options_of(GetParam()));
    talk.open();
    talk.pass(20s);
    EXPECT_EQ(talk.heard(), greeting(GetParam()) + "* 10000ms\n! disconnected connect_timeout unspecified_error\n");
    EXPECT_TRUE(talk.client.wants_close());
    talk.close();
    EXPECT_EQ(talk.heard(), "-\n") << "one end, one event";
}

TEST_P(ClientSessionIn, PingsWhenItIsQuietAndMissesThePong) {
    ClientOptions options = options_of(GetParam());
    options.connect.keep_alive = 60;
    Talk talk(options);
    talk.open_and_accept();
    talk.forget();
    talk.pass(50s);
    talk.publish("t", "x", qos0);
    talk.pass(53s);
    EXPECT_EQ(talk.heard(), "> publish t qos0 'x'\n") << "other packets keep alive, too";
    talk.pass(1s);
    talk.pass(2s);
    talk.say(Pingresp{});
    EXPECT_EQ(talk.heard(), "* 1000ms\n> pingreq\n< pingresp\n! pong 2000ms\n");
    talk.pass(70s);
    EXPECT_EQ(talk.heard(), "* 52000ms\n> pingreq\n* 10000ms\n! disconnected pong_timeout keep_alive_timeout\n");
    EXPECT_TRUE(talk.client.outbox().empty()) << "who does not read must not keep the connection open";
}

TEST_P(ClientSessionIn, PingsOnRequestOnce) {
    Talk talk(options_of(GetParam()));
    EXPECT_FALSE(talk.client.ping(talk.now).has_value());
    talk.open_and_accept();
    talk.forget();
    EXPECT_TRUE(talk.client.ping(talk.now).has_value());
    EXPECT_TRUE(talk.client.ping(talk.now).has_value());
    talk.listen();
    talk.say(Pingresp{});
    talk.say(Pingresp{});
    EXPECT_EQ(talk.heard(), "> pingreq\n< pingresp\n! pong 0ms\n< pingresp\n");
}

TEST_P(ClientSessionIn, KeepsToItsBounds) {
    ClientOptions options = options_of(GetParam());
    options.max_inflight = 2;
    options.max_held = 3;
    Talk talk(options);
    talk.publish("t", "x", qos0);
    EXPECT_EQ(talk.heard(), "? not_connected\n");
    talk.open_and_accept();
    talk.forget();
    for (const std::string_view payload : {"1", "2", "3", "4"})
        talk.publish("t", payload, qos1);
    EXPECT_EQ(talk.heard(), "> publish t qos1 id1 '1'\n> publish t qos1 id2 '2'\n? queue_full\n");
    EXPECT_EQ(talk.client.inflight(), 2U);
    EXPECT_EQ(talk.client.held(), 3U);
    talk.say(Puback{.packet_id = 2});
    EXPECT_EQ(talk.heard(), "< puback id2\n! acknowledged 2\n> publish t qos1 id3 '3'\n");
    talk.say(Puback{.packet_id = 2});
    EXPECT_EQ(talk.heard(), "< puback id2\n") << "an acknowledgement that comes twice says nothing";
}

TEST_P(ClientSessionIn, RefusesCommandsThatCannotBeSaid) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    talk.forget();
    talk.publish("t/#", "x", qos0);
    talk.publish("", "x", qos1);
    PublishProperties properties;
    properties.topic_alias = 1;
    EXPECT_FALSE(talk.client.publish({.topic = "t", .properties = &properties}, talk.now).has_value());
    EXPECT_FALSE(talk.client.subscribe({}, talk.now).has_value());
    const std::vector<std::string> bad{"a#"};
    EXPECT_FALSE(talk.client.unsubscribe(bad, talk.now).has_value());
    talk.listen();
    EXPECT_EQ(talk.heard(), "? bad_topic\n? bad_topic\n") << "and nothing was sent";
    EXPECT_EQ(talk.client.held(), 0U);
}

TEST_P(ClientSessionIn, StopsQosZeroWhenNobodyReads) {
    ClientOptions options = options_of(GetParam());
    options.max_outbox = 1'000;
    Talk talk(options);
    talk.open_and_accept();
    const ByteBuffer payload(400, 'x');
    int published = 0;
    while (talk.client.publish({.topic = "t", .payload = payload}, talk.now).has_value())
        ++published;
    EXPECT_EQ(published, 3);
    EXPECT_FALSE(talk.client.wants_read());
    talk.client.sent(talk.client.outbox().size() - 1);
    EXPECT_TRUE(talk.client.wants_read());
    EXPECT_EQ(talk.client.outbox().size(), 1U);
    EXPECT_TRUE(talk.client.publish({.topic = "t", .payload = payload}, talk.now).has_value());
}

struct Wrong {
    std::string_view bytes;
    std::string_view reason;  ///< with MQTT 5
    bool only_v5 = false;
};

TEST_P(ClientSessionIn, BreaksOffWhenTheServerBreaksTheProtocol) {
    const bool is_v5 = GetParam() == Version::v5;
    for (const Wrong& wrong :
         {Wrong{"00 00", "malformed_packet"}, Wrong{"30 80808080", "malformed_packet"},
          Wrong{"82 { 0001 [ 'a' ] 00 }", "protocol_error"}, Wrong{"c0 00", "protocol_error"},
          Wrong{"40 02 0000", "protocol_error"}, Wrong{"30 { 0005 'a' }", "malformed_packet"},
          Wrong{"30 { [ 'a/#' ] { } }", "topic_name_invalid", true}, Wrong{"30 ffffff7f", "packet_too_large"},
          Wrong{"30 { [ ] { 23 0001 } }", "topic_alias_invalid", true}, Wrong{"f0 00", "protocol_error"}}) {
        if (wrong.only_v5 && !is_v5) continue;
        ClientOptions options = options_of(GetParam());
        options.max_packet_size = 1'000;
        Talk talk(options);
        talk.open_and_accept();
        talk.forget();
        talk.say_bytes(bytes_of(wrong.bytes));
        const std::string reason =
            GetParam() != Version::v5 && wrong.bytes == "f0 00" ? "protocol_error" : std::string(wrong.reason);
        EXPECT_EQ(talk.heard(),
                  "! disconnected protocol_error " + reason + "\n" + (is_v5 ? "> disconnect " + reason + "\n" : ""))
            << wrong.bytes;
        EXPECT_TRUE(talk.client.wants_close());
        talk.say_bytes(bytes_of("30 { [ 't' ] 'x' }"));
        talk.close();
        EXPECT_EQ(talk.heard(), "-\n") << "nothing is read any more";
    }
}

TEST_P(ClientSessionIn, WantsConnackFirstAndOnce) {
    Talk talk(options_of(GetParam()));
    talk.open();
    talk.forget();
    talk.say(Pingresp{});
    EXPECT_TRUE(talk.heard().starts_with("< pingresp\n! disconnected protocol_error protocol_error\n"));
    talk.close();
    talk.open_and_accept();
    talk.forget();
    talk.say(Connack{});
    EXPECT_TRUE(talk.heard().starts_with("< connack 0\n! disconnected protocol_error protocol_error\n"));
}

TEST_P(ClientSessionIn, TakesAnOldIdentifierAnewWhenTheSessionIsGone) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 6, .payload = {'1'}});
    talk.close();
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 6, .payload = {'2'}});
    EXPECT_EQ(talk.heard(), "< publish t qos2 id6 '2'\n! received t '2'\n> pubrec id6\n");
}

TEST_P(ClientSessionIn, RemembersAnIdentifierAsLongAsTheSession) {
    Talk talk(options_of(GetParam(), false));
    talk.open_and_accept();
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 6, .payload = {'1'}});
    talk.close();
    talk.open_and_accept({.session_present = GetParam() != Version::v31});
    talk.forget();
    talk.say(Publish{.dup = true, .qos = qos2, .topic = "t", .packet_id = 6, .payload = {'1'}});
    EXPECT_EQ(talk.heard(), "< publish t qos2 id6 dup '1'\n> pubrec id6\n");
}

TEST_P(ClientSessionIn, WaitsForThePongFromTheFirstPing) {
    ClientOptions options = options_of(GetParam());
    options.connect.keep_alive = 10;
    options.pong_timeout = 25s;
    Talk talk(options);
    talk.open_and_accept();
    talk.forget();
    talk.pass(60s);
    EXPECT_EQ(talk.heard(),
              "* 9000ms\n> pingreq\n* 9000ms\n> pingreq\n* 9000ms\n> pingreq\n* 7000ms\n"
              "! disconnected pong_timeout keep_alive_timeout\n");
}

TEST_P(ClientSessionIn, RefusesAnAcknowledgementOfTheWrongKind) {
    for (const QoS qos : {qos1, qos2}) {
        Talk talk(options_of(GetParam()));
        talk.open_and_accept();
        talk.publish("t", "x", qos);
        talk.forget();
        talk.say(qos == qos1 ? Packet(Pubrec{.packet_id = 1}) : Packet(Puback{.packet_id = 1}));
        EXPECT_TRUE(talk.client.wants_close());
        EXPECT_EQ(talk.client.held(), 1U) << "what became of it is not known yet";
    }
}

TEST_P(ClientSessionIn, SaysNothingInCommandsWhileItIsClosing) {
    Talk talk(options_of(GetParam()));
    talk.open_and_accept();
    talk.client.disconnect(talk.now);
    talk.listen();
    talk.forget();
    talk.publish("t", "x", qos0);
    talk.publish("t", "y", qos1);
    EXPECT_FALSE(talk.client.ping(talk.now).has_value());
    talk.client.disconnect(talk.now);
    talk.listen();
    EXPECT_EQ(talk.heard(), "? not_connected\n");
    EXPECT_EQ(talk.client.next_timer(), std::nullopt);
    EXPECT_EQ(talk.client.held(), 1U) << "and is sent on the next connection";
}

TEST(ClientSessionV3, BoundsTheServersUnreleasedMessages) {
    ClientOptions options = options_of(Version::v311);
    options.max_inbound_exactly_once = 1;
    Talk talk(options);
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 1});
    talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = 2});
    EXPECT_EQ(talk.heard(),
              "< publish t qos2 id1 ''\n! received t ''\n> pubrec id1\n"
              "< publish t qos2 id2 ''\n! disconnected protocol_error receive_maximum_exceeded\n");
}

TEST(ClientSession, NeverUsesAnIdentifierTwiceAtATime) {
    ClientOptions options = options_of(Version::v311);
    options.max_inflight = 3;
    Talk talk(options);
    talk.open_and_accept();
    talk.publish("t", "stays", qos1);
    talk.forget();
    for (int round = 0; round < 70'000; ++round) {
        ASSERT_TRUE(talk.client.publish({.topic = "t", .qos = qos1}, talk.now).has_value());
        const ByteView sent = talk.client.outbox();
        const auto packet_id = static_cast<std::uint16_t>(sent[5] << 8 | sent[6]);
        ASSERT_NE(packet_id, 1) << "is in use";
        ASSERT_NE(packet_id, 0);
        talk.client.sent(sent.size());
        const Byte ack[] = {0x40, 2, static_cast<Byte>(packet_id >> 8), static_cast<Byte>(packet_id)};
        ByteView input = ack;
        ASSERT_TRUE(talk.client.receive(input, talk.now).has_value());
    }
    EXPECT_EQ(talk.client.held(), 1U);
}

TEST(ClientSession, ANewConnectionForgetsHalfAPacket) {
    Talk talk(options_of(Version::v311));
    talk.open_and_accept();
    talk.say_bytes(bytes_of("30 7f 00"));
    talk.close();
    talk.open_and_accept();
    EXPECT_TRUE(talk.client.is_connected());
}

TEST(ClientSession, OptionsThatCannotBeSaidLeaveItOffline) {
    ClientOptions options = options_of(Version::v31);
    options.connect.client_id = "";
    ClientSession client(options);
    EXPECT_FALSE(client.transport_opened(Time{}).has_value());
    EXPECT_EQ(client.state(), ClientSession::State::offline);
    EXPECT_TRUE(client.outbox().empty());
}

}  // namespace
}  // namespace holdfast::mqtt
