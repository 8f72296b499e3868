// What [sentinel], [[sentinel.redis]] and [[group]] may not say.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "loading.h"

namespace holdfast::settings {
namespace {

using testing::file;
using testing::problems;
using Lines = std::vector<std::string>;

/// A sound group; a test breaks one thing.
std::string group(std::string_view name, std::string_view more = "", std::string_view second = "east-2",
                  std::string_view second_address = "10.0.0.2:1883") {
    return fmt::format(R"([[group]]
name = "{}"
{}
[[group.member]]
name = "east-1"
address = "10.0.0.1:1883"
[[group.member]]
name = "{}"
address = "{}"
)",
                       name, more, second, second_address);
}

TEST(SentinelSettings, TakesWhatFits) {
    EXPECT_EQ(
        problems("[sentinel]\npeers = [\"10.0.0.8:26379\", \"10.0.0.9:26379\"]\nquorum = 3\nannounce = \"10.0.0.7:26379\"\n" +
                 group("east", "quorum = 3") + group("west") +
                 "[[sentinel.redis]]\nname = \"east\"\naddress = \"redis.example:6379\"\nquorum = 5\n"),
        Lines{});
}

TEST(SentinelSettings, LetsRedisMastersHaveSentinelsThatNoSettingNames) {
    EXPECT_EQ(problems("[sentinel]\nquorum = 3\n[[sentinel.redis]]\nname = \"m\"\naddress = \"10.0.0.1:6379\"\n"), Lines{});
}

TEST(SentinelSettings, TellsNamesThatAreThereTwice) {
    EXPECT_EQ(problems(group("east") + group("east")),
              (Lines{"holdfast.toml:11:1: there are two groups of the name \"east\""}));
    EXPECT_EQ(problems(group("east", "", "east-1")),
              (Lines{"holdfast.toml:8:1: group \"east\" has two members of the name \"east-1\""}));
    EXPECT_EQ(problems(group("east", "", "east-2", "10.0.0.1:1883")),
              (Lines{"holdfast.toml:9:1: group \"east\" has two members at 10.0.0.1:1883: \"east-1\" and \"east-2\""}));
    EXPECT_EQ(problems("[[sentinel.redis]]\nname = \"m\"\naddress = \"10.0.0.1:6379\"\n"
                       "[[sentinel.redis]]\nname = \"m\"\naddress = \"10.0.0.2:6379\"\n"),
              (Lines{"holdfast.toml:5:1: there are two Redis masters of the name \"m\""}));
}

TEST(SentinelSettings, TellsTheSameHostInOtherLetters) {
    const auto told = problems(
        "[[group]]\nname = \"e\"\n[[group.member]]\nname = \"a\"\naddress = \"Broker:1\"\n"
        "[[group.member]]\nname = \"b\"\naddress = \"broker:1\"\n");
    EXPECT_EQ(told, (Lines{"holdfast.toml:8:1: group \"e\" has two members at broker:1: \"a\" and \"b\""}));
}

TEST(SentinelSettings, TellsAQuorumThatCannotBeMet) {
    EXPECT_EQ(problems(group("east", "quorum = 2")),
              (Lines{"holdfast.toml:3:1: group \"east\" wants a quorum of 2, but sentinel.peers makes only 1 sentinel"}));
    EXPECT_EQ(problems("[sentinel]\nquorum = 3\npeers = [\"10.0.0.9:26379\"]\n" + group("east")),
              (Lines{"holdfast.toml:2:1: sentinel.quorum is 3, but sentinel.peers makes only 2 sentinels for the groups"}));
    EXPECT_EQ(problems("[sentinel]\nquorum = 3\n" + group("east", "quorum = 1")), Lines{}) << "nobody uses it";
}

TEST(SentinelSettings, TellsAGroupWithoutMembers) {
    EXPECT_EQ(problems("[[group]]\nname = \"east\"\n"),
              (Lines{"holdfast.toml:2:1: group \"east\" has no members; add [[group.member]] tables under it"}));
    EXPECT_EQ(problems("[[group]]\nname = \"east\"\nmember = []\n"),
              (Lines{"holdfast.toml:2:1: group \"east\" has no members; add [[group.member]] tables under it"}));
}

TEST(SentinelSettings, TellsUnknownPolicies) {
    EXPECT_EQ(problems(group("east", "policy = \"round-robin\"")),
              (Lines{"holdfast.toml:3:10: group.policy is \"round-robin\", but must be one of \"active-standby\""}));
    const auto back = problems(group("east", "switch_back = \"soon\""));
    ASSERT_EQ(back.size(), 1U);
    EXPECT_NE(back[0].find("holdfast.toml:3:15: group.switch_back is \"soon\""), std::string::npos) << back[0];
    EXPECT_NE(back[0].find("must be one of \"by-hand\", \"automatic\", \"never\""), std::string::npos) << back[0];
    const auto probe = problems(group("east", "probe = \"icmp\""));
    ASSERT_EQ(probe.size(), 1U);
    EXPECT_NE(probe[0].find("group.probe is \"icmp\""), std::string::npos) << probe[0];
}

TEST(SentinelSettings, TellsHalfOfTls) {
    EXPECT_EQ(problems("[sentinel]\ntls_cert_file = \"c\"\ntls_key_file = \"k\"\ntls_ca_file = \"a\"\ntls_redis = true\n"),
              Lines{});
    EXPECT_EQ(problems("[sentinel]\ntls_key_file = \"k\"\n"),
              (Lines{"holdfast.toml:2:1: sentinel.tls_key_file is set, but sentinel.tls_cert_file is not; TLS needs both",
                     "holdfast.toml:2:1: sentinel.tls_key_file is set, but sentinel.tls_ca_file is not; TLS needs both"}));
    EXPECT_EQ(problems("[sentinel]\ntls_redis = true\n"),
              (Lines{"holdfast.toml:2:1: sentinel.tls_redis is true, but sentinel.tls_cert_file is not set; TLS needs both"}));
}

TEST(SentinelSettings, TellsNamesThatCannotBeSaid) {
    EXPECT_EQ(problems(group("-")), (Lines{"holdfast.toml:2:1: group.name is \"-\", which stands for no group at all"}));
    EXPECT_EQ(problems(group("east", "", "-")),
              (Lines{"holdfast.toml:8:1: group.member.name is \"-\", which stands for no member at all"}));
    EXPECT_EQ(problems(group("the east")), (Lines{"holdfast.toml:2:1: group.name is \"the east\", but a name has only letters, "
                                                  "digits, and the characters . _ - @ :"}));
}

TEST(SentinelSettings, TellsWhatCannotBeReached) {
    EXPECT_EQ(problems("[sentinel]\nlisten = \"127.0.0.1:0\"\n"),
              (Lines{"holdfast.toml:2:1: sentinel.listen is \"127.0.0.1:0\", but it needs a port"}));
    EXPECT_EQ(problems("[sentinel]\nannounce = \"here\"\n"),
              (Lines{"holdfast.toml:2:1: sentinel.announce: \"here\" is not an address such as \"127.0.0.1:1883\" or "
                     "\"[::1]:1883\""}));
    EXPECT_EQ(problems("[sentinel]\npeers = [\"a:1\", \"A:1\", \"127.0.0.1:26379\"]\n"),
              (Lines{"holdfast.toml:2:1: sentinel.peers names A:1 twice",
                     "holdfast.toml:2:1: sentinel.peers names 127.0.0.1:26379, which is this sentinel's own address; name the "
                     "others"}));
    EXPECT_EQ(problems("[[sentinel.redis]]\nname = \"m\"\naddress = \"10.0.0.1:0\"\n"),
              (Lines{"holdfast.toml:3:1: sentinel.redis.address is \"10.0.0.1:0\", but it needs a port"}));
    EXPECT_EQ(problems(group("east", "", "east-2", "10.0.0.2:0")),
              (Lines{"holdfast.toml:9:1: group.member.address is \"10.0.0.2:0\", but it needs a port"}));
    EXPECT_EQ(problems(group("east", "probe = \"http\"\nhttp_path = \"well here\"")),
              (Lines{"holdfast.toml:4:1: group.http_path is \"well here\", but must begin with / and have no spaces"}));
}

}  // namespace
}  // namespace holdfast::settings
