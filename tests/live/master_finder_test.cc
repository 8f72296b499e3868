// Finding a master by Debian's own sentinels.

#include "redis/master_finder.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <vector>

#include "redis_park.h"

namespace holdfast::redis {
namespace {

struct MasterFinderTest : testing::Test, MasterFinderUser {
    boost::asio::io_context io{1};
    test::RedisPark park{io};
    std::vector<std::uint16_t> masters;
    std::vector<std::string> troubles;
    std::optional<MasterFinder> finder;

    void on_master(const net::HostPort& master) override { masters.push_back(master.port); }
    void on_no_master(std::string_view why) override { troubles.emplace_back(why); }

    void look(const std::vector<std::uint16_t>& sentinels) {
        MasterFinderOptions options;
        for (const std::uint16_t port : sentinels)
            options.sentinels.push_back({"127.0.0.1", port});
        options.group = "m";
        finder.emplace(io, std::move(options), *this);
        finder->start();
    }
    bool is_master(std::uint16_t port) {
        return test::run_until(io, [&] { return !masters.empty() && masters.back() == port; });
    }
    void linked(std::uint16_t replica) {
        ASSERT_TRUE(test::run_until(io, [&] {
            const resp::Reply role = park.ask(replica, {"ROLE"});
            return role.items.size() > 3 && role.items[3].text == "connected";
        }));
    }
};

TEST_F(MasterFinderTest, FollowsTheMasterThroughFailovers) {
    const auto first = park.add_server();
    const auto second = park.add_server(first);
    linked(second);
    const auto sentinel = park.add_sentinel(first);
    look({sentinel});
    ASSERT_TRUE(is_master(first));
    ASSERT_TRUE(test::run_until(io, [&] { return !park.ask(sentinel, {"SENTINEL", "REPLICAS", "m"}).items.empty(); }));
    ASSERT_TRUE(test::run_until(io, [&] { return park.ask(sentinel, {"SENTINEL", "FAILOVER", "m"}).text == "OK"; }));
    ASSERT_TRUE(is_master(second)) << "it was heard of";
    // The old one is a replica again before it is needed.
    ASSERT_TRUE(test::run_until(io, [&] { return park.role(first) == "slave"; }, std::chrono::seconds(40)));
    linked(first);
    park.stop(second);
    finder->doubt();
    ASSERT_TRUE(is_master(first)) << "it was heard of, and the dead one was not believed";
    EXPECT_EQ(masters, (std::vector<std::uint16_t>{first, second, first}));
}

TEST_F(MasterFinderTest, GoesToTheNextSentinelWhenOneIsDead) {
    const auto master = park.add_server();
    const auto dead = park.add_sentinel(master);
    const auto alive = park.add_sentinel(master);
    park.stop(dead);
    look({dead, alive});
    EXPECT_TRUE(is_master(master));
    EXPECT_TRUE(troubles.empty());
}

TEST_F(MasterFinderTest, DoesNotBelieveASentinelThatIsBehindTheTimes) {
    const auto master = park.add_server();
    const auto replica = park.add_server(master);
    const auto wrong = park.add_sentinel(replica);
    const auto right = park.add_sentinel(master);
    look({wrong, right});
    EXPECT_TRUE(is_master(master));
    EXPECT_EQ(masters, (std::vector<std::uint16_t>{master}));
}

TEST_F(MasterFinderTest, SaysOnceThatThereIsNoneAndGoesOnLooking) {
    const auto master = park.add_server();
    const auto sentinel = park.add_sentinel(master);
    park.stop(sentinel);
    look({sentinel});
    ASSERT_TRUE(test::run_until(io, [&] { return !troubles.empty(); }));
    test::run_until(io, [] { return false; }, std::chrono::milliseconds(300));
    EXPECT_EQ(troubles.size(), 1u);
    EXPECT_TRUE(masters.empty());
    park.start_again(sentinel);
    EXPECT_TRUE(is_master(master));
    EXPECT_EQ(troubles.size(), 1u);
}

TEST_F(MasterFinderTest, LogsInAtBoth) {
    const auto master = park.add_server();
    const auto sentinel = park.add_sentinel(master);
    EXPECT_EQ(park.ask(sentinel, {"ACL", "SETUSER", "app", "on", ">pass", "+@all", "&*"}).text, "OK");
    EXPECT_EQ(park.ask(sentinel, {"ACL", "SETUSER", "default", "off"}).text, "OK");
    EXPECT_EQ(park.ask(master, {"CONFIG", "SET", "requirepass", "open"}).text, "OK");
    MasterFinderOptions options;
    options.sentinels = {{"127.0.0.1", sentinel}};
    options.group = "m";
    options.sentinel_login = {.user = "app", .password = "pass"};
    options.master_login = {.password = "open"};
    finder.emplace(io, options, *this);
    finder->start();
    EXPECT_TRUE(is_master(master));
    options.master_login.password = "wrong";
    masters.clear();
    finder.emplace(io, options, *this);
    finder->start();
    ASSERT_TRUE(test::run_until(io, [&] { return !troubles.empty(); }));
    EXPECT_NE(troubles.back().find("WRONGPASS"), std::string::npos) << troubles.back();
    EXPECT_EQ(troubles.back().find("wrong"), std::string::npos) << "passwords are not said";
}

TEST_F(MasterFinderTest, MayBeEndedByItsUser) {
    struct Ending final : MasterFinderUser {
        std::optional<MasterFinder> finder;
        int calls = 0;
        void on_master(const net::HostPort&) override { end(); }
        void on_no_master(std::string_view) override { end(); }
        void end() {
            ++calls;
            finder.reset();
        }
    };
    const auto master = park.add_server();
    const auto sentinel = park.add_sentinel(master);
    for (const std::uint16_t port : {sentinel, master}) {
        Ending ending;
        MasterFinderOptions options;
        options.sentinels = {{"127.0.0.1", port}};
        options.group = "m";
        ending.finder.emplace(io, std::move(options), ending);
        ending.finder->start();
        EXPECT_TRUE(test::run_until(io, [&] { return ending.calls == 1; }));
    }
}

}  // namespace
}  // namespace holdfast::redis
