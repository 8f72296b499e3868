#include "profile/reply_reading.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "command/command.h"
#include "mqtt/codec.h"
#include "mqtt/publish_view.h"
#include "profile/correlation.h"

namespace holdfast::profile {
namespace {

using command::CommandId;
using command::Delivered;
using command::Replied;
using Verdict = command::Replied::Verdict;

const CommandId id = CommandId::make(WallTime(std::chrono::milliseconds(1'700'000'000'000)), 1, 2);
const CommandId other_id = CommandId::make(WallTime(std::chrono::milliseconds(1'700'000'000'001)), 1, 2);

ReplyRules sound(const ReplyText& text = {}) {
    auto made = ReplyRules::compile(text);
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
}

ReplyReading reading(const ReplyRules& rules, std::string_view payload, std::optional<CommandId> topic_id = id) {
    const auto read = rules.read({.topic = {.id = topic_id}, .payload = as_bytes(payload)});
    EXPECT_TRUE(read) << to_string(read.error());
    return *read;
}

Replied word(std::string_view payload) {
    const auto read = reading(sound(), payload);
    EXPECT_TRUE(std::holds_alternative<Replied>(read.what)) << payload;
    return std::get<Replied>(read.what);
}

/// Reads a reply with properties.
std::expected<ReplyReading, ReplyFault> with_properties(const mqtt::PublishProperties& properties, std::string_view payload,
                                                        std::optional<CommandId> topic_id = {}) {
    mqtt::Publish publish;
    publish.topic = "t";
    publish.properties = properties;
    ByteBuffer bytes;
    EXPECT_TRUE(mqtt::encode(publish, mqtt::Version::v5, bytes));
    const auto view = mqtt::parse_publish(bytes, mqtt::Version::v5);
    EXPECT_TRUE(view);
    return sound().read({.topic = {.id = topic_id}, .payload = as_bytes(payload), .properties = view->properties});
}

TEST(ReplyReading, EachStatusWord) {
    EXPECT_EQ(word(R"({"status":"succeeded"})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":"OK"})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":"done","x":1})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":200})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":true})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":"failed"})").verdict, Verdict::failed);
    EXPECT_EQ(word(R"({"status":"Error"})").verdict, Verdict::failed);
    EXPECT_EQ(word(R"({"status":false})").verdict, Verdict::failed);
    EXPECT_EQ(word(R"({"status":"rejected"})").verdict, Verdict::rejected);
    EXPECT_EQ(word(R"({"status":"refused"})").verdict, Verdict::rejected);
    for (const std::string_view having : {"received", "accepted", "in_progress"}) {
        const auto read = reading(sound(), R"({"status":")" + std::string(having) + "\"}");
        ASSERT_TRUE(std::holds_alternative<Delivered>(read.what)) << having;
        EXPECT_TRUE(std::get<Delivered>(read.what).by_device);
    }
}

TEST(ReplyReading, WithoutAStatusItHasSucceeded) {
    EXPECT_EQ(word("").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"hz":2})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":null})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(R"({"status":{"code":1}})").verdict, Verdict::succeeded);
    EXPECT_EQ(word(std::string("\x00\x01", 2)).verdict, Verdict::succeeded);
    EXPECT_EQ(word("opened the valve, and all failed to leak").verdict, Verdict::succeeded);
}

TEST(ReplyReading, ABareWordIsAStatus) {
    EXPECT_EQ(word("failed").verdict, Verdict::failed);
    EXPECT_EQ(word(" refused\n").verdict, Verdict::rejected);
    EXPECT_EQ(word("42").verdict, Verdict::succeeded);
    EXPECT_TRUE(std::holds_alternative<Delivered>(reading(sound(), "received").what));
}

TEST(ReplyReading, AnUnknownStatusIsAFailureThatSaysSo) {
    const auto replied = word(R"({"status":"melted"})");
    EXPECT_EQ(replied.verdict, Verdict::failed);
    EXPECT_EQ(replied.detail, R"(the device answered with a status that its profile does not know: "melted")");
}

TEST(ReplyReading, TheResultIsTheWholePayloadOrAPointer) {
    const auto whole = word(R"({"status":"ok","data":{"hz":2}})");
    EXPECT_EQ(whole.result, R"({"status":"ok","data":{"hz":2}})");
    EXPECT_EQ(whole.content_type, "application/json");
    const auto rules = sound({.result = "/data"});
    const auto part = std::get<Replied>(reading(rules, R"({"status":"ok","data":{"hz":2}})").what);
    EXPECT_EQ(part.result, R"({"hz":2})");
    EXPECT_EQ(std::get<Replied>(reading(rules, "bytes").what).result, "bytes");
    EXPECT_EQ(word("bytes").content_type, "");
}

TEST(ReplyReading, TheDetailIsTheDevicesOwnSentence) {
    EXPECT_EQ(word(R"({"status":"failed","message":"the valve is stuck"})").detail, "the valve is stuck");
    EXPECT_EQ(word(R"({"status":"failed","message":{"code":7}})").detail, R"({"code":7})");
    EXPECT_EQ(word(R"({"status":"ok","message":"fine"})").detail, "");
    const std::string long_text(command::max_detail_length - 1, 'x');
    const auto cut = word(R"({"status":"failed","message":")" + long_text + "\xC3\xA9\"}");
    EXPECT_EQ(cut.detail, long_text) << "no half of a character";
}

