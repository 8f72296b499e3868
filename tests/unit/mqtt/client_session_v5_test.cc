// The client session in conversation: what only MQTT 5 has.

#include <gtest/gtest.h>

#include <string>

#include "mqtt/client_session.h"
#include "talk.h"

namespace holdfast::mqtt {
namespace {

using namespace std::chrono_literals;
constexpr QoS qos0 = QoS::at_most_once;
constexpr QoS qos1 = QoS::at_least_once;
constexpr QoS qos2 = QoS::exactly_once;

ClientOptions v5_options() {
    return options_of(Version::v5);
}

TEST(ClientSessionV5, UsesWhatTheServerSays) {
    ClientOptions options = v5_options();
    options.connect.client_id = "";
    options.connect.keep_alive = 60;
    Talk talk(options);
    talk.open_and_accept({.properties = {.assigned_client_identifier = "auto", .server_keep_alive = 10}});
    talk.forget();
    EXPECT_EQ(talk.client.client_id(), "auto");
    talk.pass(9s);
    EXPECT_EQ(talk.heard(), "* 9000ms\n> pingreq\n");
    talk.close();
    talk.forget();
    talk.open();
    EXPECT_EQ(talk.heard(), "> connect 5 auto clean\n");
}

TEST(ClientSessionV5, RespectsTheServersReceiveMaximumAlsoWhenSendingAgain) {
    Talk talk(options_of(Version::v5, false));
    talk.open_and_accept();
    for (const std::string_view payload : {"1", "2", "3"})
        talk.publish("t", payload, qos2);
    talk.say(Pubrec{.packet_id = 1});
    talk.close();
    talk.forget();
    talk.open_and_accept({.session_present = true, .properties = {.receive_maximum = 1}});
    EXPECT_EQ(talk.heard(),
              greeting(Version::v5, false) +
                  "< connack 0 session\n! connected keep_alive=0 session\n> pubrel id1\n> publish t qos2 id2 dup '2'\n");
    talk.say(Pubcomp{.packet_id = 1});
    EXPECT_EQ(talk.heard(), "< pubcomp id1\n! acknowledged 1\n") << "the quota of this connection was not freed by it";
    talk.say(Pubrec{.packet_id = 2});
    talk.say(Pubcomp{.packet_id = 2});
    EXPECT_EQ(talk.heard(), "< pubrec id2\n> pubrel id2\n< pubcomp id2\n! acknowledged 2\n> publish t qos2 id3 dup '3'\n");
}

TEST(ClientSessionV5, ReportsRejectedPublishes) {
    Talk talk(v5_options());
    talk.open_and_accept();
    talk.publish("t", "1", qos1);
    talk.publish("t", "2", qos2);
    talk.publish("t", "3", qos1);
    talk.forget();
    talk.say(Puback{.packet_id = 1, .reason = ReasonCode::quota_exceeded});
    talk.say(Pubrec{.packet_id = 2, .reason = ReasonCode::not_authorized});
    talk.say(Puback{.packet_id = 3, .reason = ReasonCode::no_matching_subscribers});
    EXPECT_EQ(talk.heard(),
              "< puback id1 quota_exceeded\n! failed 1 rejected quota_exceeded\n"
              "< pubrec id2 not_authorized\n! failed 2 rejected not_authorized\n"
              "< puback id3 no_matching_subscribers\n! acknowledged 3 no_matching_subscribers\n");
    EXPECT_EQ(talk.client.held(), 0U);
}

TEST(ClientSessionV5, DoesNotSendWhatTheServerDoesNotTake) {
    Talk talk(v5_options());
    talk.publish("t", "queued and far too long for the server", qos1);
    talk.publish("t", "r", qos1, true);
    talk.publish("t", "2", qos2);
    talk.publish("t", "1", qos1);
    talk.open_and_accept({.properties = {.maximum_qos = 1,
                                         .retain_available = 0,
                                         .maximum_packet_size = 20,
                                         .wildcard_subscription_available = 0,
                                         .shared_subscription_available = 0}});
    EXPECT_EQ(talk.heard(), greeting(Version::v5) +
                                "< connack 0\n! connected keep_alive=0\n"
                                "! failed 1 not_acceptable implementation_specific_error\n"
                                "! failed 2 not_acceptable implementation_specific_error\n"
                                "! failed 3 not_acceptable implementation_specific_error\n"
                                "> publish t qos1 id1 '1'\n");
    talk.publish("t", "far too long for the server", qos0);
    talk.publish("t", "far too long for the server", qos1);
    talk.publish("t", "r", qos0, true);
    talk.publish("t", "2", qos2);
    const std::vector<Subscription> wildcard{{.filter = "a/+"}};
    const std::vector<Subscription> shared{{.filter = "$share/g/a"}};
    const std::vector<Subscription> plain{{.filter = "a"}};
    const std::vector<Subscription> too_long{{.filter = "a/long/filter/is/this"}};
    EXPECT_FALSE(talk.client.subscribe(wildcard, talk.now).has_value());
    EXPECT_FALSE(talk.client.subscribe(shared, talk.now).has_value());
    EXPECT_FALSE(talk.client.subscribe(too_long, talk.now).has_value());
    EXPECT_TRUE(talk.client.subscribe(plain, talk.now).has_value());
    talk.listen();
    EXPECT_EQ(talk.heard(),
              "? not_supported_by_server\n? not_supported_by_server\n? not_supported_by_server\n? not_supported_by_server\n"
              "> subscribe id3\n");
}

TEST(ClientSessionV5, ResolvesTopicAliases) {
    ClientOptions options = v5_options();
    options.connect.properties.topic_alias_maximum = 2;
    Talk talk(options);
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.topic = "long/topic", .properties = {.topic_alias = 2}, .payload = {'1'}});
    talk.say(Publish{.topic = "", .properties = {.topic_alias = 2}, .payload = {'2'}});
    talk.say(Publish{.topic = "other", .properties = {.topic_alias = 2}, .payload = {'3'}});
    talk.say(Publish{.topic = "", .properties = {.topic_alias = 2}, .payload = {'4'}});
    EXPECT_EQ(talk.heard(),
              "< publish long/topic qos0 '1'\n! received long/topic '1'\n< publish  qos0 '2'\n! received long/topic '2'\n"
              "< publish other qos0 '3'\n! received other '3'\n< publish  qos0 '4'\n! received other '4'\n");
    talk.close();
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.topic = "", .properties = {.topic_alias = 2}, .payload = {'5'}});
    EXPECT_EQ(talk.heard(),
              "< publish  qos0 '5'\n! disconnected protocol_error topic_alias_invalid\n> disconnect topic_alias_invalid\n")
        << "aliases end with their connection";
    talk.close();
    talk.open_and_accept();
    talk.forget();
    talk.say(Publish{.topic = "t", .properties = {.topic_alias = 3}});
    EXPECT_EQ(talk.heard(),
              "< publish t qos0 ''\n! disconnected protocol_error topic_alias_invalid\n> disconnect topic_alias_invalid\n");
}

