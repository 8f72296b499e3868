// Devices of the fleet machine: operators' words about them, and the records that come of it.

#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "fleet_scene.h"

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

class FleetDevices : public ::testing::Test {
protected:
    FleetDevices() {
        scene.cluster("east", 2);
        scene.cluster("west", 2);
        scene.obey();
        scene.changes().clear();
    }
    [[nodiscard]] DeviceRecord last_record() {
        scene.obey();
        for (auto change = scene.changes().rbegin(); change != scene.changes().rend(); ++change)
            if (const auto* record = std::get_if<DeviceRecord>(&*change)) return *record;
        return {};
    }

    FleetScene scene;
};

TEST_F(FleetDevices, AreEnrolledByTheirFirstConnect) {
    scene.connect("meter-7");
    const DeviceRecord record = last_record();
    EXPECT_EQ(record.id, "meter-7");
    EXPECT_TRUE(record.home == "east" || record.home == "west");
    EXPECT_EQ(record.sticky_node, scene.where("meter-7"));
    EXPECT_EQ(record.enrolled_at, WallTime(seconds(1'800'000'000)));
    EXPECT_EQ(record.connected_last, record.enrolled_at);
    EXPECT_TRUE(scene.told("meter-7 was enrolled, at home in " + record.home));
    EXPECT_EQ(scene.fleet().counts().enrolled, 1U);
}

TEST_F(FleetDevices, AKnownDeviceThatReconnectsIsNotWrittenAgain) {
    for (int i = 0; i < 5; ++i)
        scene.close(*scene.connect("meter-7"));
    scene.obey();
    EXPECT_EQ(scene.changes().size(), 1U);
    EXPECT_FALSE(scene.fleet().take_effects().snapshot_changed);
    scene.pass(std::chrono::minutes(6));
    scene.connect("meter-7");
    scene.obey();
    EXPECT_EQ(scene.changes().size(), 2U) << "now and then its last connection is";
}

TEST_F(FleetDevices, AnonymousConnectionsAreNeverStored) {
    for (int i = 0; i < 20; ++i)
        ASSERT_TRUE(scene.connect(""));
    scene.obey();
    EXPECT_TRUE(scene.changes().empty());
    EXPECT_EQ(scene.fleet().devices().size(), 0U);
    EXPECT_EQ(scene.fleet().counts().anonymous, 20U);
    EXPECT_FALSE(scene.fleet().create_device({.id = ""}, scene.moment()));
}

TEST_F(FleetDevices, AMoveEndsTheConnectionAndTheDeviceLandsThere) {
    scene.connect("meter-7");
    const std::string from = scene.where("meter-7").substr(0, 4);
    const std::string to = from == "east" ? "west" : "east";
    scene.obey();
    ASSERT_TRUE(scene.fleet().move_device("meter-7", to, scene.moment()));
    const auto orders = scene.obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].cause, EndCause::moved);
    EXPECT_EQ(last_record().explicit_cluster, to);
    EXPECT_EQ(last_record().home, from);
    EXPECT_TRUE(scene.told("meter-7 was moved to " + to + " by an operator"));
    scene.connect("meter-7");
    EXPECT_EQ(scene.where("meter-7").substr(0, 4), to);
    ASSERT_TRUE(scene.fleet().move_device("meter-7", to, scene.moment()));
    EXPECT_TRUE(scene.obey().empty()) << "it is there already";
    ASSERT_TRUE(scene.fleet().release_device("meter-7", scene.moment()));
    EXPECT_EQ(scene.obey().size(), 1U);
    scene.connect("meter-7");
    EXPECT_EQ(scene.where("meter-7").substr(0, 4), from);
}

TEST_F(FleetDevices, WrongNamesGetASentence) {
    scene.connect("meter-7");
    EXPECT_EQ(scene.fleet().move_device("meter-7", "wset", scene.moment()).error().message(),
              "no cluster or node named \"wset\"; did you mean \"west\"?");
    EXPECT_EQ(scene.fleet().move_device("meter-8", "west", scene.moment()).error().message(),
              "no device with the id \"meter-8\"; it is enrolled at its first CONNECT, or create it");
    EXPECT_TRUE(scene.fleet().release_device("x", scene.moment()).error().is(FleetErrc::unknown_device));
    EXPECT_TRUE(scene.fleet().remove_device("x", scene.moment()).error().is(FleetErrc::unknown_device));
    EXPECT_TRUE(scene.fleet().patch_device("x", {}, scene.moment()).error().is(FleetErrc::unknown_device));
    EXPECT_FALSE(scene.fleet().device("x"));
}

TEST_F(FleetDevices, AreCreatedWithAllTheirParts) {
    ASSERT_TRUE(scene.fleet().create_device(
        {.id = "a", .home = "east", .explicit_node = "west-2", .disabled = true, .tags = {"b", "a", "b"}, .note = "roof"},
        scene.moment()));
    const DeviceRecord record = last_record();
    EXPECT_EQ(record.explicit_cluster, "west");
    EXPECT_EQ(record.explicit_node, "west-2");
    EXPECT_EQ(record.tags, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(record.note, "roof");
    EXPECT_TRUE(record.disabled);
    EXPECT_FALSE(scene.connect("a"));
    EXPECT_EQ(scene.fleet().refused_for(RefuseReason::disabled_device), 1U);
    EXPECT_TRUE(scene.fleet().create_device({.id = "a"}, scene.moment()).error().is(FleetErrc::already_exists));
    EXPECT_TRUE(scene.fleet().create_device({.id = "b", .home = "x"}, scene.moment()).error().is(FleetErrc::unknown_cluster));
    EXPECT_TRUE(scene.fleet()
                    .create_device({.id = "b", .explicit_cluster = "east", .explicit_node = "west-1"}, scene.moment())
                    .error()
                    .is(FleetErrc::conflict));
    EXPECT_TRUE(scene.fleet().create_device({.id = "b", .tags = {"a b"}}, scene.moment()).error().is(FleetErrc::invalid));
    EXPECT_TRUE(
        scene.fleet().create_device({.id = "b", .note = std::string(513, 'x')}, scene.moment()).error().is(FleetErrc::invalid));
    EXPECT_EQ(scene.fleet().devices().size(), 1U);
}

TEST_F(FleetDevices, PatchesChangeOnlyWhatTheySay) {
    scene.connect("a");
    ASSERT_TRUE(scene.fleet().patch_device("a", {.tags = std::vector<std::string>{"blue"}}, scene.moment()));
    ASSERT_TRUE(scene.fleet().patch_device("a", {.note = "roof"}, scene.moment()));
    EXPECT_EQ(last_record().tags, std::vector<std::string>{"blue"});
    EXPECT_EQ(last_record().note, "roof");
    EXPECT_TRUE(scene.obey().empty());
    const std::size_t written = scene.changes().size();
    ASSERT_TRUE(scene.fleet().patch_device("a", {.note = "roof"}, scene.moment()));
    scene.obey();
    EXPECT_EQ(scene.changes().size(), written) << "nothing differs, nothing is written";
    ASSERT_TRUE(scene.fleet().patch_device("a", {.disabled = true}, scene.moment()));
    const auto orders = scene.obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].cause, EndCause::device_disabled);
    EXPECT_EQ(last_record().tags, std::vector<std::string>{"blue"});
}

