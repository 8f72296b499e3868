// Single situations that a sentinel has to master, in simulated time.

#include <gtest/gtest.h>

#include <algorithm>

#include "sentinel/hello.h"
#include "stage.h"

namespace holdfast::sim {
namespace {

using sentinel::Repoint;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SentinelStory, EverybodyIsDiscovered) {
    Stage stage;
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(stage.group(i).replicas.size(), 2U);
        EXPECT_EQ(stage.group(i).peers.size(), 2U);
        EXPECT_EQ(stage.own(i).machine()->usable(group_name)->usable, 3U);
        for (const auto& [id, peer] : stage.group(i).peers)
            EXPECT_TRUE(peer.is_holdfast);
    }
    EXPECT_EQ(stage.count("sdown"), 0U);
    EXPECT_EQ(stage.count("+slave "), 6U);
    EXPECT_EQ(stage.count("+sentinel "), 6U);
}

TEST(SentinelStory, WhatAFileSaysTwiceIsOne) {
    Stage stage(tuned([](sentinel::SavedState& saved) {
        sentinel::SavedGroup& group = saved.groups.front();
        for (int i = 0; i < 2; ++i) {
            group.replicas.push_back({.address = {.host = "10.0.1.2", .port = 6379}});
            group.replicas.push_back({.address = group.master});
            group.peers.push_back({.address = {.host = "10.0.0.9", .port = 26379}, .run_id = std::string(40, 'f')});
            group.peers.push_back({.address = {.host = "10.0.0.8", .port = 26379}, .run_id = saved.my_id});
        }
        saved.groups.push_back(group);
    }));
    EXPECT_EQ(stage.own().state().groups.size(), 1U);
    EXPECT_EQ(stage.group().replicas.size(), 2U);
    EXPECT_EQ(stage.group().peers.size(), 3U);
    stage.own().with([&](sentinel::Sentinel& machine) { EXPECT_TRUE(machine.remove(group_name, stage.city.moment())); });
    stage.town.run_for(seconds(5));
    EXPECT_TRUE(stage.own().state().groups.empty());
    EXPECT_FALSE(stage.own().machine()->next_timer());
}

TEST(SentinelStory, WaitingIsCheap) {
    Stage stage;
    const std::size_t before = stage.own().ticks();
    stage.town.run_for(seconds(60));
    // PINGs, 20 a second to the master and 4 to the four others, hellos, INFO: nothing that comes in a tick.
    EXPECT_LT(stage.own().ticks() - before, 60U * 60);
}

TEST(SentinelStory, AScriptThatRunsForeverIsKilledOnce) {
    Stage stage;
    stage.redis().busy = true;
    stage.town.run_for(milliseconds(2500));
    EXPECT_GE(stage.count_said("SCRIPT KILL"), 1U);
    EXPECT_LE(stage.count_said("SCRIPT KILL"), 3U);
    EXPECT_EQ(stage.count("+switch-master"), 0U);
    stage.town.run_for(seconds(2));
    EXPECT_FALSE(stage.group().master.subjectively_down_since);
}

TEST(SentinelStory, PasswordsAreSaidAndCanBeChanged) {
    Stage stage(tuned([](sentinel::SavedState& saved) { saved.groups.front().options.auth_pass = "old"; }));
    for (const auto& server : stage.town.servers)
        server->password = "new";
    stage.set([](sentinel::GroupOptions& options) { options.auth_user = "watcher"; });
    stage.town.run_for(seconds(3));
    EXPECT_TRUE(stage.group().master.subjectively_down_since);
    EXPECT_GE(stage.count_said("AUTH watcher old"), 1U);
    stage.set([](sentinel::GroupOptions& options) { options.auth_pass = "new"; });
    stage.town.run_for(seconds(3));
    EXPECT_FALSE(stage.group().master.subjectively_down_since);
    EXPECT_EQ(stage.count("+set master mymaster 10.0.1.1 6379 auth-pass ******"), 3U);
    EXPECT_EQ(stage.count("old") + stage.count("new"), stage.count("new-epoch") + stage.count("new reported"));
}