TEST(ClientSessionV5, BoundsTheServersUnreleasedMessages) {
    ClientOptions options = v5_options();
    options.connect.properties.receive_maximum = 2;
    Talk talk(options);
    talk.open_and_accept();
    talk.forget();
    for (std::uint16_t id = 1; id <= 3; ++id)
        talk.say(Publish{.qos = qos2, .topic = "t", .packet_id = id});
    EXPECT_EQ(talk.heard(),
              "< publish t qos2 id1 ''\n! received t ''\n> pubrec id1\n< publish t qos2 id2 ''\n! received t ''\n> pubrec id2\n"
              "< publish t qos2 id3 ''\n! disconnected protocol_error receive_maximum_exceeded\n> disconnect "
              "receive_maximum_exceeded\n");
}

TEST(ClientSessionV5, TellsWhereTheServerSendsIt) {
    Talk talk(v5_options());
    talk.open_and_accept();
    talk.forget();
    talk.say(Disconnect{.reason = ReasonCode::use_another_server, .properties = {.server_reference = "west:1883"}});
    talk.close();
    EXPECT_EQ(talk.heard(),
              "< disconnect use_another_server\n! disconnected server_disconnect use_another_server to west:1883\n-\n");
}

TEST(ClientSessionV5, Authenticates) {
    ClientOptions options = v5_options();
    options.connect.properties.authentication_method = "X";
    Talk talk(options);
    talk.open();
    talk.say(Auth{.reason = ReasonCode::continue_authentication,
                  .properties = {.authentication_method = "X", .authentication_data = ByteBuffer{'?'}}});
    EXPECT_TRUE(talk.client.authenticate(ReasonCode::continue_authentication, as_bytes("!"), talk.now).has_value());
    talk.listen();
    talk.say(Connack{});
    EXPECT_EQ(talk.heard(), greeting(Version::v5) +
                                "< auth continue_authentication\n! authentication X '?' continue_authentication\n"
                                "> auth continue_authentication\n< connack 0\n! connected keep_alive=0\n");
}

TEST(ClientSessionV5, HelpsAServerThatRemembersMore) {
    Talk talk(v5_options());
    talk.open_and_accept();
    talk.forget();
    talk.say(Pubrec{.packet_id = 9});
    talk.say(Pubrel{.packet_id = 9});
    talk.say(Puback{.packet_id = 9});
    talk.say(Pubcomp{.packet_id = 9});
    EXPECT_EQ(
        talk.heard(),
        "< pubrec id9\n> pubrel id9 packet_identifier_not_found\n< pubrel id9\n> pubcomp id9 packet_identifier_not_found\n"
        "< puback id9\n< pubcomp id9\n");
}

TEST(ClientSessionV5, TellsTheServerItsBounds) {
    ClientOptions options = v5_options();
    options.max_packet_size = 4'000;
    ClientSession client(options);
    ASSERT_TRUE(client.transport_opened(Time{}).has_value());
    const auto decoded = decode(client.outbox(), Version::v5);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(std::get<Connect>(*decoded).properties.maximum_packet_size, 4'000U);
}

TEST(ClientSessionV5, DropsItsSessionOnRequest) {
    ClientOptions options = v5_options();
    options.connect.properties.session_expiry_interval = 60;
    Talk talk(options);
    talk.open_and_accept();
    talk.client.disconnect(talk.now, ReasonCode::disconnect_with_will, 0);
    const auto framed = decode(talk.client.outbox(), Version::v5, Direction::to_server);
    ASSERT_TRUE(framed.has_value());
    EXPECT_EQ(std::get<Disconnect>(*framed).reason, ReasonCode::disconnect_with_will);
    EXPECT_EQ(std::get<Disconnect>(*framed).properties.session_expiry_interval, 0U);
}

}  // namespace
}  // namespace holdfast::mqtt
