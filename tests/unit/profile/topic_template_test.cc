#include "profile/topic_template.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "mqtt/topic.h"
#include "mqtt/utf8.h"
#include "profile/device_pattern.h"

namespace holdfast::profile {
namespace {

using command::CommandId;

const CommandId id = CommandId::make(WallTime(std::chrono::milliseconds(1'700'000'000'000)), 7, 42);
const std::string id_text = id.text();

TopicTemplate sound(std::string_view text, TopicTemplate::Tail tail = TopicTemplate::Tail::exact) {
    auto made = TopicTemplate::compile(text, tail);
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
}

std::string rendered(const TopicTemplate& topic, TopicValues values = {"meter-7", id_text, 3, "open"}) {
    std::string out = "left from before";
    const auto made = topic.render(values, out);
    EXPECT_TRUE(made) << made.error().message();
    return out;
}

TEST(TopicTemplate, MakesTopicsAndReadsThemBack) {
    const auto topic = sound("v1/dev-{device}-x/{command}/{id}/{attempt}/do");
    const std::string made = rendered(topic);
    EXPECT_EQ(made, "v1/dev-meter-7-x/open/" + id_text + "/3/do");
    const auto parts = topic.match(made);
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->device, "meter-7");
    EXPECT_EQ(parts->command, "open");
    EXPECT_EQ(parts->id, id);
    EXPECT_EQ(parts->attempt, 3);
    EXPECT_EQ(topic.filter(), "v1/+/+/+/+/do");
}

TEST(TopicTemplate, OtherTopicsAreNotMatched) {
    const auto topic = sound("holdfast/{device}/command/{id}/{attempt}");
    const std::string front = "holdfast/meter-7/command/";
    for (const std::string& other :
         {std::string(), std::string("holdfast"), front, front + id_text, front + id_text + "/", front + id_text + "/0",
          front + id_text + "/03", front + id_text + "/65536", front + id_text + "/1x", front + id_text + "/1/2",
          front + "not-an-id/1", "holdfast//command/" + id_text + "/1", "holdfast/a/b/command/" + id_text + "/1",
          "x/" + front + id_text + "/1"}) {
        EXPECT_FALSE(topic.match(other)) << other;
    }
    EXPECT_FALSE(sound("a/{device}-x/b").match("a/-x/b")) << "a value has at least one byte";
}

TEST(TopicTemplate, ALooseTailTakesAnAttemptOrNoId) {
    const auto topic = sound("holdfast/{device}/reply/{id}", TopicTemplate::Tail::loose);
    EXPECT_EQ(topic.filter(), "holdfast/+/reply/#");
    const std::string made = rendered(topic);
    EXPECT_EQ(made, "holdfast/meter-7/reply/" + id_text + "/3");
    ASSERT_TRUE(topic.match(made));
    EXPECT_EQ(topic.match(made)->attempt, 3);
    const auto without_attempt = topic.match("holdfast/meter-7/reply/" + id_text);
    ASSERT_TRUE(without_attempt);
    EXPECT_EQ(without_attempt->id, id);
    EXPECT_EQ(without_attempt->attempt, 0);
    const auto without_id = topic.match("holdfast/meter-7/reply");
    ASSERT_TRUE(without_id);
    EXPECT_EQ(without_id->device, "meter-7");
    EXPECT_FALSE(without_id->id);
    EXPECT_FALSE(topic.match("holdfast/meter-7/reply/"));
    EXPECT_FALSE(topic.match("holdfast/meter-7/repl"));
    EXPECT_FALSE(topic.match("holdfast/meter-7/reply/" + id_text + "/x"));
    EXPECT_EQ(sound("a/{device}/ack", TopicTemplate::Tail::loose).filter(), "a/+/ack");
}

TEST(TopicTemplate, ValuesThatWouldBreakATopicAreRefused) {
    const auto topic = sound("{device}/{command}");
    std::string out;
    for (const std::string_view bad :
         {std::string_view(), std::string_view("a/b"), std::string_view("a+"), std::string_view("#"),
          std::string_view("a\0b", 3), std::string_view("\xFF"), std::string_view("$SYS")}) {
        const auto made = topic.render({.device = bad, .command = "c"}, out);
        ASSERT_FALSE(made) << bad;
        EXPECT_TRUE(made.error().is(Errc::not_encodable));
    }
    EXPECT_EQ(topic.render({.device = "a/b", .command = "c"}, out).error().message(),
              "the device's id cannot stand in a topic, because it holds '/'");
    EXPECT_FALSE(topic.render({.device = "a", .command = "open/close"}, out));
    EXPECT_FALSE(topic.render({.device = std::string(65'534, 'a'), .command = "cc"}, out));
}

TEST(TopicTemplate, SaysWhatIsWrongWithATemplate) {
    const auto why = [](std::string_view text) {
        const auto made = TopicTemplate::compile(text);
        return made ? std::string("nothing") : made.error().message();
    };
    EXPECT_EQ(why("a/{dev}/b"),
              R"(the topic "a/{dev}/b" holds a brace that is none of {device}, {id}, {attempt} and {command})");
    EXPECT_EQ(why("{id}/{id}"), R"(the topic "{id}/{id}" holds {id} twice)");
    EXPECT_EQ(why("a/{device}{id}"),
              R"(the topic "a/{device}{id}" has two placeholders in one level; put a slash between them)");
    EXPECT_EQ(why("a/{device}-{id}"),
              R"(the topic "a/{device}-{id}" has two placeholders in one level; put a slash between them)");
    EXPECT_EQ(why("a/{data}"), R"(the topic "a/{data}" holds {data}, which only payloads may)");
    EXPECT_EQ(why(""), R"(the topic "" is empty)");
    EXPECT_NE(why("a/+/{id}"), "nothing");
    EXPECT_NE(why("a/#"), "nothing");
    EXPECT_EQ(why("$aws/things/{device}/cmd"), "nothing");
    EXPECT_EQ(why("/{device}/"), "nothing");
}

// Whatever a template makes, it reads back, and its filter fits.
TEST(TopicTemplate, WhatItMakesItReadsBack) {
    EXPECT_TRUE(rc::check([] {
        const auto text =
            *rc::gen::element<std::string>("{device}/{id}", "a{device}b/c{command}/{attempt}", "/{command}/{device}x",
                                           "h/{device}/reply/{id}", "{attempt}/x/{id}/{device}");
        const auto tail = *rc::gen::element(TopicTemplate::Tail::exact, TopicTemplate::Tail::loose);
        const auto topic = TopicTemplate::compile(text, tail);
        RC_ASSERT(topic.has_value());
        const auto device = *rc::gen::nonEmpty<std::string>();
        const auto attempt = *rc::gen::inRange<std::uint16_t>(1, 65'535);
        std::string made;
        const bool can = topic->render({device, id_text, attempt, "name"}, made).has_value();
        const bool harmless = device.find_first_of(std::string_view("/+#\0", 4)) == std::string::npos &&
                              mqtt::is_mqtt_text(as_bytes(device)) && (device[0] != '$' || !text.starts_with("{device}"));
        RC_ASSERT(can == harmless || (!topic->holds(Placeholder::device) && can));
        if (!can) return;
        RC_ASSERT(mqtt::is_topic_name(made));
        RC_ASSERT(mqtt::topic_matches(topic->filter(), made));
        const auto parts = topic->match(made);
        RC_ASSERT(parts.has_value());
        if (topic->holds(Placeholder::device)) RC_ASSERT(parts->device == device);
        if (topic->holds(Placeholder::id)) RC_ASSERT(parts->id == id);
        if (topic->holds(Placeholder::attempt)) RC_ASSERT(parts->attempt == attempt);
    }));
}

TEST(DevicePattern, StarsAndQuestionMarks) {
    EXPECT_TRUE(fits_pattern("meter-*", "meter-7"));
    EXPECT_TRUE(fits_pattern("meter-*", "meter-"));
    EXPECT_FALSE(fits_pattern("meter-*", "metre-7"));
    EXPECT_TRUE(fits_pattern("*", ""));
    EXPECT_FALSE(fits_pattern("", "a"));
    EXPECT_TRUE(fits_pattern("*-a-*-b", "x-a-y-a-z-b"));
    EXPECT_FALSE(fits_pattern("*-a-*-b", "x-a-y-a-z-bc"));
    EXPECT_TRUE(fits_pattern("m?", "mx"));
    EXPECT_FALSE(fits_pattern("m?", "m"));
    EXPECT_FALSE(fits_pattern("a*a*a*a*a*a*a*a*b", std::string(10'000, 'a')));
}

}  // namespace
}  // namespace holdfast::profile