TEST(SentinelStory, RenamedCommandsAreSaidByTheirNewNames) {
    Stage stage(tuned([](sentinel::SavedState& saved) {
        saved.groups.front().options.renamed_commands = {{"CONFIG", "XC"}, {"INFO", "INFO"}};
    }));
    stage.redis().crash();
    stage.town.run_for(seconds(3));
    EXPECT_GE(stage.count_said(" XC REWRITE"), 1U);
    EXPECT_EQ(stage.count_said(" CONFIG REWRITE"), 0U);
}

TEST(SentinelStory, OwnPausesAreNotTheMastersFault) {
    Stage stage;
    stage.city.net.pause(stage.own());
    stage.town.run_for(seconds(7));
    stage.city.net.resume(stage.own());
    stage.town.run_for(seconds(5));
    EXPECT_EQ(stage.count("own-1 +sdown"), 0U);
    EXPECT_EQ(stage.count("own-1 +tilt"), 1U);
    EXPECT_TRUE(stage.own().state().tilt_since);
    stage.town.run_for(seconds(30));
    EXPECT_EQ(stage.count("own-1 -tilt"), 1U);
    EXPECT_EQ(stage.count("+switch-master"), 0U);
}

TEST(SentinelStory, RefusalIsSuspectedEarly) {
    TownPlan plan;
    plan.early_suspicion = milliseconds(100);
    plan.down_after = seconds(30);
    Stage stage(plan);
    stage.redis().crash();
    const Time killed = stage.city.now();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, milliseconds(400)));
    EXPECT_LE(stage.city.now() - killed, milliseconds(200));
    stage.town.run_for(seconds(20));
    EXPECT_EQ(stage.town.switches(), 3U);
}

TEST(SentinelStory, AHangIsNoticedInTime) {
    Stage stage;
    stage.city.net.pause(stage.redis());
    const Time hung = stage.city.now();
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(3)));
    EXPECT_LE(stage.city.now() - hung, milliseconds(1150));
    stage.city.net.resume(stage.redis());
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.is_whole(); }, seconds(2)));
}

TEST(SentinelStory, ReplicasAreMovedAFewAtATime) {
    TownPlan plan;
    plan.servers = 6;
    Stage stage(plan);
    stage.set([](sentinel::GroupOptions& options) { options.parallel_syncs = 2; });
    stage.redis().crash();
    std::size_t most = 0;
    const auto watch = [&] {
        for (const auto& one : stage.town.own) {
            const auto under_way = std::ranges::count_if(one->state().groups.begin()->second.replicas, [](const auto& named) {
                return named.second.repoint == Repoint::sent || named.second.repoint == Repoint::in_progress;
            });
            most = std::max(most, static_cast<std::size_t>(under_way));
        }
        return stage.count("+failover-end ") == 1;
    };
    EXPECT_TRUE(stage.town.run_until(watch, seconds(10)));
    EXPECT_EQ(most, 2U);
    EXPECT_TRUE(stage.town.is_whole());
}

TEST(SentinelStory, TheMasterIsNeverToldToFollowItself) {
    Stage stage(tuned([](sentinel::SavedState& saved) {
        saved.groups.front().replicas.push_back({.address = {.host = "10.9.9.9", .port = 6379}});
    }));
    stage.city.net.add_alias({.host = "10.9.9.9", .port = 6379}, stage.redis());
    stage.town.run_for(seconds(60));
    EXPECT_EQ(stage.count("is the master itself by another address"), 3U);
    EXPECT_TRUE(stage.redis().is_master());
    EXPECT_EQ(stage.count_said("SLAVEOF"), 0U);
}

TEST(SentinelStory, AReplicaOfAnotherMasterIsPutRight) {
    TownPlan plan;
    plan.failover_timeout = seconds(5);
    Stage stage(plan);
    stage.redis(2).follow(stage.redis(1).address());
    stage.town.run_for(seconds(30));
    EXPECT_GE(stage.count("+fix-slave-config slave 10.0.1.3:6379"), 1U);
    EXPECT_EQ(stage.redis(2).master(), stage.redis(0).address());
}

TEST(SentinelStory, AReplicaThatMakesItselfAMasterIsPutRight) {
    Stage stage;
    stage.redis(2).follow({});
    stage.town.run_for(seconds(30));
    EXPECT_GE(stage.count("+convert-to-slave slave 10.0.1.3:6379"), 1U);
    EXPECT_EQ(stage.redis(2).master(), stage.redis(0).address());
}

