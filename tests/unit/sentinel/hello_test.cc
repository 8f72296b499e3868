#include "sentinel/hello.h"

#include <gtest/gtest.h>

namespace holdfast::sentinel {
namespace {

const std::string id(40, 'a');
const std::string usual = "127.0.0.1,26379," + id + ",7,mymaster,127.0.0.1,6380,5";

TEST(Hello, IsReadAndWrittenAlike) {
    const auto hello = parse_hello(usual);
    ASSERT_TRUE(hello);
    EXPECT_EQ(hello->sender, (Address{.host = "127.0.0.1", .port = 26379}));
    EXPECT_EQ(hello->run_id, id);
    EXPECT_EQ(hello->current_epoch, 7U);
    EXPECT_EQ(hello->group, "mymaster");
    EXPECT_EQ(hello->master, (Address{.host = "127.0.0.1", .port = 6380}));
    EXPECT_EQ(hello->config_epoch, 5U);
    EXPECT_EQ(format_hello(*hello), usual);
}

TEST(Hello, NamesAndV6NumbersAreAddressesToo) {
    EXPECT_TRUE(parse_hello("::1,26379," + id + ",7,mymaster,redis-1.example,6380,5"));
}

TEST(Hello, WhatIsNoneIsRefused) {
    const std::vector<std::string> wrong{
        std::string(),
        std::string(7, ','),
        usual + ",1",
        usual.substr(0, usual.rfind(',')),
        "127.0.0.1,70000," + id + ",7,mymaster,127.0.0.1,6380,5",
        "127.0.0.1,-1," + id + ",7,mymaster,127.0.0.1,6380,5",
        "127.0.0.1,26379,short,7,mymaster,127.0.0.1,6380,5",
        "127.0.0.1,26379," + id + ",x,mymaster,127.0.0.1,6380,5",
        "127.0.0.1,26379," + id + ",7,my master,127.0.0.1,6380,5",
        "127.0.0.1,26379," + id + ",7,mymaster\n,127.0.0.1,6380,5",
        "127.0.0.1,26379," + id + ",7,mymaster,,6380,5",
        "127.0.0.1,26379," + id + ",7,mymaster,127.0.0.1,6380,99999999999999999999999",
        usual + std::string(2000, '0'),
    };
    for (const std::string& text : wrong)
        EXPECT_FALSE(parse_hello(text)) << text;
}

}  // namespace
}  // namespace holdfast::sentinel
