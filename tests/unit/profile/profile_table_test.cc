#include "profile/profile_table.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::profile {
namespace {

using command::CommandId;

const CommandId id = CommandId::make(WallTime(std::chrono::milliseconds(1'700'000'000'000)), 1, 2);

ProfileTable sound(const std::vector<ProfileText>& texts) {
    auto made = ProfileTable::compile(texts);
    EXPECT_TRUE(made) << made.error().message();
    return std::move(*made);
}

ProfileText lockers() {
    ProfileText text;
    text.name = "lockers";
    text.devices = {"locker-*", "box-?"};
    text.topic = text.topic_v3 = "v1/{device}/rpc/{id}";
    text.reply_topic = "v1/{device}/rpc-done/{id}";
    return text;
}

ProfileText sirens() {
    ProfileText text;
    text.name = "sirens";
    text.devices = {"siren-*"};
    text.reply_topic.clear();
    text.answers = false;
    return text;
}

TEST(ProfileTable, TheFirstThatFitsAndElseTheDefault) {
    const auto table = sound({lockers(), sirens()});
    EXPECT_EQ(table.of("locker-1").name(), "lockers");
    EXPECT_EQ(table.of("box-1").name(), "lockers");
    EXPECT_EQ(table.of("box-12").name(), "default");
    EXPECT_EQ(table.of("siren-x").name(), "sirens");
    EXPECT_FALSE(table.of("siren-x").answers());
    EXPECT_EQ(table.reply_filters(), (std::vector<std::string>{"v1/+/rpc-done/#", "holdfast/+/reply/#"}));
    EXPECT_EQ(ProfileTable().of("anything").name(), "default");
    EXPECT_EQ(sound({}).profiles().size(), 1U);
}

TEST(ProfileTable, ACommandsTopicIsKnownAgain) {
    const auto table = sound({lockers()});
    const auto parts = table.command_topic("locker-1", 5, "v1/locker-1/rpc/" + id.text());
    ASSERT_TRUE(parts);
    EXPECT_EQ(parts->id, id);
    EXPECT_FALSE(table.command_topic("locker-1", 5, "v1/locker-2/rpc/" + id.text())) << "another device's";
    EXPECT_FALSE(table.command_topic("meter-1", 5, "v1/meter-1/rpc/" + id.text())) << "another profile's";
    EXPECT_TRUE(table.command_topic("meter-1", 5, "holdfast/meter-1/command/" + id.text()));
    const auto with_attempt = table.command_topic("meter-1", 4, "holdfast/meter-1/command/" + id.text() + "/2");
    ASSERT_TRUE(with_attempt);
    EXPECT_EQ(with_attempt->attempt, 2);
    EXPECT_FALSE(table.command_topic("meter-1", 4, "meter-1/telemetry"));
}

TEST(ProfileTable, ADeviceAnswersOnItsProfilesTopicOnly) {
    const auto table = sound({lockers()});
    const std::string topic = "v1/locker-1/rpc-done/" + id.text();
    const auto reply = table.read_reply(topic, as_bytes("{}"), {});
    ASSERT_TRUE(reply);
    EXPECT_EQ(reply->device, "locker-1");
    EXPECT_EQ(reply->reading.id, id);
    EXPECT_EQ(table.read_reply("holdfast/locker-1/reply/" + id.text(), {}, {}).error(), ReplyFault::other_topic);
    EXPECT_EQ(table.read_reply("v1/meter-1/rpc-done/" + id.text(), {}, {}).error(), ReplyFault::other_topic);
    EXPECT_EQ(table.read_reply("holdfast/meter-1/reply", as_bytes("{}"), {}).error(), ReplyFault::no_id);
}

TEST(ProfileTable, ProfilesMayShareATopicAndReadItDifferently) {
    auto failing = lockers();
    failing.reply_topic = ProfileText{}.reply_topic;
    failing.reply.failed.emplace_back("jammed");
    failing.reply.detail = "/why";
    const auto table = sound({failing});
    const auto text = as_bytes(R"({"status":"jammed","why":"rust","message":"other"})");
    const auto detail = [&](const std::string& device) {
        const auto reply = table.read_reply("holdfast/" + device + "/reply/" + id.text(), text, {});
        EXPECT_TRUE(reply);
        return std::get<command::Replied>(reply->reading.what).detail;
    };
    EXPECT_EQ(detail("locker-1"), "rust");
    EXPECT_EQ(detail("meter-1"), "other");
    EXPECT_EQ(table.reply_filters().size(), 1U);
}

TEST(ProfileTable, OfDevicesThatNeverAnswerDeliveryIsTheLastWord) {
    auto told = sirens();
    told.reply_topic = "siren/{device}/got/{id}";
    const auto table = sound({told});
    const auto has_it = as_bytes("received");
    const auto last_word = [&](const std::string& topic) {
        const auto reply = table.read_reply(topic, has_it, {});
        EXPECT_TRUE(reply);
        return std::get<command::Delivered>(reply->reading.what).last_word;
    };
    EXPECT_TRUE(last_word("siren/siren-1/got/" + id.text()));
    EXPECT_FALSE(last_word("holdfast/meter-1/reply/" + id.text()));
}

TEST(ProfileTable, SaysWhichProfileIsWrong) {
    const auto why = [](const std::vector<ProfileText>& texts) {
        const auto made = ProfileTable::compile(texts);
        return made ? std::string("nothing") : made.error().message();
    };
    auto shared = lockers();
    shared.topic = "v1/all/{id}";
    EXPECT_EQ(why({shared}),
              R"(profile lockers: the topic "v1/all/{id}" needs {device}, or all devices would get each other's commands)");
    auto mute = sirens();
    mute.answers = true;
    EXPECT_EQ(why({mute}), "profile sirens: reply_topic: needed, as these devices answer");
    EXPECT_EQ(why({lockers(), lockers()}), "profile lockers: there are two of this name");
    auto broken = lockers();
    broken.payload = "{";
    EXPECT_TRUE(why({broken}).starts_with("profile lockers: the payload template")) << why({broken});
    EXPECT_NE(why(std::vector<ProfileText>(max_profiles + 1)), "nothing");
}

}  // namespace
}  // namespace holdfast::profile
