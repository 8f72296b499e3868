#include "settings/reload.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "loading.h"

namespace holdfast::settings {
namespace {

using testing::file;
using Lines = std::vector<std::string>;

Settings loaded(std::string text) {
    return load(file(std::move(text))).value().settings;
}

TEST(Reload, ChangesWhatMayChangeAndKeepsTheRest) {
    const Settings current = loaded("[gateway]\nthreads = 2\nconnect_rate = 100\n");
    const Settings fresh = loaded("[gateway]\nthreads = 4\nconnect_rate = 250.5\n[log]\nlevel = \"debug\"\n");
    const Reload result = reload(current, fresh);
    EXPECT_EQ(result.settings.gateway.threads, 2U);
    EXPECT_EQ(result.settings.gateway.connect_rate, 250.5);
    EXPECT_EQ(result.settings.log.level, LogLevel::debug);
    EXPECT_EQ(result.sentences(), (Lines{"log.level is now debug (was info)", "gateway.connect_rate is now 250.5 (was 100)",
                                         "gateway.threads stays 2 until the next start, when it will be 4"}));
}

TEST(Reload, SaysNothingWhenNothingChanged) {
    const Settings same = loaded("[[cluster]]\nname = \"a\"\nsource = \"local\"\n");
    EXPECT_TRUE(reload(same, same).sentences().empty());
}

TEST(Reload, MasksSecrets) {
    const Reload result = reload(loaded("[probe]\npassword = \"hunter2\"\n"), loaded("[probe]\npassword = \"hunter3\"\n"));
    EXPECT_EQ(result.sentences(), (Lines{"probe.password stays as it is until the next start"}));
    EXPECT_EQ(result.settings.probe.password, "hunter2");
}

TEST(Reload, TakesStaticClustersAndKeepsLocalOnes) {
    const std::string west = "[[cluster]]\nname = \"west\"\n[[cluster.node]]\nname = \"w\"\naddress = \"h:1\"\n";
    const Settings current = loaded("[[cluster]]\nname = \"east\"\nsource = \"local\"\n");
    const Settings fresh = loaded("[[cluster]]\nname = \"east\"\nsource = \"local\"\nnodes = 5\n" + west);
    const Reload result = reload(current, fresh);
    ASSERT_EQ(result.settings.clusters.size(), 2U);
    EXPECT_EQ(result.settings.clusters[0].nodes, 2U);
    EXPECT_EQ(result.settings.clusters[1].name, "west");
    EXPECT_EQ(result.sentences(),
              (Lines{"the list of clusters is now east (2 nodes), west (1 node) (was east (2 nodes))",
                     "the list of local clusters stays east (2 nodes) until the next start, when it will be east (5 nodes)"}));
}

TEST(Reload, DoesNotLetAStaticClusterTakeARunningLocalOnesName) {
    const Settings current = loaded("[[cluster]]\nname = \"east\"\nsource = \"local\"\n");
    const Settings fresh = loaded("[[cluster]]\nname = \"east\"\n[[cluster.node]]\nname = \"e\"\naddress = \"h:1\"\n");
    const Reload result = reload(current, fresh);
    ASSERT_EQ(result.settings.clusters.size(), 1U);
    EXPECT_EQ(result.settings.clusters[0].source, ClusterSource::local);
    EXPECT_EQ(result.need_restart.size(), 1U);
}

TEST(Reload, TakesGroupsAndRedisMasters) {
    const std::string members = "[[group.member]]\nname = \"a\"\naddress = \"h:1\"\n";
    const std::string master = "[[sentinel.redis]]\nname = \"m\"\naddress = \"h:2\"\n";
    const Settings current = loaded(master + "[[group]]\nname = \"east\"\n" + members);
    const Settings fresh = loaded("[sentinel]\nlisten = \"127.0.0.1:7\"\ndown_after = \"2s\"\n" + master +
                                  "down_after = \"1s\"\n[[group]]\nname = \"east\"\npassword = \"hunter2\"\n" + members +
                                  "[[group]]\nname = \"west\"\n" + members);
    const Reload result = reload(current, fresh);
    EXPECT_EQ(result.settings.groups, fresh.groups);
    EXPECT_EQ(result.settings.redis_masters, fresh.redis_masters);
    EXPECT_EQ(result.settings.sentinel.listen, current.sentinel.listen);
    EXPECT_EQ(
        result.sentences(),
        (Lines{"sentinel.down_after is now 2s (was 5s)", "the Redis master m has changed",
               "the list of groups is now east (1 member), west (1 member) (was east (1 member))", "the group east has changed",
               "sentinel.listen stays 127.0.0.1:26379 until the next start, when it will be 127.0.0.1:7"}));
}

TEST(Reload, TakesAllocationRules) {
    const Reload result = reload(loaded(""), loaded("[[allocation.rule]]\nprefix = \"m\"\ncluster = \"east\"\n"));
    EXPECT_EQ(result.settings.allocation_rules.size(), 1U);
    EXPECT_EQ(result.changed.size(), 1U);
}

}  // namespace
}  // namespace holdfast::settings
