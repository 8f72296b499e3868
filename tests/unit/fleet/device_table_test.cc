// The device table against a plain map, with views that must stay as they were.

#include "fleet/device_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace holdfast::fleet {
namespace {

struct ModelDevice {
    DeviceState state;
    std::vector<std::string> tags;
    std::string note;
};
using Model = std::map<std::string, ModelDevice>;

void expect_same(const DeviceTableView& view, const Model& model) {
    RC_ASSERT(view.size() == model.size());
    for (const auto& [id, device] : model) {
        const auto found = view.find(id);
        RC_ASSERT(found.has_value());
        RC_ASSERT(found->id == id);
        RC_ASSERT(static_cast<const DeviceState&>(*found) == device.state);
        RC_ASSERT(found->note() == device.note);
        const auto tags = found->tags();
        RC_ASSERT(std::vector<std::string>(tags.begin(), tags.end()) == device.tags);
    }
    RC_ASSERT(!view.find("no such device"));
    std::set<std::string> walked;
    DeviceCursor cursor;
    while (!cursor.finished)
        view.walk(cursor, 7, [&](const DeviceView& d) { RC_ASSERT(walked.insert(std::string(d.id)).second); });
    RC_ASSERT(walked.size() == model.size());
}

DeviceState arbitrary_state(std::mt19937_64& random) {
    DeviceState state;
    state.home = ClusterIndex(static_cast<std::uint16_t>(random() % 5));
    if (random() % 4 == 0) state.explicit_cluster = ClusterIndex(static_cast<std::uint16_t>(random() % 5));
    if (random() % 4 == 0) state.explicit_node = NodeIndex(static_cast<std::uint32_t>(random() % 50));
    state.sticky_node = NodeIndex(static_cast<std::uint32_t>(random() % 50));
    state.enrolled_at = static_cast<Seconds>(random());
    state.routed_at = static_cast<Seconds>(random());
    state.connected_last = static_cast<Seconds>(random());
    state.disabled = random() % 8 == 0;
    return state;
}

TEST(DeviceTable, BehavesLikeAMapAndItsViewsNeverChange) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const std::size_t ids = 1 + random() % 3000;
        DeviceTable table(random());
        Model model;
        std::deque<std::pair<DeviceTableView, Model>> views;
        for (std::size_t step = 0; step < 1000; ++step) {
            const std::string id = fmt::format("device-{}", random() % ids);
            const std::uint64_t what = random() % 100;
            if (what < 60) {
                const DeviceState state = arbitrary_state(random);
                RC_ASSERT(table.put(id, state));
                model[id].state = state;
            } else if (what < 80) {
                RC_ASSERT(table.erase(id) == (model.erase(id) == 1));
            } else if (what < 90) {
                const std::vector<std::string> tags = random() % 2 == 0
                                                          ? std::vector<std::string>{}
                                                          : std::vector<std::string>{"blue", fmt::format("t{}", random() % 9)};
                const std::string note = random() % 2 == 0 ? std::string{} : std::string(random() % 300, 'n');
                const bool known = model.contains(id);
                RC_ASSERT(table.set_tags(id, tags, note) == known);
                if (known) model[id].tags = tags, model[id].note = note;
            } else if (what < 93) {
                views.emplace_back(table.view(), model);
            } else if (!views.empty() && what < 96) {
                const auto at = static_cast<std::ptrdiff_t>(random() % views.size());
                expect_same(views[static_cast<std::size_t>(at)].first, views[static_cast<std::size_t>(at)].second);
                views.erase(views.begin() + at);
            }
        }
        for (const auto& [view, then] : views)
            expect_same(view, then);
        expect_same(table.view(), model);
        views.clear();
        static_cast<void>(table.view());
        static_cast<void>(table.view());
        RC_ASSERT(table.memory().kept_for_views == 0U);
    }));
}

TEST(DeviceTable, ViewsOutliveTheTable) {
    DeviceTableView view;
    {
        DeviceTable table(1);
        for (int i = 0; i < 1000; ++i)
            table.put(fmt::format("d{}", i), {.enrolled_at = static_cast<Seconds>(i)});
        view = table.view();
        table.erase("d7");
    }
    ASSERT_TRUE(view.find("d7"));
    EXPECT_EQ(view.find("d7")->enrolled_at, 7U);
}