TEST(ReplyReading, ALongResultIsCutAndSaysSo) {
    const auto replied = word(std::string(command::max_result_size + 5, 'x'));
    EXPECT_EQ(replied.result.size(), command::max_result_size);
    EXPECT_TRUE(replied.cut);
    EXPECT_FALSE(word(std::string(command::max_result_size, 'x')).cut);
    EXPECT_EQ(sound().read({.topic = {.id = id}, .payload = ByteBuffer(max_reply_size + 1)}).error(), ReplyFault::too_large);
}

TEST(ReplyReading, FindsTheIdInThePayload) {
    const std::string json = R"({"id":")" + id.text() + R"(","attempt":4})";
    const auto read = reading(sound(), json, std::nullopt);
    EXPECT_EQ(read.id, id);
    EXPECT_EQ(read.attempt, 4);
    EXPECT_EQ(reading(sound(), json, other_id).id, other_id) << "the topic comes first";
    EXPECT_EQ(sound().read({.payload = as_bytes("{}")}).error(), ReplyFault::no_id);
    EXPECT_EQ(sound().read({.payload = as_bytes(R"({"id":7})")}).error(), ReplyFault::no_id);
}

TEST(ReplyReading, FindsPartsByThePattern) {
    const auto rules = sound({.pattern = R"(^R;(?P<id>[0-9a-z]{26});(?P<attempt>\d+);(?P<status>\w+);(?P<detail>.*)$)"});
    const auto read = reading(rules, "R;" + id.text() + ";12;error;no power", std::nullopt);
    EXPECT_EQ(read.id, id);
    EXPECT_EQ(read.attempt, 12);
    EXPECT_EQ(std::get<Replied>(read.what).verdict, Verdict::failed);
    EXPECT_EQ(std::get<Replied>(read.what).detail, "no power");
    EXPECT_EQ(rules.read({.payload = as_bytes("something else")}).error(), ReplyFault::no_id);
}

TEST(ReplyReading, UsesThePropertiesOfMqtt5) {
    mqtt::PublishProperties properties;
    const std::string correlation = correlation_text({id, 9});
    properties.correlation_data = ByteBuffer(correlation.begin(), correlation.end());
    properties.content_type = "text/plain";
    properties.user_properties = {{"x", "y"}, {"status", "rejected"}};
    const auto read = with_properties(properties, "never");
    ASSERT_TRUE(read);
    EXPECT_EQ(read->id, id);
    EXPECT_EQ(read->attempt, 9);
    EXPECT_EQ(std::get<Replied>(read->what).verdict, Verdict::rejected);
    EXPECT_EQ(std::get<Replied>(read->what).content_type, "text/plain");
    const auto about_another = with_properties(properties, "", other_id);
    ASSERT_TRUE(about_another);
    EXPECT_EQ(about_another->id, other_id);
    EXPECT_EQ(about_another->attempt, 0) << "the correlation is about something else";
}

TEST(ReplyReading, Correlations) {
    EXPECT_EQ(correlation_from(as_bytes(correlation_text({id, 65'535}))), (Correlation{id, 65'535}));
    EXPECT_EQ(correlation_from(as_bytes(id.text())), (Correlation{id, 0}));
    for (const std::string& bad : {std::string(), std::string("x"), id.text() + "/", id.text() + "/0", id.text() + "/65536",
                                   id.text() + "/1 ", id.text() + "x1", id.text() + "-1"}) {
        EXPECT_FALSE(correlation_from(as_bytes(bad))) << bad;
    }
}

TEST(ReplyReading, DeepJsonIsNotFollowed) {
    const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
    EXPECT_EQ(word(deep).verdict, Verdict::succeeded);
    EXPECT_EQ(word(deep).content_type, "");
}

TEST(ReplyReading, SaysWhatIsWrongWithTheRules) {
    const auto why = [](const ReplyText& text) {
        const auto made = ReplyRules::compile(text);
        return made ? std::string("nothing") : made.error().message();
    };
    EXPECT_EQ(why({.status = "status"}),
              R"(reply.status: "status" is no JSON pointer: it must begin with '/', like "/status")");
    EXPECT_EQ(why({.id = "/a~2"}), R"(reply.id: "/a~2" is no JSON pointer: '~' is written ~0, and '/' in a name ~1)");
    EXPECT_EQ(why({.pattern = "("}), "reply.pattern: missing ): (");
    EXPECT_EQ(why({.pattern = "(?P<what>.)"}),
              "reply.pattern: there is no use for a group named 'what'; known are id, attempt, status, result, detail");
    EXPECT_EQ(why({.pattern = "x"}), "reply.pattern: it needs a named group, such as (?P<id>[0-9a-z]{26})");
    EXPECT_EQ(why({.id = "", .attempt = "", .status = "", .detail = ""}), "nothing");
}

}  // namespace
}  // namespace holdfast::profile
