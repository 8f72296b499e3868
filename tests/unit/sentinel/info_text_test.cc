#include "sentinel/info_text.h"

#include <gtest/gtest.h>

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

TEST(InfoText, OfAMaster) {
    const InfoText info = read_info(
        "# Server\r\nredis_version:7.0.15\r\nrun_id:r1\r\n\r\n# Persistence\r\nloading:0\r\n# Replication\r\nrole:master\r\n"
        "connected_slaves:2\r\nslave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=0\r\n"
        "slave1:127.0.0.1,6381,online\r\nmaster_replid:h1\r\nmaster_replid2:0000000000000000000000000000000000000000\r\n"
        "master_repl_offset:4711\r\n# Keyspace\r\ndb0:keys=3,expires=0,avg_ttl=0\r\ndb5:keys=4,expires=1,avg_ttl=0\r\n");
    EXPECT_EQ(info.run_id, "r1");
    EXPECT_EQ(info.role, Role::master);
    EXPECT_EQ(info.replicas, (std::vector<Address>{{.host = "127.0.0.1", .port = 6380}, {.host = "127.0.0.1", .port = 6381}}));
    EXPECT_EQ(info.replication_id, "h1");
    EXPECT_EQ(info.replication_id2, "");
    EXPECT_EQ(info.master_offset, 4711U);
    EXPECT_EQ(info.keys, 7U);
    EXPECT_TRUE(info.shows_keys);
    EXPECT_FALSE(info.is_holdfast);
}

TEST(InfoText, OfAReplica) {
    const InfoText info = read_info(
        "run_id:r2\r\nloading:1\r\nrole:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:down\r\n"
        "master_sync_in_progress:1\r\nmaster_link_down_since_seconds:12\r\nslave_repl_offset:99\r\nslave_priority:0\r\n"
        "replica_announced:0\r\nmaster_replid:h1\r\nmaster_replid2:h0\r\nmaster_repl_offset:99\r\n");
    EXPECT_EQ(info.role, Role::replica);
    EXPECT_EQ(info.follows, (Address{.host = "10.0.0.1", .port = 6379}));
    EXPECT_FALSE(info.follows_link_up);
    EXPECT_EQ(info.follows_link_down_for, 12s);
    EXPECT_TRUE(info.sync_in_progress);
    EXPECT_TRUE(info.loading);
    EXPECT_EQ(info.replica_offset, 99U);
    EXPECT_EQ(info.priority, 0);
    EXPECT_FALSE(info.announced);
    EXPECT_EQ(info.replication_id2, "h0");
}

TEST(InfoText, OfASentinelOfHoldfast) {
    EXPECT_TRUE(read_info("redis_version:7.0.15\r\nholdfast_version:0.1\r\n").is_holdfast);
}

TEST(InfoText, ValuesThatCannotBeArePassedOver) {
    const InfoText info = read_info(
        "role:king\r\nslave0:ip=,port=6380\r\nslave1:ip=1.2.3.4,port=0\r\nslave2:ip=1.2.3.4,port=70000\r\nslave3:x\r\n"
        "master_link_down_since_seconds:-1\r\nmaster_repl_offset:x\r\nslave_priority:\r\nrun_id:a b\r\ndb0:keys=x\r\nno colon");
    EXPECT_FALSE(info.role);
    EXPECT_TRUE(info.replicas.empty());
    EXPECT_EQ(info.follows_link_down_for, 0s);
    EXPECT_EQ(info.priority, 100);
    EXPECT_EQ(info.run_id, "");
    EXPECT_EQ(info.keys, 0U);
}

TEST(InfoText, IsBounded) {
    std::string text = "role:master\n";
    for (std::size_t i = 0; i < 3000; ++i)
        text += fmt::format("slave{}:ip=10.0.{}.{},port=6379\n", i, i / 256, i % 256);
    EXPECT_EQ(read_info(text).replicas.size(), replicas_limit);
    EXPECT_EQ(read_info(std::string(info_text_limit, 'x') + "\nrole:master\n").role, std::nullopt);
}

}  // namespace
}  // namespace holdfast::sentinel
