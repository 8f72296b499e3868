#include "redis/reply_reader.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <vector>

#include "resp/writer.h"

namespace holdfast::redis {
namespace {

using resp::Reply;

std::vector<Reply> read_all(ReplyReader& reader) {
    std::vector<Reply> all;
    for (;;) {
        auto next = reader.next();
        EXPECT_TRUE(next) << next.error().message();
        if (!next || !*next) return all;
        all.push_back(std::move(**next));
    }
}

std::string error_of(std::string_view bytes, ReplyLimits limits = {}) {
    ReplyReader reader(limits);
    reader.feed(bytes);
    const auto next = reader.next();
    return next ? "" : next.error().message();
}

TEST(ReplyReader, ReadsEveryKind) {
    ReplyReader reader;
    reader.feed("+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*3\r\n:1\r\n*2\r\n$-1\r\n*-1\r\n+x\r\n*0\r\n");
    EXPECT_EQ(read_all(reader),
              (std::vector<Reply>{
                  Reply::status("OK"), Reply::error("ERR no"), Reply::number(-7), Reply::bulk("a\r\n"), Reply::null_bulk(),
                  Reply::null_array(),
                  Reply::array({Reply::number(1), Reply::array({Reply::null_bulk(), Reply::null_array()}), Reply::status("x")}),
                  Reply::array({})}));
}

TEST(ReplyReader, RefusesWhatIsNoReply) {
    EXPECT_NE(error_of("HTTP/1.1 400 Bad Request\r\n"), "");
    EXPECT_NE(error_of("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n"), "") << "nested too deep";
    EXPECT_NE(error_of("*-2\r\n"), "");
    EXPECT_NE(error_of("$-2\r\n"), "");
}

TEST(ReplyReader, KeepsItsBounds) {
    EXPECT_EQ(error_of("$100000000\r\n"), "") << "what is only announced takes nothing";
    EXPECT_EQ(error_of("*2147483647\r\n:1\r\n"), "");
    EXPECT_EQ(error_of("$2000\r\n" + std::string(1500, 'x'), {.max_bytes = 1000}), "a reply of more than 1000 bytes");
    std::string many = "*100\r\n";
    for (int i = 0; i < 100; ++i)
        many += ":1\r\n";
    EXPECT_EQ(error_of(many, {.max_items = 50}), "a reply with more than 50 items");
}

TEST(ReplyReader, CountsEachReplyAnew) {
    ReplyReader reader({.max_bytes = 64, .max_items = 3});
    for (int round = 0; round < 1000; ++round) {
        reader.feed("*2\r\n:1\r\n:2\r\n+O");
        EXPECT_EQ(read_all(reader).size(), 1u);
        reader.feed("K\r\n");
        EXPECT_EQ(read_all(reader).size(), 1u);
    }
}

rc::Gen<Reply> any_reply(int depth) {
    const auto text = rc::gen::container<std::string>(rc::gen::inRange('a', 'z'));
    const auto leaf = rc::gen::oneOf(rc::gen::map(text, Reply::status), rc::gen::map(text, Reply::error),
                                     rc::gen::map(rc::gen::arbitrary<std::string>(), Reply::bulk),
                                     rc::gen::map(rc::gen::arbitrary<std::int64_t>(), Reply::number),
                                     rc::gen::just(Reply::null_bulk()), rc::gen::just(Reply::null_array()));
    if (depth == 0) return leaf;
    return rc::gen::oneOf(leaf, rc::gen::map(rc::gen::container<std::vector<Reply>>(any_reply(depth - 1)), Reply::array));
}

TEST(ReplyReader, ReadsWhatTheWriterWritesHoweverItIsCut) {
    EXPECT_TRUE(rc::check([] {
        // Trees grow fast with their size.
        constexpr int few = 4;
        const auto replies = *rc::gen::resize(few, rc::gen::container<std::vector<Reply>>(any_reply(2)));
        std::string bytes;
        for (const Reply& reply : replies)
            resp::append_reply(bytes, reply);
        ReplyReader reader;
        std::vector<Reply> got;
        for (std::size_t at = 0; at < bytes.size();) {
            const auto size = *rc::gen::inRange<std::size_t>(1, 40);
            reader.feed(std::string_view(bytes).substr(at, size));
            at += size;
            for (Reply& reply : read_all(reader))
                got.push_back(std::move(reply));
        }
        RC_ASSERT(got == replies);
    }));
}

}  // namespace
}  // namespace holdfast::redis
