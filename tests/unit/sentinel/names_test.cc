// Hosts that are named instead of numbered.

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sentinel/commands.h"
#include "sentinel/config_file.h"
#include "sentinel/sentinel.h"

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

class Names : public ::testing::Test {
protected:
    static SavedState saved(const std::string& more) {
        auto file = read_config_file(
            "sentinel myid cccccccccccccccccccccccccccccccccccccccc\n"
            "sentinel resolve-hostnames yes\n"
            "sentinel monitor m redis.example 6379 2\n"
            "sentinel known-replica m other.example 6380\n" +
            more);
        EXPECT_TRUE(file.has_value());
        return file->saved;
    }

    /// Every connection that is wanted opens, at these numbers.
    static void connect(Sentinel& sentinel) {
        for (int rounds = 0; rounds < 3; ++rounds) {
            for (const Action& action : sentinel.take_actions()) {
                const auto* dial = std::get_if<Dial>(&action);
                if (dial == nullptr) continue;
                const bool is_master = dial->address.port == 6379;
                sentinel.link_opened(dial->link, "10.0.0.9", moment, is_master ? "10.0.0.1" : "10.0.0.2");
            }
        }
    }

    static constexpr Moment moment{.now = Time(100s), .wall = WallTime(1s)};
};

TEST_F(Names, GiveWayToNumbersWhenTheyAreNotToBeShown) {
    Sentinel sentinel(saved(""), 1, moment);
    EXPECT_EQ(sentinel.master_address("m").value_or(Address{}), (Address{"redis.example", 6379}));
    connect(sentinel);
    EXPECT_EQ(sentinel.master_address("m").value_or(Address{}), (Address{"10.0.0.1", 6379}));
    const Group& group = sentinel.state().groups.at("m");
    ASSERT_TRUE(group.replicas.contains("10.0.0.2:6380"));
    EXPECT_EQ(group.replicas.size(), 1U);
    EXPECT_EQ(group.replicas.at("10.0.0.2:6380").name, "10.0.0.2:6380");
}

TEST_F(Names, StayWhenTheyAreToBeShownAndAreAnsweredForByNumberToo) {
    Sentinel sentinel(saved("sentinel announce-hostnames yes\n"), 1, moment);
    connect(sentinel);
    EXPECT_EQ(sentinel.master_address("m").value_or(Address{}), (Address{"redis.example", 6379}));
    EXPECT_TRUE(sentinel.state().groups.at("m").replicas.contains("other.example:6380"));
    const std::string candidate(40, 'a');
    for (const Address& address : {Address{"redis.example", 6379}, Address{"10.0.0.1", 6379}}) {
        EXPECT_EQ(sentinel.is_master_down(address, 5, candidate, moment).leader, candidate) << address.host;
    }
    EXPECT_EQ(sentinel.is_master_down({"10.0.0.2", 6379}, 5, candidate, moment).leader, "");
}

TEST_F(Names, AreNotTakenFromOthersWhereTheyAreNotAllowed) {
    SavedState state = saved("");
    for (const bool allowed : {false, true}) {
        state.options.resolve_hostnames = allowed;
        state.groups[0].master.host = "10.0.0.1";
        Sentinel sentinel(state, 1, moment);
        const std::string rest = ",26379,bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb,7,m,";
        sentinel.hello("peer.example" + rest + "10.0.0.1,6379,0", moment);
        EXPECT_EQ(sentinel.state().groups.at("m").peers.size(), allowed ? 1U : 0U);
        sentinel.hello("10.0.0.5" + rest + "new.example,6379,5", moment);
        EXPECT_EQ(sentinel.state().groups.at("m").master.address.host, allowed ? "new.example" : "10.0.0.1");
    }
}

TEST_F(Names, CannotBeForbiddenWhileTheyAreUsed) {
    Sentinel sentinel(saved("sentinel announce-hostnames yes\n"), 1, moment);
    const std::vector<std::string> words{"SENTINEL", "CONFIG", "SET", "resolve-hostnames", "no"};
    const auto answered = answer(sentinel, words, {}, moment);
    ASSERT_TRUE(answered.has_value());
    EXPECT_TRUE(answered->reply.is_error());
    EXPECT_TRUE(sentinel.state().options.resolve_hostnames);
}

}  // namespace
}  // namespace holdfast::sentinel
