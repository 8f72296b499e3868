// A link and what can become of it, over real sockets.

#include "redis/link.h"

#include <gtest/gtest.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/listen.h"
#include "support/run_until.h"

namespace holdfast::redis {
namespace {

using resp::Reply;

struct LinkTest : testing::Test, RedisLinkUser {
    boost::asio::io_context io{1};
    std::optional<net::TcpAcceptor> listener;
    std::optional<RedisLink> link;
    std::string local;
    std::vector<Reply> replies;
    std::optional<LinkEnd> ended;
    std::string why;
    bool leave_at_reply = false;

    void SetUp() override { listen({}); }
    void listen(const net::ListenOptions& options) {
        auto opened = net::open_listener(io, {boost::asio::ip::make_address("127.0.0.1"), 0}, options, "the test", "nothing");
        ASSERT_TRUE(opened);
        listener.emplace(std::move(*opened));
    }
    [[nodiscard]] std::uint16_t port() const { return listener->local_endpoint().port(); }

    void on_open(std::string_view address) override { local = address; }
    void on_reply(Reply reply) override {
        replies.push_back(std::move(reply));
        if (leave_at_reply) link.reset();
    }
    void on_end(LinkEnd end, std::string_view sentence) override {
        ended = end;
        why = sentence;
        link.reset();
    }

    void open(const net::HostPort& address, LinkOptions options = {}) {
        link.emplace(io, std::move(options), *this);
        link->open(address);
    }
    net::TcpSocket opened(LinkOptions options = {}) {
        open({"127.0.0.1", port()}, std::move(options));
        EXPECT_TRUE(test::run_until(io, [&] { return !local.empty(); }));
        listener->non_blocking(false);
        net::TcpSocket there = listener->accept();
        there.non_blocking(true);
        return there;
    }
    bool ends(LinkEnd expected) {
        return test::run_until(io, [&] { return ended.has_value(); }) && ended == expected;
    }
    static void answer(net::TcpSocket& socket, const std::string& text) {
        ASSERT_EQ(socket.write_some(boost::asio::buffer(text)), text.size());
    }
};

TEST_F(LinkTest, SaysCommandsAndGivesReplies) {
    net::TcpSocket there = opened();
    EXPECT_EQ(local, "127.0.0.1");
    link->send(std::vector<std::string>{"PING"});
    link->send(std::vector<std::string>{"GET", "x"});
    std::string heard;
    EXPECT_TRUE(test::run_until(io, [&] {
        std::array<char, 256> buffer{};
        net::ErrorCode error;
        heard.append(buffer.data(), there.read_some(boost::asio::buffer(buffer), error));
        return heard == "*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\nx\r\n";
    }));
    answer(there, "+PONG\r\n$-1");
    EXPECT_TRUE(test::run_until(io, [&] { return replies.size() == 1; }));
    answer(there, "\r\n");
    EXPECT_TRUE(test::run_until(io, [&] { return replies.size() == 2; }));
    EXPECT_EQ(replies, (std::vector<Reply>{Reply::status("PONG"), Reply::null_bulk()}));
    there.close();
    EXPECT_TRUE(ends(LinkEnd::ended));
}

TEST_F(LinkTest, SaysThatNobodyListens) {
    const std::uint16_t nobody = port();
    listener.reset();
    open({"127.0.0.1", nobody});
    EXPECT_TRUE(ends(LinkEnd::refused)) << why;
}

TEST_F(LinkTest, SaysThatANameIsNotKnown) {
    open({"no-such-host.invalid", 1}, {.connect_timeout = std::chrono::seconds(15)});
    EXPECT_TRUE(ends(LinkEnd::unresolved)) << why;
}

TEST_F(LinkTest, ConnectsByName) {
    open({"localhost", port()});
    EXPECT_TRUE(test::run_until(io, [&] { return !local.empty(); }));
}

TEST_F(LinkTest, GivesUpAServerThatDoesNotAnswerInTime) {
    // A listener whose queue is full answers nobody.
    listen({.backlog = 0});
    std::deque<net::TcpSocket> queue;
    for (int i = 0; i < 4; ++i) {
        queue.emplace_back(io).async_connect(listener->local_endpoint(), [](const net::ErrorCode&) {});
    }
    open({"127.0.0.1", port()}, {.connect_timeout = std::chrono::milliseconds(100)});
    EXPECT_TRUE(ends(LinkEnd::timed_out)) << why;
}

TEST_F(LinkTest, EndsWhenWhatComesIsNoReply) {
    net::TcpSocket there = opened();
    answer(there, "+OK\r\nHTTP/1.1 400 Bad Request\r\n\r\n");
    EXPECT_TRUE(ends(LinkEnd::ended));
    EXPECT_EQ(replies.size(), 1u);
    EXPECT_NE(why.find("no reply"), std::string::npos) << why;
}

TEST_F(LinkTest, EndsWithAServerThatReadsNothing) {
    net::TcpSocket there = opened({.max_unsent = 100'000});
    const std::vector<std::string> much{"SET", "x", std::string(90'000, 'x')};
    for (int i = 0; i < 1000 && !ended; ++i) {
        if (link) link->send(much);
        io.restart();
        io.poll();
    }
    EXPECT_TRUE(ends(LinkEnd::ended));
    EXPECT_NE(why.find("reads nothing"), std::string::npos) << why;
}

TEST_F(LinkTest, MayBeDroppedWhereverItsUserIsCalled) {
    leave_at_reply = true;
    net::TcpSocket there = opened();
    answer(there, "+A\r\n+B\r\n");
    EXPECT_TRUE(test::run_until(io, [&] { return !replies.empty(); }));
    io.restart();
    io.poll();
    EXPECT_EQ(replies.size(), 1u);
    EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace holdfast::redis
