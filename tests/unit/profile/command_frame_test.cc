#include "profile/command_frame.h"

#include <gtest/gtest.h>

#include <string>

#include "profile/profile_table.h"

namespace holdfast::profile {
namespace {

using std::chrono::milliseconds;

constexpr WallTime now{milliseconds(1'700'000'000'000)};
const command::CommandId id = command::CommandId::make(now, 1, 2);

command::Request request() {
    command::Request request;
    request.id = id;
    request.attempt = 2;
    request.device = "meter-7";
    request.name = "set-rate";
    request.payload = R"({"hz":2})";
    request.content_type = "application/json";
    request.deadline = now + milliseconds(4001);
    return request;
}

CommandFrame frame(const Profile& profile, const command::Request& request, std::uint8_t version) {
    CommandFrame made;
    const auto result = make_frame(profile, request, version, now, made);
    EXPECT_TRUE(result) << result.error().message();
    return made;
}

TEST(CommandFrame, ForMqtt5) {
    const ProfileTable table;
    const auto made = frame(table.of("meter-7"), request(), 5);
    EXPECT_EQ(made.topic, "holdfast/meter-7/command/" + id.text());
    EXPECT_EQ(made.payload, R"({"id":")" + id.text() + R"(","attempt":2,"command":"set-rate","data":{"hz":2}})");
    EXPECT_EQ(made.properties.response_topic, "holdfast/meter-7/reply/" + id.text() + "/2");
    ASSERT_TRUE(made.properties.correlation_data);
    EXPECT_EQ(as_text(*made.properties.correlation_data), id.text() + "/2");
    EXPECT_EQ(made.properties.message_expiry_interval, 5U) << "rounded up";
    EXPECT_EQ(made.properties.content_type, "application/json");
    EXPECT_EQ(made.properties.user_properties, (mqtt::UserProperties{{"command", "set-rate"}}));
}

TEST(CommandFrame, ForOlderVersionsTheTopicSaysTheAttempt) {
    const ProfileTable table;
    for (const auto version : {std::uint8_t{3}, std::uint8_t{4}}) {
        const auto made = frame(table.of("meter-7"), request(), version);
        EXPECT_EQ(made.topic, "holdfast/meter-7/command/" + id.text() + "/2");
        EXPECT_EQ(made.properties.message_expiry_interval, 5U) << "the channel speaks MQTT 5, whatever the device speaks";
        EXPECT_FALSE(made.properties.response_topic);
        EXPECT_FALSE(made.properties.correlation_data);
    }
}

TEST(CommandFrame, ExpiryIsAtLeastASecondAndFits) {
    const ProfileTable table;
    auto one = request();
    one.deadline = now + milliseconds(1);
    EXPECT_EQ(frame(table.of("meter-7"), one, 5).properties.message_expiry_interval, 1U);
    one.deadline = now + std::chrono::hours(24 * 366 * 200);
    EXPECT_EQ(frame(table.of("meter-7"), one, 5).properties.message_expiry_interval, 0xFFFF'FFFFU);
}

TEST(CommandFrame, AProfilesOwnWords) {
    ProfileText text;
    text.topic = "v1/{device}/{command}";
    text.payload = "{data}";
    text.user_properties = {{"tenant", "a"}};
    text.reply_topic.clear();
    text.answers = false;
    const auto table = ProfileTable::compile({text});
    ASSERT_TRUE(table) << table.error().message();
    auto one = request();
    one.payload = "\x01\x02";
    one.content_type = "application/octet-stream";
    const auto made = frame(table->of("meter-7"), one, 5);
    EXPECT_EQ(made.topic, "v1/meter-7/set-rate");
    EXPECT_EQ(made.payload, one.payload);
    EXPECT_EQ(made.properties.content_type, "application/octet-stream");
    EXPECT_FALSE(made.properties.response_topic);
    EXPECT_EQ(made.properties.user_properties, (mqtt::UserProperties{{"command", "set-rate"}, {"tenant", "a"}}));
}

TEST(CommandFrame, NothingIsLeftOfTheFrameBefore) {
    const ProfileTable table;
    CommandFrame made = frame(table.of("meter-7"), request(), 5);
    ASSERT_TRUE(make_frame(table.of("meter-7"), request(), 4, now, made));
    EXPECT_FALSE(made.properties.response_topic);
    EXPECT_TRUE(made.properties.user_properties.empty());
}

TEST(CommandFrame, WhatCannotBeSaid) {
    const ProfileTable table;
    CommandFrame made;
    auto one = request();
    one.payload = "no json";
    EXPECT_TRUE(make_frame(table.of("x"), one, 5, now, made).error().is(Errc::not_encodable));
    one = request();
    one.device = "a/b";
    EXPECT_TRUE(make_frame(table.of("x"), one, 5, now, made).error().is(Errc::not_encodable));
}

}  // namespace
}  // namespace holdfast::profile