TEST_F(FleetDevices, ANewHomeMovesTheDevice) {
    scene.connect("a");
    const std::string to = scene.where("a").substr(0, 4) == "east" ? "west" : "east";
    ASSERT_TRUE(scene.fleet().patch_device("a", {.home = to}, scene.moment()));
    EXPECT_EQ(scene.obey().size(), 1U);
    scene.connect("a");
    EXPECT_EQ(scene.where("a").substr(0, 4), to);
}

TEST_F(FleetDevices, ARemovedDeviceIsDisconnectedAndMayEnrolAnew) {
    scene.connect("a");
    ASSERT_TRUE(scene.fleet().remove_device("a", scene.moment()));
    const auto orders = scene.obey();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(orders[0].cause, EndCause::device_removed);
    EXPECT_TRUE(std::holds_alternative<DeviceErased>(scene.changes().back()));
    EXPECT_EQ(scene.fleet().devices_of(scene.cluster_index("east")) + scene.fleet().devices_of(scene.cluster_index("west")),
              0U);
    scene.connect("a");
    EXPECT_EQ(scene.fleet().devices().size(), 1U);
}

TEST_F(FleetDevices, StatusTellsWhereItIsOrWouldGo) {
    scene.connect("a");
    const auto connected = scene.fleet().device("a");
    ASSERT_TRUE(connected);
    EXPECT_TRUE(connected->connected);
    EXPECT_EQ(connected->node, scene.where("a"));
    EXPECT_EQ(connected->route, RouteKind::hash);
    EXPECT_EQ(connected->connection->source.substr(0, 10), "127.0.0.9:");
    const std::string node = connected->node;
    scene.close(connected->connection->connection);
    const auto away = scene.fleet().device("a");
    EXPECT_FALSE(away->connected);
    EXPECT_EQ(away->node, node);
    EXPECT_EQ(away->route, RouteKind::sticky);
    ASSERT_TRUE(scene.fleet().patch_device("a", {.disabled = true}, scene.moment()));
    EXPECT_FALSE(scene.fleet().device("a")->route);
    scene.obey();
}

