// Votes and elections of sentinels, in simulated time.

#include <gtest/gtest.h>

#include <algorithm>

#include "sentinel/election.h"
#include "sentinel/hello.h"
#include "stage.h"

namespace holdfast::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The id of the `i`-th sentinel of Holdfast's make.
std::string id_of(Stage& stage, std::size_t i) {
    return stage.own(i).machine()->state().my_id;
}

TEST(SentinelVote, WhoHasVotedStandsByItForAWhile) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Address master = stage.redis().address();
    const auto ask = [&](std::uint64_t epoch, const std::string& candidate) {
        return machine.is_master_down(master, epoch, candidate, stage.city.moment()).leader;
    };
    EXPECT_EQ(ask(5, id_of(stage, 1)), id_of(stage, 1));
    EXPECT_EQ(ask(6, id_of(stage, 2)), id_of(stage, 1)) << "two would be elected one after the other";
    EXPECT_EQ(ask(7, id_of(stage, 1)), id_of(stage, 1));
    EXPECT_EQ(machine.is_master_down(master, 7, id_of(stage, 1), stage.city.moment()).leader_epoch, 7U);
    stage.town.run_for(milliseconds(1100));
    EXPECT_EQ(ask(8, id_of(stage, 2)), id_of(stage, 2));
    const std::string redis_sentinel(40, 'a');
    EXPECT_EQ(ask(9, redis_sentinel), redis_sentinel) << "those give and expect a vote in any newer epoch";
}

TEST(SentinelVote, OneThatDiedIsNotStoodBy) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Address master = stage.redis().address();
    static_cast<void>(machine.is_master_down(master, 5, id_of(stage, 1), stage.city.moment()));
    stage.own(1).crash();
    stage.town.run_for(milliseconds(50));
    EXPECT_EQ(machine.is_master_down(master, 6, id_of(stage, 2), stage.city.moment()).leader, id_of(stage, 2));
}

TEST(SentinelVote, WhoIsElectedAndAtItGivesNoneAway) {
    Stage stage;
    const Address master = stage.redis().address();
    bool asked = false;
    for (const auto& one : stage.town.own) {
        one->heard = [&, one = one.get()](const sentinel::Event& event) {
            if (event.name != "+elected-leader") return;
            stage.city.scheduler.after({}, [&, one] {
                asked = true;
                const auto& state = one->machine()->state();
                const std::string other = id_of(stage, one == stage.town.own[0].get() ? 1 : 0);
                const std::string leader =
                    one->machine()->is_master_down(master, state.current_epoch + 1, other, stage.city.moment()).leader;
                EXPECT_EQ(leader, state.my_id);
            });
        };
    }
    stage.redis().crash();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(3)));
    EXPECT_TRUE(asked);
}

TEST(SentinelVote, AnotherGroupsEpochEndsNoElectionOfTheOwnKind) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Address master = stage.redis().address();
    const sentinel::Hello hello{.sender = stage.own(1).address(),
                                .run_id = id_of(stage, 1),
                                .current_epoch = 9,
                                .group = std::string(group_name),
                                .master = master,
                                .config_epoch = 3};
    EXPECT_TRUE(machine.hello(format_hello(hello), stage.city.moment()));
    EXPECT_EQ(machine.state().current_epoch, 9U);
    const std::string redis_sentinel(40, 'a');
    EXPECT_EQ(machine.is_master_down(master, 8, redis_sentinel, stage.city.moment()).leader, "");
    EXPECT_EQ(machine.is_master_down(master, 3, id_of(stage, 2), stage.city.moment()).leader, "")
        << "a configuration of this epoch was won already";
    EXPECT_EQ(machine.is_master_down(master, 5, id_of(stage, 2), stage.city.moment()).leader, id_of(stage, 2));
}

TEST(SentinelVote, ANewerEpochThanTheOwnIsTakenUpFromARefusal) {
    TownPlan plan = tuned([](sentinel::SavedState& saved) { saved.options.hello_period = seconds(60); });
    Stage stage(plan);
    const std::string redis_sentinel(40, 'a');
    for (const std::size_t i : {std::size_t{1}, std::size_t{2}})
        static_cast<void>(
            stage.own(i).machine()->is_master_down(stage.redis().address(), 20, redis_sentinel, stage.city.moment()));
    stage.redis().crash();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(3)));
    EXPECT_EQ(stage.count("+try-failover"), 2U);
    EXPECT_EQ(stage.own().state().current_epoch, 21U);
}

