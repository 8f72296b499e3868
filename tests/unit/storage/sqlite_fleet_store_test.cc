#include "storage/sqlite_fleet_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;

using Store = StoreTest;

fleet::DeviceRecord full_device() {
    fleet::DeviceRecord record;
    record.id = std::string("meter\0 \xff\xc3\xa9'7", 12);
    record.home = "east";
    record.explicit_cluster = "west";
    record.explicit_node = "west-1";
    record.sticky_node = "east-2";
    record.enrolled_at = WallTime(1'700'000'000'000ms);
    record.routed_at = WallTime(1'700'000'001'000ms);
    record.connected_last = WallTime(1'700'000'002'000ms);
    record.disabled = true;
    record.tags = {"floor-1", "north"};
    record.note = "it's the \"big\" one\n";
    return record;
}

TEST_F(Store, BeginsEmpty) {
    const auto image = stored();
    EXPECT_TRUE(image.clusters.empty() && image.nodes.empty() && image.devices.empty());
}

TEST_F(Store, GivesBackEveryField) {
    fleet::ClusterRecord east = cluster("east", 0);
    east.source = fleet::ClusterSource::local;
    east.enabled = false;
    fleet::NodeRecord first = node("east-1", "east");
    first.host = "broker.example";
    first.port = 65535;
    first.weight = 0;
    first.draining = true;
    first.listed = false;
    {
        const auto store = open();
        ASSERT_TRUE(
            write_durably(*store, {east, first, full_device(), cluster("west"), node("west-1", "west"), device("plain")}));
    }
    const auto image = stored();
    EXPECT_EQ(image.clusters, (std::vector{east, cluster("west")}));
    EXPECT_EQ(image.nodes, (std::vector{first, node("west-1", "west")}));
    EXPECT_EQ(image.devices, (std::vector{full_device(), device("plain")}));
}

TEST_F(Store, ReplacesAndErases) {
    {
        const auto store = open();
        ASSERT_TRUE(write_durably(
            *store, {cluster("a"), cluster("b"), node("a-1", "a"), node("b-1", "b"), device("x", "old"), device("y")}));
        ASSERT_TRUE(write_durably(*store, {cluster("a", 7), fleet::ClusterErased{"b"}, fleet::NodeErased{"b-1"},
                                           device("x", "new"), fleet::DeviceErased{"y"}, fleet::DeviceErased{"never was"}}));
    }
    const auto image = stored();
    EXPECT_EQ(image.clusters, (std::vector{cluster("a", 7)}));
    EXPECT_EQ(image.nodes, (std::vector{node("a-1", "a")}));
    EXPECT_EQ(image.devices, (std::vector{device("x", "new")}));
}

TEST_F(Store, TakesTheLongestIds) {
    const std::string id(fleet::max_device_id_length, 'x');
    ASSERT_TRUE(write_durably(*open(), {device(id)}));
    EXPECT_EQ(stored().devices.at(0).id, id);
}

TEST_F(Store, CommitsManyWritesAsOne) {
    SqliteOptions slow = options();
    slow.commit_interval = 1h;
    const auto store = open(slow);
    for (int i = 0; i < 1000; ++i)
        store->write({device("d" + std::to_string(i % 300), std::to_string(i))});
    EXPECT_EQ(store->status().pending, 300U);
    EXPECT_TRUE(store->flush(patience));
    const StoreStatus status = store->status();
    EXPECT_EQ(status.commits, 1U);
    EXPECT_EQ(status.changes_written, 300U);
    EXPECT_EQ(status.pending, 0U);
    EXPECT_GT(status.last_commit, 0s);
}

TEST_F(Store, DoesNotLetAnOperatorWaitForCompany) {
    SqliteOptions slow = options();
    slow.commit_interval = 1h;
    const auto store = open(slow);
    store->write({device("telemetry")});
    EXPECT_TRUE(write_durably(*store, {device("order")}));
    EXPECT_EQ(store->status().pending, 0U);
}

TEST_F(Store, StoresWhatNobodyWaitsForAfterAWhile) {
    const auto store = open();
    store->write({device("a")});
    EXPECT_TRUE(eventually([&] { return store->status().changes_written == 1; }));
}

TEST_F(Store, AnswersEveryCompletionInOrder) {
    const auto store = open();
    std::atomic<int> last{0};
    std::atomic<int> out_of_order{0};
    for (int i = 1; i <= 500; ++i) {
        store->write({device("d" + std::to_string(i % 7), std::to_string(i))}, [&, i](bool durable) {
            if (!durable || last.exchange(i) != i - 1) ++out_of_order;
        });
    }
    EXPECT_TRUE(store->flush(patience));
    EXPECT_TRUE(eventually([&] { return last == 500; }));
    EXPECT_EQ(out_of_order, 0);
}

TEST_F(Store, AnswersAWriteOfNothing) {
    EXPECT_TRUE(write_durably(*open(), {}));
}

TEST_F(Store, WritesMoreThanOneGroupAtOnce) {
    std::vector<fleet::Change> changes;
    for (int i = 0; i < 60'000; ++i)
        changes.emplace_back(device("d" + std::to_string(i)));
    {
        const auto store = open();
        EXPECT_TRUE(write_durably(*store, std::move(changes)));
        EXPECT_GT(store->status().commits, 1U);
    }
    EXPECT_EQ(stored().devices.size(), 60'000U);
}

TEST_F(Store, StoresWhatWaitsWhenItEnds) {
    SqliteOptions slow = options();
    slow.commit_interval = 1h;
    {
        const auto store = open(slow);
        store->write({device("a")});
    }
    EXPECT_EQ(stored().devices.size(), 1U);
}

TEST_F(Store, ReplacesEverythingByAnImage) {
    {
        const auto store = open();
        ASSERT_TRUE(write_durably(*store, {cluster("old"), device("old")}));
        store->write({device("older than the image")});
        store->replace({.clusters = {cluster("new")}, .nodes = {}, .devices = {device("new")}});
        ASSERT_TRUE(write_durably(*store, {device("newer than the image")}));
    }
    const auto image = stored();
    EXPECT_EQ(image.clusters, (std::vector{cluster("new")}));
    EXPECT_EQ(image.devices, (std::vector{device("new"), device("newer than the image")}));
}

TEST_F(Store, RefusesMoreCompletionsThanItMayKeep) {
    SqliteOptions few = options();
    few.max_completions = 0;
    const auto store = open(few);
    bool refused = false;
    store->write({device("a")}, [&](bool durable) { refused = !durable; });
    EXPECT_TRUE(refused);
    EXPECT_TRUE(store->flush(patience));
}

}  // namespace
}  // namespace holdfast::storage
