#include "control/fleet_control.h"

#include <gtest/gtest.h>

#include <optional>

#include "admin_stage.h"
#include "control/fleet_image.h"

namespace holdfast::control {
namespace {

using test::ObedientStore;
using test::ScriptedGateway;

/// Control without a thread: the test turns the wheel.
class FleetControlTest : public ::testing::Test {
protected:
    FleetControlTest() {
        control.attach(gateway);
        control.on_topology([this](const fleet::Topology& topology) { topologies.push_back(topology.nodes.size()); });
        control.on_probe_wanted([this](std::span<const fleet::NodeIndex> nodes) { probes += nodes.size(); });
    }

    std::unique_ptr<fleet::Fleet> make_fleet() {
        return std::make_unique<fleet::Fleet>(fleet::FleetImage{}, fleet::Policy{}, fleet::FleetOptions{},
                                              Moment{clock.now(), clock.wall()});
    }
    void add_nodes() {
        control.apply([](fleet::Fleet& fleet, Moment moment) {
            ASSERT_TRUE(fleet.declare_cluster({.name = "east"}, moment));
            for (const char* const name : {"east-1", "east-2"}) {
                const auto node = fleet.put_node(
                    "east", "api", {.name = name, .host = "127.0.0.1", .address = "127.0.0.1", .port = 1}, moment);
                ASSERT_TRUE(node);
                fleet.probe_result(*node, true, {}, moment);
            }
        });
    }
    fleet::Fact opened(std::string_view device, std::string_view node, std::uint64_t sequence) {
        return test::opened(control.fleet(), device, node, sequence, clock.wall(), clock.now());
    }
    static FleetControl::ChangeFn declare(std::string name) {
        return [name](fleet::Fleet& fleet, Moment moment) -> Result<void> {
            const auto done = fleet.declare_cluster({.name = name}, moment);
            if (!done) return std::unexpected(done.error());
            return {};
        };
    }
    /// Runs handlers until `done`; a test that hangs here is ended from outside.
    template <class Done>
    void run_until(Done done) {
        while (!done()) {
            io.restart();
            io.run_one_for(std::chrono::seconds(10));
        }
    }