/// Which of three sentinels stands first.
std::size_t first_in_turn(Stage& stage) {
    const auto place = [&stage](std::size_t i) {
        const std::string me = id_of(stage, i);
        sentinel::Rank rank(me, group_name);
        for (std::size_t other = 0; other < stage.town.own.size(); ++other) {
            if (other != i) rank.meet(id_of(stage, other));
        }
        return rank.place();
    };
    std::size_t first = 0;
    while (place(first) != 0)
        ++first;
    return first;
}

TEST(SentinelVote, WhoRefusesIsNotAskedAgainAndAgain) {
    TownPlan plan;
    plan.early_suspicion = milliseconds(100);
    Stage stage(plan);
    const Address master = stage.redis().address();
    const std::size_t candidate = first_in_turn(stage);
    const std::size_t one = (candidate + 1) % 3;
    const std::size_t other = (candidate + 2) % 3;
    const auto vote = [&](std::size_t voter, std::uint64_t epoch, const std::string& id) {
        static_cast<void>(stage.own(voter).machine()->is_master_down(master, epoch, id, stage.city.moment()));
    };
    vote(candidate, 9, std::string(40, 'a'));
    stage.town.run_for(seconds(5));
    vote(one, 5, id_of(stage, other));
    vote(other, 5, id_of(stage, one));
    stage.redis().crash();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() > 0; }, seconds(3)));
    EXPECT_GE(stage.count("-failover-abort-not-elected"), 1U);
    const auto asks_for_vote = [id = id_of(stage, candidate)](const std::string& line) {
        return line.find("is-master-down-by-addr") != std::string::npos && line.ends_with(id);
    };
    EXPECT_LE(std::ranges::count_if(stage.said, asks_for_vote), 20);
}

TEST(SentinelVote, AmongRedisSentinelsItStandsAsSoonAsOneOfThemAgrees) {
    for (int round = 0; round < 8; ++round) {
        TownPlan plan;
        plan.own = 1;
        plan.stock = 2;
        plan.down_after = seconds(2);
        Stage stage(plan);
        stage.town.run_for(milliseconds(130) * round);
        stage.city.net.pause(stage.redis());
        EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(5)));
        for (const auto& [election, leader] : stage.city.leaders)
            EXPECT_EQ(leader, id_of(stage, 0)) << "round " << round;
    }
}

TEST(SentinelVote, WhatAPeerSaidLastsAFewSeconds) {
    TownPlan plan;
    plan.own = 2;
    Stage stage(plan);
    stage.redis(1).crash();
    stage.redis(2).crash();
    stage.town.run_for(seconds(3));
    stage.redis().crash();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.count("own-1 +odown") == 1; }, seconds(3)));
    stage.city.net.pause(stage.own(1));
    EXPECT_TRUE(stage.town.run_until([&] { return stage.count("own-1 -odown") == 1; }, seconds(7)));
}

TEST(SentinelVote, OneStandsAtATimeHoweverLongMessagesTake) {
    for (const auto delay : {milliseconds(5), milliseconds(40), milliseconds(90)}) {
        TownPlan plan;
        plan.own = 5;
        Stage stage(plan);
        stage.city.net.least_latency = delay / 2;
        stage.city.net.most_latency = delay;
        stage.town.run_for(seconds(5));
        stage.redis().crash();
        EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 5; }, seconds(5)));
        EXPECT_EQ(stage.count("+try-failover"), 1U) << delay.count() << " ms";
        EXPECT_EQ(stage.count("-failover-abort"), 0U);
    }
}

TEST(SentinelVote, AVoteIsAnsweredOnlyWhenItIsDurableAndIsKeptInACrash) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Address master = stage.redis().address();
    const std::string a(40, 'a');
    const std::string b(40, 'b');
    const auto first = machine.is_master_down(master, 5, a, stage.city.moment());
    EXPECT_EQ(first.leader, a);
    EXPECT_EQ(first.leader_epoch, 5U);
    EXPECT_NE(first.after_save, 0U);
    const auto second = machine.is_master_down(master, 5, b, stage.city.moment());
    EXPECT_EQ(second.leader, a);
    EXPECT_EQ(second.after_save, first.after_save);
    stage.own().with([](sentinel::Sentinel&) {});
    stage.town.run_for(milliseconds(100));
    EXPECT_EQ(machine.is_master_down(master, 5, b, stage.city.moment()).after_save, 0U);
    stage.own().crash();
    stage.own().restart();
    const auto later = stage.own().machine()->is_master_down(master, 5, b, stage.city.moment());
    EXPECT_EQ(later.leader, "");
    EXPECT_EQ(later.leader_epoch, 5U);
    EXPECT_EQ(stage.own().machine()->is_master_down(master, 6, b, stage.city.moment()).leader, b);
}