TEST(SentinelStory, AMasterIsDemotedAtOnceOnlyForOneThatWasElected) {
    Stage stage;
    const sentinel::Hello hello{.sender = {.host = "10.0.9.9", .port = 26379},
                                .run_id = std::string(40, 'f'),
                                .current_epoch = 7,
                                .group = std::string(group_name),
                                .master = stage.redis(1).address(),
                                .config_epoch = 7};
    // By a failover by hand of a redis-sentinel, which asks nobody.
    stage.city.leaders[{std::string(group_name), 7}] = hello.run_id;
    stage.redis(1).follow({});
    stage.own().with(
        [&](sentinel::Sentinel& machine) { EXPECT_TRUE(machine.hello(format_hello(hello), stage.city.moment())); });
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(3)));
    stage.town.run_for(seconds(5));
    EXPECT_EQ(stage.count("+convert-to-slave slave 10.0.1.1:6379"), 0U);
    stage.town.run_for(seconds(10));
    EXPECT_GE(stage.count("+convert-to-slave slave 10.0.1.1:6379"), 1U);
}

TEST(SentinelStory, ADataLessReplicaIsNotChosen) {
    Stage stage;
    stage.redis(1).crash();
    stage.redis(1).restart(true);
    stage.redis(1).loading = true;
    stage.town.run_for(milliseconds(100));
    stage.redis(0).crash();
    stage.town.run_for(seconds(3));
    ASSERT_NE(stage.town.agreed_master(), nullptr);
    EXPECT_EQ(stage.town.agreed_master()->name(), "redis-3");
}

TEST(SentinelStory, ARestartedMasterIsDownForAWhileIfAskedSo) {
    Stage stage(tuned([](sentinel::SavedState& saved) {
        saved.groups.front().options.down_after = seconds(20);
        saved.groups.front().options.reboot_down_after = seconds(1);
    }));
    stage.redis().crash();
    stage.redis().restart();
    stage.redis().loading = true;
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.switches() == 3; }, seconds(5)));
    EXPECT_EQ(stage.count("+reboot master"), 3U);
}

TEST(SentinelStory, OrdersThatCannotBeAreRefused) {
    Stage stage;
    sentinel::Sentinel& machine = *stage.own().machine();
    const Moment now = stage.city.moment();
    EXPECT_TRUE(machine.monitor(std::string(group_name), {.host = "10.1.1.1", .port = 1}, 1, now)
                    .error()
                    .is(sentinel::SentinelErrc::duplicate_group));
    EXPECT_TRUE(machine.monitor("other", {.host = "", .port = 1}, 1, now).error().is(sentinel::SentinelErrc::bad_argument));
    EXPECT_TRUE(machine.remove("none", now).error().is(sentinel::SentinelErrc::unknown_group));
    EXPECT_TRUE(machine.failover("none", sentinel::FailoverKind::plain, now).error().is(sentinel::SentinelErrc::unknown_group));
    EXPECT_TRUE(machine.set_group("none", {}, now).error().is(sentinel::SentinelErrc::unknown_group));
    EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::plain, now));
    EXPECT_TRUE(
        machine.failover(group_name, sentinel::FailoverKind::plain, now).error().is(sentinel::SentinelErrc::failover_running));
}

TEST(SentinelStory, AFailoverByHandNeedsAReplicaAndAMajority) {
    Stage stage;
    stage.redis(1).crash();
    stage.redis(2).crash();
    stage.town.run_for(seconds(2));
    sentinel::Sentinel& machine = *stage.own().machine();
    EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::plain, stage.city.moment())
                    .error()
                    .is(sentinel::SentinelErrc::no_good_replica));
    stage.redis(1).restart();
    stage.own(1).crash();
    stage.own(2).crash();
    stage.town.run_for(seconds(4));
    EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::plain, stage.city.moment())
                    .error()
                    .is(sentinel::SentinelErrc::no_majority));
}

TEST(SentinelStory, APlainFailoverByHandDemotesTheOldMasterAtOnce) {
    Stage stage;
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::plain, stage.city.moment()));
    });
    EXPECT_TRUE(stage.town.run_until([&] { return !stage.redis().is_master(); }, milliseconds(200)));
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.is_whole(); }, seconds(2)));
    EXPECT_EQ(stage.town.switches(), 3U);
}

