#include "storage/pending_changes.h"

#include <gtest/gtest.h>

#include <string>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using testing::cluster;
using testing::device;
using testing::node;

std::string names(const PendingChanges::Batch& batch) {
    std::string text;
    for (const fleet::Change& change : batch.changes) {
        if (const auto* record = std::get_if<fleet::DeviceRecord>(&change)) text += record->id + "=" + record->note + " ";
        if (const auto* erased = std::get_if<fleet::DeviceErased>(&change)) text += "-" + erased->id + " ";
        if (const auto* record = std::get_if<fleet::ClusterRecord>(&change)) text += record->name + " ";
        if (const auto* record = std::get_if<fleet::NodeRecord>(&change)) text += record->name + " ";
    }
    return text;
}

TEST(PendingChanges, KeepsTheLatestOfEachKeyAtItsOldestPlace) {
    PendingChanges pending;
    pending.add(1, device("a", "1"));
    pending.add(2, device("b", "2"));
    pending.add(3, device("a", "3"));
    pending.add(4, fleet::DeviceErased{"b"});
    EXPECT_EQ(pending.size(), 2U);
    const auto batch = pending.take(100, 4);
    EXPECT_EQ(names(batch), "a=3 -b ");
    EXPECT_EQ(batch.complete_up_to, 4U);
    EXPECT_TRUE(pending.empty());
}

TEST(PendingChanges, KeepsKindsApart) {
    PendingChanges pending;
    pending.add(1, device("x"));
    pending.add(1, cluster("x"));
    pending.add(1, node("x", "x"));
    EXPECT_EQ(pending.size(), 3U);
}

TEST(PendingChanges, TakesClustersAndNodesBeforeDevices) {
    PendingChanges pending;
    pending.add(1, device("d"));
    pending.add(2, node("n", "c"));
    pending.add(3, cluster("c"));
    EXPECT_EQ(names(pending.take(1, 3)), "c n d= ");
}

TEST(PendingChanges, SaysUpToWhichWriteAllIsTaken) {
    PendingChanges pending;
    for (int i = 1; i <= 10; ++i)
        pending.add(static_cast<std::uint64_t>(i), device(std::to_string(i)));
    EXPECT_EQ(pending.take(4, 10).complete_up_to, 4U);
    pending.add(11, device("5", "later"));
    EXPECT_EQ(names(pending.take(1, 11)), "5=later ");
    EXPECT_EQ(pending.take(100, 11).complete_up_to, 11U);
    EXPECT_EQ(pending.take(100, 11).complete_up_to, 11U);
}

TEST(PendingChanges, DoesNotCutAWriteUnlessItIsHuge) {
    PendingChanges pending;
    for (int i = 0; i < 8; ++i)
        pending.add(1, device("a" + std::to_string(i)));
    for (int i = 0; i < 100; ++i)
        pending.add(2, device("b" + std::to_string(i)));
    EXPECT_EQ(pending.take(4, 2).changes.size(), 8U);
    const auto cut = pending.take(4, 2);
    EXPECT_EQ(cut.changes.size(), 20U);
    EXPECT_EQ(cut.complete_up_to, 1U);
}

TEST(PendingChanges, CopesWithIdsOfEveryLength) {
    PendingChanges pending;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t length = 1; length < 200; ++length)
            pending.add(1, device(std::string(length, 'x'), std::to_string(round)));
    }
    EXPECT_EQ(pending.size(), 199U);
}

}  // namespace
}  // namespace holdfast::storage