TEST(SentinelVote, TheElectedOneRemembersItsOwnVoteInACrash) {
    Stage stage;
    SentinelProcess* elected = nullptr;
    for (const auto& one : stage.town.own) {
        one->heard = [&, one = one.get()](const sentinel::Event& event) {
            if (event.name != "+elected-leader") return;
            elected = one;
            stage.city.scheduler.after({}, [one] { one->crash(); });
        };
    }
    stage.redis().crash();
    ASSERT_TRUE(stage.town.run_until([&] { return elected != nullptr && !elected->is_up(); }, seconds(3)));
    const std::uint64_t epoch = stage.city.leaders.rbegin()->first.second;
    elected->restart();
    const auto answer =
        elected->machine()->is_master_down(stage.redis().address(), epoch, std::string(40, 'b'), stage.city.moment());
    EXPECT_EQ(answer.leader, "");
    EXPECT_GE(answer.leader_epoch, epoch);
}

TEST(SentinelVote, QuestionsAreNoVotesAndStrangersAreNotKnown) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const auto question = machine.is_master_down(stage.redis().address(), 9, "", stage.city.moment());
    EXPECT_FALSE(question.down);
    EXPECT_EQ(question.leader, "");
    EXPECT_EQ(machine.state().current_epoch, 0U);
    const auto stranger = machine.is_master_down({.host = "10.0.1.1", .port = 1}, 9, std::string(40, 'a'), stage.city.moment());
    EXPECT_EQ(stranger.leader, "");
    EXPECT_EQ(machine.state().current_epoch, 0U);
}

TEST(SentinelVote, AForgottenGroupsVotesAreNotGivenAgain) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Address master = stage.redis().address();
    EXPECT_EQ(machine.is_master_down(master, 5, std::string(40, 'a'), stage.city.moment()).leader, std::string(40, 'a'));
    stage.own().with([&](sentinel::Sentinel& one) {
        EXPECT_TRUE(one.remove(group_name, stage.city.moment()));
        EXPECT_TRUE(one.monitor(std::string(group_name), master, 2, stage.city.moment()));
    });
    EXPECT_EQ(machine.is_master_down(master, 5, std::string(40, 'b'), stage.city.moment()).leader, "");
}

TEST(SentinelVote, AHundredMastersAreReplacedAtOnce) {
    constexpr std::size_t groups = 100;
    City city(5);
    std::vector<std::unique_ptr<RedisModel>> servers;
    sentinel::SavedState saved;
    for (std::size_t i = 0; i < groups; ++i) {
        for (const char* net : {"10.1.0", "10.2.0"}) {
            const Address address{.host = fmt::format("{}.{}", net, i + 1), .port = 6379};
            servers.push_back(std::make_unique<RedisModel>(city, address.host, address));
            servers.back()->takes_writes = false;
            city.net.add(*servers.back());
        }
        const Address master = servers[2 * i]->address();
        servers.back()->follow(master);
        sentinel::SavedGroup& group = saved.groups.emplace_back();
        group.name = fmt::format("group-{}", i);
        group.master = master;
        group.options.quorum = 2;
        group.options.down_after = seconds(1);
        group.replicas.push_back({.address = servers.back()->address()});
    }
    std::vector<std::unique_ptr<SentinelProcess>> own;
    for (std::size_t i = 0; i < 3; ++i) {
        saved.my_id = std::string(40, static_cast<char>('a' + i));
        const Address address{.host = fmt::format("10.0.0.{}", i + 1), .port = 26379};
        own.push_back(std::make_unique<SentinelProcess>(city, fmt::format("own-{}", i + 1), address, saved));
        city.net.add(*own.back());
    }
    city.scheduler.run_until(city.now() + seconds(8));
    for (std::size_t i = 0; i < groups; ++i)
        servers[2 * i]->crash();
    city.scheduler.run_until(city.now() + milliseconds(2500));
    for (const auto& one : own)
        EXPECT_EQ(one->switches(), groups);
    city.scheduler.run_until(city.now() + seconds(5));
    for (const auto& one : own)
        EXPECT_EQ(one->switches(), groups);
    std::map<std::string, std::size_t> leaders;
    for (const auto& [election, leader] : city.leaders)
        ++leaders[leader];
    EXPECT_EQ(leaders.size(), 3U) << "the work is shared";
}

TEST(SentinelVote, NothingIsPromotedTwiceByASlowDisk) {
    Stage stage;
    for (const auto& one : stage.town.own) {
        one->least_disk = milliseconds(100);
        one->most_disk = milliseconds(300);
    }
    stage.redis().crash();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(4)));
    stage.town.run_for(seconds(10));
    EXPECT_EQ(stage.town.switches(), 3U);
    EXPECT_EQ(stage.city.elections, 1U);
}

}  // namespace
}  // namespace holdfast::sim
