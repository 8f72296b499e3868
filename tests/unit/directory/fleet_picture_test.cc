#include "directory/fleet_picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace holdfast::directory {
namespace {

constexpr std::string_view meter =
    R"({"items":[{"id":"meter-7","cluster":"east","node":"east-1","session":"a-1","mqtt_version":5,"disabled":false,"tags":["floor-3"]}]})";
constexpr std::string_view lock = R"({"items":[{"id":"lock-1","cluster":"west","disabled":true,"tags":[]}]})";
constexpr std::string_view nodes =
    R"({"clusters":[{"name":"east","nodes":[{"name":"east-1","address":"127.0.0.1","port":1884,"answers":true}]},{"name":"west","nodes":[]}]})";

FleetPicture::Changes take(FleetPicture& picture, std::string_view event, std::string_view data = "{}") {
    auto changes = picture.take(event, data);
    EXPECT_TRUE(changes) << changes.error().message();
    if (!changes) return {};
    std::ranges::sort(changes->devices);
    return *changes;
}

TEST(FleetPicture, ShowsNothingUntilItIsComplete) {
    FleetPicture picture(100);
    picture.begin();
    take(picture, "nodes", nodes);
    take(picture, "devices", meter);
    EXPECT_FALSE(picture.complete());
    EXPECT_FALSE(picture.find("meter-7").known);
    const auto changes = take(picture, "complete");
    EXPECT_TRUE(changes.completed);
    EXPECT_TRUE(changes.nodes);
    EXPECT_EQ(changes.devices, std::vector<std::string>{"meter-7"});
    const command::DevicePlace place = picture.find("meter-7");
    EXPECT_TRUE(place.known);
    EXPECT_TRUE(place.connected());
    EXPECT_EQ(place.cluster, "east");
    EXPECT_EQ(place.node, "east-1");
    EXPECT_EQ(place.mqtt_version, 5);
    EXPECT_EQ(picture.clusters(), (std::vector<std::string>{"east", "west"}));
    ASSERT_EQ(picture.nodes("east").size(), 1u);
    EXPECT_EQ(picture.nodes("east")[0].port, 1884);
    EXPECT_EQ(picture.tagged("floor-3", "", 10), std::vector<std::string>{"meter-7"});
    EXPECT_TRUE(picture.tagged("floor-3", "meter-7", 10).empty());
}

TEST(FleetPicture, TellsEachChangeOnceItIsComplete) {
    FleetPicture picture(100);
    picture.begin();
    take(picture, "devices", meter);
    take(picture, "complete");
    EXPECT_EQ(take(picture, "devices", lock).devices, std::vector<std::string>{"lock-1"});
    EXPECT_TRUE(picture.find("lock-1").disabled);
    EXPECT_FALSE(picture.find("lock-1").connected());
    EXPECT_EQ(take(picture, "devices", R"({"items":[{"id":"meter-7","gone":true}]})").devices,
              std::vector<std::string>{"meter-7"});
    EXPECT_FALSE(picture.find("meter-7").known);
    EXPECT_TRUE(take(picture, "nodes", nodes).nodes);
}

TEST(FleetPicture, KeepsTheLastOneUntilTheNextIsWhole) {
    FleetPicture picture(100);
    picture.begin();
    take(picture, "devices", meter);
    take(picture, "complete");
    picture.begin();
    take(picture, "devices", lock);
    EXPECT_TRUE(picture.find("meter-7").known);
    EXPECT_FALSE(picture.find("lock-1").known);
    // That stream broke as well; what it told is nothing.
    picture.begin();
    EXPECT_TRUE(picture.find("meter-7").known);
    EXPECT_EQ(take(picture, "complete").devices, std::vector<std::string>{"meter-7"});
    EXPECT_FALSE(picture.find("meter-7").known);
    EXPECT_FALSE(picture.find("lock-1").known);
}

TEST(FleetPicture, ASessionOfTheNextProcessIsAnotherOne) {
    FleetPicture picture(100);
    picture.begin();
    take(picture, "devices", meter);
    take(picture, "complete");
    const std::uint64_t before = picture.find("meter-7").session;
    picture.begin();
    take(picture, "devices",
         R"({"items":[{"id":"meter-7","cluster":"east","node":"east-1","session":"b-1","mqtt_version":5}]})");
    EXPECT_EQ(take(picture, "complete").devices, std::vector<std::string>{"meter-7"});
    EXPECT_NE(picture.find("meter-7").session, before);
    // The same again is no change.
    picture.begin();
    take(picture, "devices",
         R"({"items":[{"id":"meter-7","cluster":"east","node":"east-1","session":"b-1","mqtt_version":5}]})");
    EXPECT_TRUE(take(picture, "complete").devices.empty());
}

TEST(FleetPicture, RefusesWhatItCannotReadAndTooMuch) {
    FleetPicture picture(1);
    picture.begin();
    for (const char* const wrong : {"", "[]", "{}", "{\"items\":[1]}", "{\"items\":[{}]}", "{\"items\":1}"})
        EXPECT_FALSE(picture.take("devices", wrong)) << wrong;
    for (const char* const wrong : {"", "{}", "{\"clusters\":[1]}", "{\"clusters\":[{}]}", "{\"clusters\":[{\"nodes\":[1]}]}"})
        EXPECT_FALSE(picture.take("nodes", wrong)) << wrong;
    EXPECT_TRUE(picture.take("something_later", "?"));
    take(picture, "devices", meter);
    const auto many = picture.take("devices", lock);
    ASSERT_FALSE(many);
    EXPECT_TRUE(many.error().is(PictureErrc::too_many));
}

}  // namespace
}  // namespace holdfast::directory
