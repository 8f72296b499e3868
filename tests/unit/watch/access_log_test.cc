#include "watch/access_log.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::watch {
namespace {

using std::chrono::seconds;

TEST(AccessLog, CountsTheSameAndKeepsTheNewest) {
    AccessLog log(3);
    Time now{seconds(1000)};
    for (const char* const object : {"a", "b", "b", "c", "d"})
        log.note({.reason = "command", .object = object, .user = "bob", .client = "id=1"}, now);
    const resp::Reply all = log.answer({"ACL", "LOG"}, now + seconds(2));
    ASSERT_EQ(all.items.size(), 3u);
    EXPECT_EQ(all.items[0].items[7].text, "d");
    EXPECT_EQ(all.items[2].items[7].text, "b");
    EXPECT_EQ(all.items[2].items[1].integer, 2);
    EXPECT_EQ(all.items[2].items[11].text, "2.000");
    now += seconds(100);
    log.note({.reason = "command", .object = "b", .user = "bob", .client = "id=1"}, now);
    EXPECT_EQ(log.answer({"ACL", "LOG", "1"}, now).items.at(0).items[1].integer, 1) << "it is long ago";
    EXPECT_TRUE(log.answer({"ACL", "LOG", "x"}, now).is_error());
    EXPECT_EQ(log.answer({"ACL", "LOG", "RESET"}, now).text, "OK");
    EXPECT_TRUE(log.answer({"ACL", "LOG"}, now).items.empty());
}

TEST(AccessLog, ShortensWhatStrangersSay) {
    AccessLog log(1);
    log.note({.reason = "auth", .object = "AUTH", .user = std::string(10'000, 'x'), .client = ""}, {});
    EXPECT_EQ(log.answer({"ACL", "LOG"}, {}).items.at(0).items[9].text.size(), 256u);
}

}  // namespace
}  // namespace holdfast::watch