TEST_F(FleetDevices, HistoryExplainsTheLastConnects) {
    scene.connect("a");
    const auto past = scene.fleet().history().of_device("a");
    ASSERT_EQ(past.size(), 1U);
    const auto sentences = render(past[0].steps, scene.fleet().topology());
    EXPECT_EQ(sentences.front(), "identified by its client id");
    EXPECT_EQ(sentences.back(), "chose " + scene.where("a") + ": the hash of the device ranks it first");
}

TEST(FleetImageTest, WhatIsStoredComesBack) {
    FleetScene one;
    one.cluster("east", 2);
    one.cluster("west", 2);
    for (int i = 0; i < 100; ++i)
        one.connect(fmt::format("d{}", i));
    ASSERT_TRUE(one.fleet().move_device("d1", "west-2", one.moment()));
    ASSERT_TRUE(
        one.fleet().patch_device("d2", {.disabled = true, .tags = std::vector<std::string>{"t"}, .note = "n"}, one.moment()));
    ASSERT_TRUE(one.fleet().remove_device("d3", one.moment()));
    ASSERT_TRUE(one.fleet().drain("east-1", 0, false, one.moment()));
    ASSERT_TRUE(one.list("west", 2, 1));
    one.run(seconds(1));
    // Storage: the last value of each record, in an order of its own.
    std::map<std::string, ClusterRecord> clusters;
    std::map<std::string, NodeRecord> nodes;
    std::map<std::string, DeviceRecord> devices;
    for (const Change& change : one.changes()) {
        if (const auto* c = std::get_if<ClusterRecord>(&change)) clusters[c->name] = *c;
        if (const auto* n = std::get_if<NodeRecord>(&change)) nodes[n->name] = *n;
        if (const auto* d = std::get_if<DeviceRecord>(&change)) devices[d->id] = *d;
        if (const auto* d = std::get_if<DeviceErased>(&change)) devices.erase(d->id);
    }
    FleetImage image;
    for (auto& [name, record] : clusters)
        image.clusters.push_back(record);
    for (auto node = nodes.rbegin(); node != nodes.rend(); ++node)
        image.nodes.push_back(node->second);
    for (auto& [id, record] : devices)
        image.devices.push_back(record);
    FleetScene two({}, {}, image);
    EXPECT_EQ(two.fleet().devices().size(), 99U);
    for (const auto& [id, record] : devices)
        EXPECT_EQ(two.fleet().record_of(*two.fleet().devices().find(id)), record);
    EXPECT_EQ(two.fleet().topology().node(two.node("east-1")).state(), NodeState::draining);
    EXPECT_EQ(two.fleet().topology().node(two.node("west-1")).state(), NodeState::left);
    EXPECT_EQ(two.fleet().topology().node(two.node("east-2")).state(), NodeState::suspect);
    EXPECT_EQ(two.fleet().devices_of(two.cluster_index("west")), one.fleet().devices_of(one.cluster_index("west")));
    EXPECT_TRUE(two.fleet().take_effects().changes.empty()) << "loading writes nothing";
    for (const char* name : {"east-1", "east-2", "west-2"})
        two.probe(two.node(name), true);
    EXPECT_EQ(two.first("d1"), "west-2");
}

TEST(FleetImageTest, ContradictionsAreDroppedAndTold) {
    FleetImage image;
    image.clusters = {{.name = "east"}, {.name = "east"}, {.name = "a b"}};
    image.nodes = {{.cluster = "east", .name = "n1", .host = "h"},
                   {.cluster = "west", .name = "n2", .host = "h"},
                   {.cluster = "east", .name = "n1", .host = "h"}};
    image.devices = {{.id = "", .home = "east"}, {.id = "a", .home = "gone", .sticky_node = "gone-1"}, {.id = "a"}};
    FleetScene scene({}, {}, image);
    EXPECT_EQ(scene.fleet().devices().size(), 1U);
    EXPECT_FALSE(scene.fleet().devices().find("a")->home.valid());
    scene.obey();
    EXPECT_TRUE(scene.told("a stored cluster \"a b\" was dropped"));
    EXPECT_TRUE(scene.told("a stored node \"n2\" was dropped"));
    EXPECT_TRUE(scene.told("2 stored devices were dropped"));
}

}  // namespace
}  // namespace holdfast::fleet
