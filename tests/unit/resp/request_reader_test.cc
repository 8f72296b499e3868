// Requests as a Redis server reads them. What is refused, and how, was compared with redis-server 7.0.15.

#include "resp/request_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "resp/writer.h"

namespace holdfast::resp {
namespace {

using namespace std::string_literals;

std::vector<Words> read_all(RequestReader& reader) {
    std::vector<Words> all;
    for (;;) {
        auto next = reader.next();
        EXPECT_TRUE(next) << next.error().message();
        if (!next || !*next) return all;
        all.push_back(**next);
    }
}

std::string error_of(std::string_view bytes, RequestLimits limits = {}) {
    RequestReader reader(limits);
    reader.feed(bytes);
    for (;;) {
        const auto next = reader.next();
        if (!next) return next.error().message();
        if (!*next) return "";
    }
}

TEST(RequestReader, ReadsArraysOfWords) {
    RequestReader reader;
    reader.feed("*2\r\n$4\r\nPING\r\n$0\r\n\r\n*1\r\n$3\r\na\r\n\r\n");
    EXPECT_EQ(read_all(reader), (std::vector<Words>{{"PING", ""}, {"a\r\n"}}));
    EXPECT_EQ(reader.held(), 0u);
}

TEST(RequestReader, ReadsLinesOfWords) {
    RequestReader reader;
    reader.feed("PING\r\n  set a \"b c\\n\\x41\" 'd \\'e'\n\r\n\n echo x\ty \r\n");
    EXPECT_EQ(read_all(reader), (std::vector<Words>{{"PING"}, {"set", "a", "b c\nA", "d 'e"}, {"echo", "x", "y"}}));
}

TEST(RequestReader, SkipsArraysWithoutWords) {
    RequestReader reader;
    reader.feed("*0\r\n*-1\r\n*1\r\n$1\r\nx\r\n");
    EXPECT_EQ(read_all(reader), (std::vector<Words>{{"x"}}));
}

TEST(RequestReader, RefusesAsRedisDoes) {
    EXPECT_EQ(error_of("*x\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*01\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*+1\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*1048577\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*99999999999999999999\r\n"), "Protocol error: invalid multibulk length");
    EXPECT_EQ(error_of("*1\r\nPING\r\n"), "Protocol error: expected '$', got 'P'");
    EXPECT_EQ(error_of("*1\r\n\r\n"), "Protocol error: expected '$', got ' '");
    EXPECT_EQ(error_of("*1\r\n$-1\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("*1\r\n$1x\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("*1\r\n$536870913\r\n"), "Protocol error: invalid bulk length");
    EXPECT_EQ(error_of("set \"a\r\n"), "Protocol error: unbalanced quotes in request");
    EXPECT_EQ(error_of("set \"a\"b\r\n"), "Protocol error: unbalanced quotes in request");
    EXPECT_EQ(error_of("set 'a\r\n"), "Protocol error: unbalanced quotes in request");
    const std::string endless(70'000, '1');
    EXPECT_EQ(error_of(endless), "Protocol error: too big inline request");
    EXPECT_EQ(error_of("*" + endless), "Protocol error: too big mbulk count string");
    EXPECT_EQ(error_of("*1\r\n$" + endless), "Protocol error: too big bulk count string");
}

TEST(RequestReader, TakesLittleFromStrangers) {
    const RequestLimits strangers = RequestLimits::before_authentication();
    EXPECT_EQ(error_of("*11\r\n", strangers), "Protocol error: unauthenticated multibulk length");
    EXPECT_EQ(error_of("*1\r\n$16385\r\n", strangers), "Protocol error: unauthenticated bulk length");
    EXPECT_EQ(error_of("*10\r\n$16384\r\n", strangers), "");
    // The same request is fine once he has said who he is, also when it came with that.
    RequestReader reader(strangers);
    reader.feed("AUTH x\r\n*11\r\n");
    EXPECT_EQ(reader.next().value(), Words({"AUTH", "x"}));
    reader.set_limits({});
    EXPECT_EQ(reader.next().value(), std::nullopt);
}

TEST(RequestReader, KeepsNoMoreThanIsAllowedForARequest) {
    const RequestLimits small{.max_request = 1000};
    EXPECT_EQ(error_of("*1\r\n$1001\r\n", small), "a request of more than 1000 bytes is not taken");
    std::string many = "*500\r\n";
    for (int i = 0; i < 100; ++i)
        many += "$1\r\nx\r\n";
    EXPECT_EQ(error_of(many, small), "a request of more than 1000 bytes is not taken");
    RequestReader reader(small);
    std::string requests;
    for (int i = 0; i < 1000; ++i)
        requests += "*1\r\n$4\r\nPING\r\n";
    reader.feed(requests);
    EXPECT_EQ(read_all(reader).size(), 1000u);
}

TEST(RequestReader, RemainsBroken) {
    RequestReader reader;
    reader.feed("*1\r\nx\r\nPING\r\n");
    EXPECT_FALSE(reader.next());
    reader.feed("PING\r\n");
    EXPECT_FALSE(reader.next());
    EXPECT_LT(reader.held(), 100u);
}

TEST(RequestReader, ReadsTheSameHoweverItIsCut) {
    EXPECT_TRUE(rc::check([] {
        const auto requests = *rc::gen::resize(10, rc::gen::container<std::vector<Words>>(rc::gen::nonEmpty<Words>()));
        std::string bytes;
        for (const Words& words : requests)
            append_command(bytes, words);
        RequestReader reader;
        std::vector<Words> got;
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto size = *rc::gen::inRange<std::size_t>(1, 20);
            reader.feed(std::string_view(bytes).substr(at, size));
            at += size;
            for (Words& words : read_all(reader))
                got.push_back(std::move(words));
        }
        RC_ASSERT(got == requests);
        RC_ASSERT(reader.held() == 0u);
    }));
}

TEST(SplitWords, FollowsTheQuotingOfRedis) {
    EXPECT_EQ(split_words(""), Words());
    EXPECT_EQ(split_words(" \t "), Words());
    EXPECT_EQ(split_words("a\"b c\" d"), Words({"ab c", "d"}));
    EXPECT_EQ(split_words(R"("\x4" "\q\\")"), Words({"x4", "q\\"}));
    EXPECT_EQ(split_words("''"), Words({""}));
    EXPECT_EQ(split_words("a\0b"s), Words({"a"}));
    EXPECT_EQ(split_words("\"a\\\""), std::nullopt);
}

}  // namespace
}  // namespace holdfast::resp