TEST(DeviceTable, KeepsLongAndBinaryIds) {
    DeviceTable table(1);
    const std::string zero("a\0b", 3);
    const std::string longest(65535, 'x');
    for (int i = 0; i < 60; ++i)
        ASSERT_TRUE(table.put(longest.substr(0, 65535 - static_cast<std::size_t>(i)), {}));
    ASSERT_TRUE(table.put(zero, {.routed_at = 5}));
    EXPECT_EQ(table.find(zero)->routed_at, 5U);
    EXPECT_FALSE(table.find("a"));
    EXPECT_EQ(table.find(longest)->id.size(), 65535U);
    EXPECT_EQ(table.size(), 61U);
}

TEST(DeviceTable, ACursorGoesOnThroughChanges) {
    DeviceTable table(3);
    for (int i = 0; i < 5000; ++i)
        table.put(fmt::format("old-{}", i), {});
    std::multiset<std::string> seen;
    DeviceCursor cursor;
    for (int round = 0; !cursor.finished; ++round) {
        const DeviceTableView view = table.view();
        view.walk(cursor, 100, [&](const DeviceView& d) { seen.emplace(d.id); });
        for (int i = 0; i < 50; ++i)
            table.put(fmt::format("new-{}-{}", round, i), {});
        for (int i = 0; i < 50; ++i)
            table.erase(fmt::format("new-{}-{}", round - 1, i));
    }
    for (int i = 0; i < 5000; ++i)
        ASSERT_EQ(seen.count(fmt::format("old-{}", i)), 1U) << i;
}

TEST(DeviceTable, GivesEverythingBackWhenEmptied) {
    DeviceTable table(3);
    for (int i = 0; i < 20000; ++i)
        table.put(fmt::format("d{}", i), {});
    EXPECT_GT(table.memory().in_use, 20000U * 40);
    for (int i = 0; i < 20000; ++i)
        table.erase(fmt::format("d{}", i));
    EXPECT_EQ(table.memory().in_use, 0U);
    EXPECT_EQ(table.size(), 0U);
}

TEST(DeviceTable, AnOldViewDoesNotKeepWhatOnlyNewerOnesSaw) {
    DeviceTable table(3);
    for (int i = 0; i < 2000; ++i)
        table.put(fmt::format("d{}", i), {});
    DeviceTableView latest = table.view();
    for (Seconds round = 1; round < 500; ++round) {
        for (int i = 0; i < 20; ++i)
            table.put(fmt::format("d{}", i), {.routed_at = round});
        latest = table.view();
    }
    EXPECT_LT(table.memory().kept_for_views, table.memory().in_use);
}

// Run under the thread sanitizer, this holds the hand-back of blocks to its word.
TEST(DeviceTable, ViewsMayBeUsedAndDroppedOnOtherThreads) {
    DeviceTable table(9);
    for (int i = 0; i < 3000; ++i)
        table.put(fmt::format("d{}", i), {.routed_at = 1});
    for (Seconds round = 2; round < 60; ++round) {
        std::vector<std::thread> readers;
        for (int r = 0; r < 2; ++r) {
            readers.emplace_back([view = table.view(), round] {
                for (int i = 0; i < 300; ++i) {
                    const auto found = view.find(fmt::format("d{}", i));
                    ASSERT_TRUE(found);
                    ASSERT_EQ(found->routed_at, round - 1);
                }
            });
        }
        for (int i = 0; i < 300; ++i)
            table.put(fmt::format("d{}", i), {.routed_at = round});
        for (std::thread& reader : readers)
            reader.join();
    }
}

TEST(Seconds, AreBounded) {
    EXPECT_EQ(to_seconds(WallTime(std::chrono::seconds(-5))), 0U);
    EXPECT_EQ(to_seconds(WallTime(std::chrono::seconds(1'800'000'000))), 1'800'000'000U);
    EXPECT_EQ(to_seconds(WallTime(std::chrono::seconds(99'000'000'000))), 0xFFFFFFFFU);
    EXPECT_EQ(to_wall(12), WallTime(std::chrono::seconds(12)));
}

}  // namespace
}  // namespace holdfast::fleet
