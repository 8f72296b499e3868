// Rules as ACL SETUSER takes them; lines were compared with those of redis-sentinel 7.0.15.

#include "watch/access_list.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::watch {
namespace {

using Rules = std::vector<std::string>;

std::string error_of(AccessList& users, const Rules& rules) {
    const auto set = users.set("bob", rules);
    return set ? "" : set.error().message();
}

bool may(const AccessList& users, const Rules& words) {
    const auto* const command = sentinel::find_command(words);
    return command != nullptr && users.find("bob")->may_run(*command);
}

TEST(AccessList, BeginsWithADefaultUserWhoMayDoEverything) {
    AccessList users;
    EXPECT_EQ(users.lines(), (std::vector<std::string>{"user default on nopass ~* &* +@all"}));
    EXPECT_TRUE(users.authenticate("default", "anything"));
    users.set_default_password("secret");
    EXPECT_FALSE(users.authenticate("default", "anything"));
    EXPECT_TRUE(users.authenticate("default", "secret"));
    EXPECT_FALSE(users.authenticate("bob", "secret"));
}

TEST(AccessList, WritesUsersAsRedisDoes) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"on", ">pw", "+ping", "&foo"}), "");
    EXPECT_EQ(users.find("bob")->line(),
              "user bob on #30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4 resetchannels &foo -@all +ping");
    AccessList again;
    ASSERT_TRUE(again.set("bob", Rules{"on", "#30c952fab122c3f9759f02a6d95c3758b246b4fee239957b2d4fee46e26170c4",
                                       "resetchannels", "&foo", "-@all", "+ping"}));
    EXPECT_EQ(again.find("bob")->line(), users.find("bob")->line());
    EXPECT_TRUE(again.authenticate("bob", "pw"));
}

TEST(AccessList, TheLastRuleThatFitsCounts) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"on", "+@all", "-sentinel", "+sentinel|masters"}), "");
    EXPECT_TRUE(may(users, {"ping"}));
    EXPECT_TRUE(may(users, {"SENTINEL", "masters"}));
    EXPECT_FALSE(may(users, {"sentinel", "set", "m", "quorum", "1"}));
    ASSERT_EQ(error_of(users, {"-@connection"}), "");
    EXPECT_FALSE(may(users, {"ping"}));
    ASSERT_EQ(error_of(users, {"+sentinel"}), "");
    EXPECT_TRUE(may(users, {"sentinel", "set", "m", "quorum", "1"}));
    ASSERT_EQ(error_of(users, {"nocommands"}), "");
    EXPECT_FALSE(may(users, {"sentinel", "masters"}));
}

TEST(AccessList, ChecksChannels) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"&+*", "&-sdown"}), "");
    const AccessUser& bob = *users.find("bob");
    EXPECT_TRUE(bob.may_use_channel("+odown", false));
    EXPECT_TRUE(bob.may_use_channel("-sdown", false));
    EXPECT_FALSE(bob.may_use_channel("-odown", false));
    EXPECT_TRUE(bob.may_use_channel("+*", true));
    EXPECT_FALSE(bob.may_use_channel("+s*", true)) << "patterns must be allowed as they are";
    EXPECT_TRUE(users.find("default")->may_use_channel("x*", true));
}

TEST(AccessList, RefusesAsRedisDoesAndChangesNothing) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"on"}), "");
    const std::string before = users.find("bob")->line();
    EXPECT_EQ(error_of(users, {"+ping", "+foo"}),
              "Error in ACL SETUSER modifier '+foo': Unknown command or category name in ACL");
    EXPECT_EQ(error_of(users, {"+@foo"}), "Error in ACL SETUSER modifier '+@foo': Unknown command or category name in ACL");
    EXPECT_EQ(error_of(users, {"zork"}), "Error in ACL SETUSER modifier 'zork': Syntax error");
    EXPECT_EQ(error_of(users, {"<secret"}),
              "Error in ACL SETUSER modifier '<***': The password you are trying to remove from the user does not exist")
        << "passwords are not said back";
    EXPECT_NE(error_of(users, {"#12"}), "");
    EXPECT_NE(error_of(users, {"(+ping)"}), "");
    EXPECT_NE(error_of(users, {""}), "");
    EXPECT_EQ(users.find("bob")->line(), before);
    EXPECT_FALSE(users.set("a b", Rules{"on"}));
}

TEST(AccessList, RemovesUsersButNotTheDefaultOne) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"on"}), "");
    EXPECT_TRUE(users.remove("bob"));
    EXPECT_FALSE(users.remove("bob"));
    EXPECT_FALSE(users.remove("default"));
}

TEST(AccessList, NobodyLogsInAsAUserWhoIsOff) {
    AccessList users;
    ASSERT_EQ(error_of(users, {"nopass"}), "");
    EXPECT_FALSE(users.authenticate("bob", ""));
    ASSERT_EQ(error_of(users, {"on"}), "");
    EXPECT_TRUE(users.authenticate("bob", ""));
}

TEST(AccessList, IsBounded) {
    AccessList users;
    Rules rules;
    for (std::size_t i = 0; i <= AccessList::max_rules; ++i)
        rules.push_back("&channel-" + std::to_string(i));
    EXPECT_NE(error_of(users, rules), "");
}

}  // namespace
}  // namespace holdfast::watch
