#include "fleet/history.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace holdfast::fleet {
namespace {

Opened opened(const std::string& device, int number) {
    Opened fact;
    fact.device = device;
    fact.node = NodeIndex(static_cast<std::uint32_t>(number));
    fact.at = Time(std::chrono::milliseconds(5));
    fact.trace.add(TraceKind::device_known);
    return fact;
}
Refused refused(const std::string& device, RefuseReason reason) {
    Refused fact;
    fact.device = device;
    fact.reason = reason;
    fact.trace.add(reason);
    return fact;
}

TEST(History, KeepsTheLastOfEachDevice) {
    History history({.entries = 1000, .per_device = 3});
    for (int i = 0; i < 10; ++i) {
        history.add(opened("a", i));
        history.add(opened("b", 100 + i));
    }
    history.add(refused("a", RefuseReason::no_live_node));
    const auto a = history.of_device("a");
    ASSERT_EQ(a.size(), 3U);
    EXPECT_EQ(a[0].refused, RefuseReason::no_live_node);
    EXPECT_EQ(a[0].steps.size(), 1U);
    EXPECT_EQ(a[1].node, NodeIndex(9));
    EXPECT_EQ(a[1].latency, std::chrono::milliseconds(5));
    EXPECT_EQ(a[2].node, NodeIndex(8));
    EXPECT_EQ(history.of_device("b")[0].node, NodeIndex(109));
    EXPECT_TRUE(history.of_device("c").empty());
}

TEST(History, ForgetsTheOldestOfAll) {
    History history({.entries = 10, .per_device = 5});
    history.add(opened("old", 1));
    for (int i = 0; i < 9; ++i)
        history.add(opened(fmt::format("d{}", i), i));
    EXPECT_EQ(history.of_device("old").size(), 1U);
    history.add(opened("new", 2));
    EXPECT_TRUE(history.of_device("old").empty());
    EXPECT_EQ(history.of_device("d0").size(), 1U);
    for (int i = 0; i < 25; ++i)
        history.add(opened("busy", i));
    EXPECT_TRUE(history.of_device("new").empty());
    EXPECT_EQ(history.of_device("busy").size(), 5U);
}

TEST(History, ShowsRefusalsOfStrangersToo) {
    History history({.entries = 5, .per_device = 5});
    history.add(refused("", RefuseReason::malformed));
    history.add(opened("a", 1));
    history.add(refused("b", RefuseReason::no_cluster));
    const auto last = history.refusals(10);
    ASSERT_EQ(last.size(), 2U);
    EXPECT_EQ(last[0].device, "b");
    EXPECT_EQ(last[1].refused, RefuseReason::malformed);
    for (int i = 0; i < 4; ++i)
        history.add(opened("a", 1));
    EXPECT_EQ(history.refusals(10).size(), 1U) << "one was overwritten";
    EXPECT_EQ(history.refusals(0).size(), 0U);
}

}  // namespace
}  // namespace holdfast::fleet