TEST(SentinelStory, AServerThatCannotPauseIsReplacedWithout) {
    Stage stage;
    stage.redis().can_pause = false;
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::coordinated, stage.city.moment()));
    });
    EXPECT_TRUE(stage.town.run_until([&] { return stage.town.is_whole() && stage.town.switches() == 3; }, seconds(3)));
    EXPECT_EQ(stage.count("cannot pause writes"), 1U);
}

TEST(SentinelStory, WritesGoOnWhenTheReplicaDoesNotCatchUp) {
    Stage stage;
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.failover(group_name, sentinel::FailoverKind::coordinated, stage.city.moment()));
    });
    EXPECT_TRUE(stage.town.run_until([&] { return stage.group().step == sentinel::FailoverStep::pause_writes; }, seconds(1)));
    for (const std::size_t i : {1U, 2U})
        stage.city.net.pause(stage.redis(i));
    stage.town.run_for(seconds(1));
    EXPECT_EQ(stage.group().step, sentinel::FailoverStep::none);
    EXPECT_EQ(stage.count_said("CLIENT UNPAUSE"), 1U);
    EXPECT_TRUE(stage.redis().is_master());
}

TEST(SentinelStory, ResetForgetsReplicasAndPeersAndFindsThemAgain) {
    Stage stage;
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_EQ(machine.reset("my*", stage.city.moment()), 1U);
        EXPECT_EQ(machine.reset("other", stage.city.moment()), 0U);
    });
    EXPECT_EQ(stage.group().replicas.size(), 0U);
    EXPECT_EQ(stage.group().peers.size(), 0U);
    stage.town.run_for(seconds(5));
    EXPECT_EQ(stage.group().replicas.size(), 2U);
    EXPECT_EQ(stage.group().peers.size(), 2U);
    EXPECT_EQ(stage.count("own-1 +reset-master master mymaster 10.0.1.1 6379"), 1U);
}

TEST(SentinelStory, AMovedSentinelAndOneInAnothersPlace) {
    Stage stage;
    const std::string peer = stage.own(1).id();
    const auto hello = [&](const std::string& id, const std::string& host, std::uint16_t port) {
        return sentinel::format_hello({.sender = {.host = host, .port = port},
                                       .run_id = id,
                                       .group = std::string(group_name),
                                       .master = stage.redis().address()});
    };
    stage.own().with(
        [&](sentinel::Sentinel& machine) { EXPECT_TRUE(machine.hello(hello(peer, "10.0.0.99", 26379), stage.city.moment())); });
    EXPECT_EQ(stage.count("own-1 +sentinel-address-switch master mymaster 10.0.1.1 6379 ip 10.0.0.99 port 26379 for " + peer),
              1U);
    EXPECT_EQ(stage.group().peers.at(peer).address.host, "10.0.0.99");
    const std::string stranger(40, 'f');
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.hello(hello(stranger, "10.0.0.99", 26379), stage.city.moment()));
    });
    EXPECT_EQ(stage.count("own-1 +sentinel-invalid-addr"), 1U);
    EXPECT_EQ(stage.group().peers.size(), 2U);
    EXPECT_TRUE(stage.group().peers.contains(stranger));
    stage.own().with([&](sentinel::Sentinel& machine) {
        EXPECT_TRUE(machine.hello(hello(stage.own().id(), "10.0.0.77", 26379), stage.city.moment()));
        EXPECT_FALSE(machine.hello("no hello", stage.city.moment()));
    });
    EXPECT_EQ(stage.count("has this one's id"), 1U);
}

TEST(SentinelStory, AShortTimeAmongRedisSentinelsIsWarnedOf) {
    TownPlan plan;
    plan.own = 1;
    plan.stock = 2;
    Stage stage(plan);
    EXPECT_EQ(stage.count("down-after-milliseconds is below 2000"), 1U);
    TownPlan other;
    other.own = 2;
    other.stock = 1;
    EXPECT_EQ(Stage(other).count("down-after-milliseconds is below 2000"), 0U);
}

}  // namespace
}  // namespace holdfast::sim