    runtime::SystemClock clock;
    boost::asio::io_context io{1};
    ObedientStore store;
    ScriptedGateway gateway;
    std::vector<std::size_t> topologies;
    std::size_t probes = 0;
    ControlOptions options{.collect_interval = std::chrono::milliseconds(1), .durable_wait = std::chrono::milliseconds(10)};
    FleetControl control{io, clock, make_fleet(), &store, options};
};

TEST_F(FleetControlTest, PublishesWhatChanged) {
    control.start();
    const std::uint64_t before = control.snapshots().generation();
    add_nodes();
    EXPECT_GT(control.snapshots().generation(), before);
    EXPECT_TRUE(control.snapshots().get()->topology->find_node("east-1").valid());
    ASSERT_EQ(topologies.size(), 2u);
    EXPECT_EQ(topologies.back(), 2u);
    EXPECT_GT(store.written().size(), 0u);
}

TEST_F(FleetControlTest, TakesFactsInSoonAfterTheyCome) {
    control.start();
    add_nodes();
    gateway.tell(opened("meter-7", "east-1", 1));
    gateway.tell(opened("meter-8", "east-2", 2));
    run_until([this] { return control.fleet().presence().size() == 2; });
    EXPECT_EQ(control.counters().opened_by_kind[static_cast<std::size_t>(fleet::RouteKind::hash)], 2u);
    EXPECT_TRUE(control.snapshots().get()->find_device("meter-7"));
}

TEST_F(FleetControlTest, SleepsWhenThereIsNothingToDo) {
    control.start();
    add_nodes();
    gateway.tell(opened("meter-7", "east-1", 1));
    run_until([this] { return control.fleet().presence().size() == 1; });
    // All timers of the fleet itself are over after a while; then no handler is left, and run() returns.
    io.restart();
    io.run_for(std::chrono::seconds(5));
    EXPECT_TRUE(io.stopped()) << "a timer runs although nothing is to be done";
}

TEST_F(FleetControlTest, OrdersEndsAtTheGateway) {
    control.start();
    add_nodes();
    gateway.tell(opened("meter-7", "east-1", 9));
    control.collect_now();
    ASSERT_TRUE(control.change(
        [](fleet::Fleet& fleet, Moment moment) -> Result<void> { return fleet.move_device("meter-7", "east-2", moment); }));
    run_until([this] { return !gateway.ended().empty(); });
    EXPECT_EQ(gateway.ended()[0], (fleet::EndOrder{fleet::ConnectionId::make(0, 9), fleet::EndCause::moved}));
    EXPECT_FALSE(control.end_connection(fleet::ConnectionId::make(0, 77)));
}

TEST_F(FleetControlTest, TellsWhenAChangeIsDurable) {
    control.start();
    std::optional<Durability> told;
    ASSERT_TRUE(control.change(declare("east"), [&](const Durability& durability) { told = durability; }));
    run_until([&] { return told.has_value(); });
    EXPECT_TRUE(told->durable);
}

TEST_F(FleetControlTest, TellsAfterAWhileThatAChangeIsNotDurable) {
    control.start();
    store.hold("the disk is full");
    std::optional<Durability> first;
    std::optional<Durability> second;
    ASSERT_TRUE(control.change(declare("east"), [&](const Durability& durability) { first = durability; }));
    ASSERT_TRUE(control.change(declare("west"), [&](const Durability& durability) { second = durability; }));
    run_until([&] { return second.has_value(); });
    ASSERT_TRUE(first);
    EXPECT_FALSE(first->durable);
    EXPECT_EQ(second->sentence, "the disk is full");
    // The store's late word is for nobody.
    store.release();
    io.restart();
    io.poll();
}

TEST_F(FleetControlTest, ChangesNothingOnAnError) {
    control.start();
    const std::uint64_t before = control.snapshots().generation();
    bool told = false;
    const auto refused =
        control.change([](fleet::Fleet& fleet, Moment moment) -> Result<void> { return fleet.remove_node("none", moment); },
                       [&](const Durability&) { told = true; });
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(fleet::FleetErrc::unknown_node));
    EXPECT_FALSE(told);
    EXPECT_EQ(control.snapshots().generation(), before);
}

TEST_F(FleetControlTest, BoundsChangesThatWait) {
    ControlOptions bounded = options;
    bounded.max_waiting_changes = 1;
    FleetControl other(io, clock, make_fleet(), &store, bounded);
    other.start();
    store.hold("busy");
    bool first_told = false;
    std::optional<Durability> second;
    ASSERT_TRUE(other.change(declare("east"), [&](const Durability&) { first_told = true; }));
    ASSERT_TRUE(other.change(declare("west"), [&](const Durability& durability) { second = durability; }));
    EXPECT_FALSE(first_told);
    ASSERT_TRUE(second) << "told at once";
    EXPECT_FALSE(second->durable);
    other.stop();
    EXPECT_TRUE(first_told);
}

TEST_F(FleetControlTest, StopTakesTheLastFactsAndTellsWhoWaits) {
    control.start();
    add_nodes();
    store.hold("busy");
    std::optional<Durability> told;
    ASSERT_TRUE(control.change(declare("west"), [&](const Durability& durability) { told = durability; }));
    gateway.tell(opened("meter-7", "east-1", 1));
    control.stop();
    ASSERT_TRUE(told);
    EXPECT_FALSE(told->durable);
    EXPECT_TRUE(control.fleet().devices().find("meter-7"));
    // Nothing happens afterwards, whatever still comes.
    gateway.tell(opened("meter-8", "east-1", 2));
    store.release();
    io.restart();
    io.run();
    EXPECT_FALSE(control.fleet().devices().find("meter-8"));
}

TEST_F(FleetControlTest, LateWordsAfterItsEndAreForNobody) {
    store.hold("busy");
    {
        FleetControl other(io, clock, make_fleet(), &store, options);
        other.start();
        ASSERT_TRUE(other.change(declare("east"), [](const Durability&) {}));
        other.store_lost();
    }
    store.release();
    io.restart();
    io.run();
}

TEST_F(FleetControlTest, GivesTheStoreTheWholeFleetAgain) {
    control.start();
    add_nodes();
    gateway.tell(opened("meter-7", "east-1", 1));
    control.collect_now();
    control.store_lost();
    run_until([this] { return store.replaced().has_value(); });
    const fleet::FleetImage image = *store.replaced();
    ASSERT_EQ(image.clusters.size(), 1u);
    ASSERT_EQ(image.nodes.size(), 2u);
    EXPECT_EQ(image.nodes[0].cluster, "east");
    ASSERT_EQ(image.devices.size(), 1u);
    EXPECT_EQ(image.devices[0].id, "meter-7");
    EXPECT_EQ(image.devices[0].home, "east");
}

TEST_F(FleetControlTest, WakesFollowersOfEvents) {
    control.start();
    int woken = 0;
    {
        const auto subscription = control.event_signal().subscribe([&] { ++woken; });
        add_nodes();
        EXPECT_GT(woken, 0);
    }
    const int before = woken;
    ASSERT_TRUE(control.change(declare("west")));
    EXPECT_EQ(woken, before);
    EXPECT_EQ(control.event_signal().subscribers(), 0u);
}

TEST_F(FleetControlTest, AsksForProbesWhenAGatewayHasTrouble) {
    control.start();
    add_nodes();
    fleet::NodeTrouble trouble;
    trouble.node = control.fleet().topology().find_node("east-1");
    trouble.at = clock.now();
    gateway.tell(trouble);
    const std::size_t before = probes;
    run_until([this] { return control.counters().node_troubles == 1; });
    EXPECT_EQ(probes, before + 1);
}

TEST(TrafficCounters, SumUpFacts) {
    TrafficCounters counters;
    fleet::Opened opened;
    opened.kind = fleet::RouteKind::sticky;
    opened.node = fleet::NodeIndex(1);
    opened.first = fleet::NodeIndex(0);
    opened.at = opened.asked_at + std::chrono::milliseconds(3);
    counters.add(opened);
    opened.first = opened.node;
    opened.at = opened.asked_at + std::chrono::minutes(1);
    counters.add(opened);
    EXPECT_EQ(counters.opened_by_kind, (std::array<std::uint64_t, route_kind_count>{0, 2, 0}));
    EXPECT_EQ(counters.failovers, 1u);
    EXPECT_EQ(counters.latency[3], 1u) << "3 ms are in the bucket up to 5 ms";
    EXPECT_EQ(counters.latency.back(), 1u);
    fleet::Closed closed;
    closed.reason_text = "device_closed";
    closed.messages_up = 5;
    counters.add(closed);
    counters.add(closed);
    EXPECT_EQ(counters.closed.at("device_closed"), 2u);
    EXPECT_EQ(counters.messages_up, 10u);
    fleet::Refused refused;
    refused.reason = fleet::RefuseReason::too_many;
    counters.add(refused);
    EXPECT_EQ(counters.refused[static_cast<std::size_t>(fleet::RefuseReason::too_many)], 1u);
}

}  // namespace
}  // namespace holdfast::control
