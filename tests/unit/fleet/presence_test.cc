// Presence against a simple model, and its promises about late and crossed facts.

#include "fleet/presence.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace holdfast::fleet {
namespace {

constexpr NodeIndex one(1);
constexpr NodeIndex two(2);

Opened open(std::uint64_t connection, std::string device, NodeIndex node, int ms, int asked_ms = -1) {
    Opened fact;
    fact.connection = ConnectionId::make(0, connection);
    fact.device = std::move(device);
    fact.node = node;
    fact.source = fmt::format("127.0.0.1:{}", 1000 + connection);
    fact.username = "u";
    fact.at = Time(std::chrono::milliseconds(ms));
    fact.asked_at = Time(std::chrono::milliseconds(asked_ms < 0 ? ms : asked_ms));
    fact.wall = WallTime(std::chrono::seconds(1'800'000'000));
    return fact;
}
Closed close(std::uint64_t connection, int ms) {
    return {.connection = ConnectionId::make(0, connection), .at = Time(std::chrono::milliseconds(ms))};
}

TEST(Presence, KnowsWhoIsWhere) {
    Presence presence;
    presence.opened(open(1, "a", one, 1));
    presence.opened(open(2, "b", two, 2));
    presence.opened(open(3, "", two, 3));
    EXPECT_EQ(presence.size(), 3U);
    EXPECT_EQ(presence.anonymous(), 1U);
    EXPECT_EQ(presence.count_on(two), 2U);
    const auto a = presence.find("a");
    ASSERT_TRUE(a);
    EXPECT_EQ(a->node, one);
    EXPECT_EQ(a->source, "127.0.0.1:1001");
    EXPECT_EQ(a->username, "u");
    EXPECT_EQ(a->since, WallTime(std::chrono::seconds(1'800'000'000)));
    EXPECT_FALSE(presence.find("c"));
    EXPECT_FALSE(presence.find(""));
    EXPECT_TRUE(presence.closed(close(3, 4)).found);
    EXPECT_EQ(presence.anonymous(), 0U);
}

TEST(Presence, TheLateEndOfAnOlderConnectionRemovesNothing) {
    Presence presence;
    presence.opened(open(1, "a", one, 1));
    const auto result = presence.opened(open(2, "a", two, 5));
    EXPECT_TRUE(result.current);
    EXPECT_TRUE(result.takeover);
    EXPECT_EQ(result.other, ConnectionId::make(0, 1));
    EXPECT_EQ(result.other_node, one);
    EXPECT_EQ(presence.size(), 2U) << "both are still open";
    EXPECT_FALSE(presence.closed(close(1, 6)).was_current);
    ASSERT_TRUE(presence.find("a"));
    EXPECT_EQ(presence.find("a")->connection, ConnectionId::make(0, 2));
    EXPECT_EQ(presence.count_on(one), 0U);
}

TEST(Presence, TheNewestByItsOwnTimeWinsWhateverTheOrderOfFacts) {
    Presence presence;
    presence.opened(open(2, "a", two, 5));
    const auto late = presence.opened(open(1, "a", one, 1));
    EXPECT_FALSE(late.current);
    EXPECT_EQ(late.other_node, two);
    EXPECT_EQ(presence.find("a")->node, two);
    presence.closed(close(1, 6));
    EXPECT_EQ(presence.find("a")->node, two);
}

TEST(Presence, ATakeoverIsSeenEvenWhenTheEndWasToldFirst) {
    Presence presence;
    presence.opened(open(1, "a", one, 1));
    presence.closed(close(1, 1000));
    EXPECT_TRUE(presence.opened(open(2, "a", one, 1010, 990)).takeover) << "its CONNECT came before the other's end";
    presence.closed(close(2, 2000));
    EXPECT_FALSE(presence.opened(open(3, "a", one, 2010, 2005)).takeover) << "its CONNECT came after the other's end";
}

TEST(Presence, UnknownAndDoubleEndsAreIgnored) {
    Presence presence;
    presence.opened(open(1, "a", one, 1));
    EXPECT_FALSE(presence.closed(close(9, 2)).found);
    EXPECT_TRUE(presence.closed(close(1, 2)).found);
    EXPECT_FALSE(presence.closed(close(1, 3)).found);
    EXPECT_EQ(presence.size(), 0U);
}

TEST(Presence, MarksAnEndOnce) {
    Presence presence;
    presence.opened(open(1, "a", one, 1));
    EXPECT_TRUE(presence.mark_ending(ConnectionId::make(0, 1)));
    EXPECT_FALSE(presence.mark_ending(ConnectionId::make(0, 1)));
    EXPECT_FALSE(presence.mark_ending(ConnectionId::make(0, 2)));
    EXPECT_TRUE(presence.find("a")->ending);
}

TEST(Presence, BehavesLikeItsModel) {
    struct Model {
        std::string device;
        NodeIndex node;
        int at = 0;
    };
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        Presence presence;
        std::map<std::uint64_t, Model> open_now;
        std::map<std::string, std::uint64_t> current;
        std::uint64_t next = 0;
        for (int step = 1; step < 1500; ++step) {
            if (random() % 100 < 55 || open_now.empty()) {
                const std::string device =
                    random() % 10 == 0 ? std::string{} : fmt::format("device-with-a-name-{}", random() % 80);
                const NodeIndex node(static_cast<std::uint32_t>(random() % 4));
                const std::uint64_t id = ++next;
                const auto result = presence.opened(open(id, device, node, step));
                open_now[id] = {device, node, step};
                if (device.empty()) continue;
                const auto known = current.find(device);
                RC_ASSERT(result.other.valid() == (known != current.end()));
                if (known != current.end()) RC_ASSERT(result.other == ConnectionId::make(0, known->second));
                current[device] = id;
            } else {
                auto it = open_now.begin();
                std::advance(it, static_cast<std::ptrdiff_t>(random() % open_now.size()));
                const auto result = presence.closed(close(it->first, step));
                RC_ASSERT(result.found && result.device == it->second.device && result.node == it->second.node);
                const auto known = current.find(it->second.device);
                const bool was_current = known != current.end() && known->second == it->first;
                if (was_current) current.erase(known);
                open_now.erase(it);
            }
        }
        RC_ASSERT(presence.size() == open_now.size());
        for (std::uint32_t n = 0; n < 4; ++n) {
            std::vector<ConnectionId> expected;
            for (const auto& [id, model] : open_now)
                if (model.node == NodeIndex(n)) expected.push_back(ConnectionId::make(0, id));
            std::vector<ConnectionId> on = presence.connections_on(NodeIndex(n));
            std::ranges::sort(on);
            RC_ASSERT(on == expected);
            RC_ASSERT(presence.count_on(NodeIndex(n)) == expected.size());
        }
        for (const auto& [device, id] : current)
            RC_ASSERT(presence.find(device)->connection == ConnectionId::make(0, id));
        std::vector<PresentConnection> all;
        std::uint64_t cursor = 0;
        do
            cursor = presence.page(cursor, 7, all);
        while (cursor != 0);
        RC_ASSERT(all.size() == open_now.size());
    }));
}

}  // namespace
}  // namespace holdfast::fleet
