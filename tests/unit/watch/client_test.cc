// A client's replies: in order, and not before what they wait for is on the disk.

#include "watch/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/listen.h"
#include "support/run_until.h"

namespace holdfast::watch {
namespace {

using resp::Reply;

struct ClientTest : testing::Test, ClientUser {
    boost::asio::io_context io{1};
    net::TcpSocket other_end{io};
    ClientTraffic traffic;
    std::shared_ptr<Client> client;
    std::function<void(Client&, const resp::Words&)> handle = [](Client& c, const resp::Words& words) {
        c.reply(Reply::bulk(words[0]));
    };
    std::string gone;
    std::string got;

    void SetUp() override {
        auto listener = net::open_listener(io, {boost::asio::ip::make_address("127.0.0.1"), 0}, {}, "the test", "nothing");
        ASSERT_TRUE(listener);
        other_end.connect(listener->local_endpoint());
        net::TcpSocket socket = listener->accept();
        other_end.non_blocking(true);
        client = std::make_shared<Client>(std::move(socket), ClientFacts{.id = 1}, traffic, *this);
        client->start(nullptr);
    }

    void on_request(Client& c, const resp::Words& words) override { handle(c, words); }
    void on_gone(Client&, std::string_view why) override { gone = why; }

    void say(std::string_view text) {
        ASSERT_EQ(::send(other_end.native_handle(), text.data(), text.size(), 0), std::ssize(text));
    }
    void read() {
        std::array<char, 64 * 1024> buffer{};
        for (ssize_t size = 0; (size = ::recv(other_end.native_handle(), buffer.data(), buffer.size(), 0)) > 0;)
            got.append(buffer.data(), static_cast<std::size_t>(size));
    }
    bool gets(const std::string& text) {
        return test::run_until(io, [&] {
            read();
            return got == text;
        });
    }
    /// Everything that can happen now has happened.
    void settle() {
        for (int round = 0; round < 20; ++round) {
            io.restart();
            io.poll();
        }
        read();
    }
};

TEST_F(ClientTest, AnswersInOrder) {
    say("a\r\nb\r\n*1\r\n$1\r\nc\r\n");
    EXPECT_TRUE(gets("$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"));
    EXPECT_EQ(traffic.output_bytes, got.size());
}

TEST_F(ClientTest, SaysNothingBeforeTheSaveIsOver) {
    handle = [](Client& c, const resp::Words& words) {
        if (words[0] == "vote") return c.reply(sentinel::Answer{.reply = Reply::bulk("voted"), .after_save = 5});
        c.reply(Reply::bulk(words[0]));
    };
    say("a\r\nvote\r\nb\r\n");
    EXPECT_TRUE(gets("$1\r\na\r\n"));
    client->push(Reply::bulk("event"));
    client->saves_over(4, true);
    settle();
    EXPECT_EQ(got, "$1\r\na\r\n");
    client->saves_over(6, true);
    EXPECT_TRUE(gets("$1\r\na\r\n$5\r\nvoted\r\n$1\r\nb\r\n$5\r\nevent\r\n"));
}

TEST_F(ClientTest, HandlesWhatFollowsWhileAnAnswerWaits) {
    sentinel::SaveNumber save = 0;
    handle = [&save](Client& c, const resp::Words& words) {
        c.reply(sentinel::Answer{.reply = Reply::bulk(words[0]), .after_save = ++save});
    };
    say("a\r\nb\r\nc\r\n");
    EXPECT_TRUE(test::run_until(io, [&] { return save == 3; }));
    client->saves_over(2, true);
    EXPECT_TRUE(gets("$1\r\na\r\n$1\r\nb\r\n"));
    client->saves_over(3, true);
    EXPECT_TRUE(gets("$1\r\na\r\n$1\r\nb\r\n$1\r\nc\r\n"));
}

TEST_F(ClientTest, HandlesNoMoreWhenVeryManyAnswersWait) {
    std::size_t handled = 0;
    handle = [&handled](Client& c, const resp::Words&) {
        ++handled;
        c.reply(sentinel::Answer{.reply = Reply::bulk("x"), .after_save = 1});
    };
    std::string many;
    for (int i = 0; i < 3000; ++i)
        many += "x\r\n";
    say(many);
    settle();
    EXPECT_GT(handled, 500U);
    EXPECT_LT(handled, 2000U);
    client->saves_over(1, true);
    EXPECT_TRUE(test::run_until(io, [&] {
        client->saves_over(1, true);
        return handled == 3000;
    }));
}

TEST_F(ClientTest, SaysSomethingElseWhenTheSaveFailed) {
    handle = [](Client& c, const resp::Words&) {
        c.reply(sentinel::Answer{.reply = Reply::status("OK"), .after_save = 1, .if_not_saved = Reply::error("ERR no")});
    };
    say("x\r\n");
    settle();
    client->saves_over(1, false);
    EXPECT_TRUE(gets("-ERR no\r\n"));
    say("x\r\n");
    settle();
    client->saves_over(2, true);
    EXPECT_TRUE(gets("-ERR no\r\n+OK\r\n"));
}

TEST_F(ClientTest, EndsAfterAProtocolError) {
    say("*1\r\nx\r\na\r\n");
    EXPECT_TRUE(gets("-ERR Protocol error: expected '$', got 'x'\r\n"));
    EXPECT_TRUE(test::run_until(io, [&] { return !gone.empty(); }));
}

TEST_F(ClientTest, HandlesNoMoreForOneWhoDoesNotRead) {
    int handled = 0;
    handle = [&](Client& c, const resp::Words&) {
        ++handled;
        c.reply(Reply::bulk(std::string(100'000, 'x')));
    };
    std::string requests;
    for (int i = 0; i < 500; ++i)
        requests += "x\r\n";
    say(requests);
    settle();
    const int before = handled;
    EXPECT_LT(before, 200) << "what the sockets take, and some more";
    EXPECT_LT(client->unsent(), 1'000'000u);
    EXPECT_TRUE(test::run_until(io, [&] {
        read();
        return handled == 500;
    })) << "and goes on when it reads";
}

TEST_F(ClientTest, EndsASubscriberWhoDoesNotRead) {
    for (int i = 0; i < 100 && client->unsent() < 64'000'000; ++i)
        client->push(Reply::bulk(std::string(1'000'000, 'x')));
    EXPECT_TRUE(test::run_until(io, [&] { return !gone.empty(); }));
    EXPECT_NE(gone.find("does not read"), std::string::npos) << gone;
}

TEST_F(ClientTest, LeavesOutRepliesThatNobodyWants) {
    handle = [](Client& c, const resp::Words& words) {
        if (words[0] == "off") c.facts().silent = true;
        if (words[0] == "on") c.facts().silent = false;
        if (words[0] == "skip") {
            c.facts().skip = 1;
            return;
        }
        c.reply(Reply::bulk(words[0]));
    };
    say("off\r\na\r\non\r\nskip\r\nb\r\nc\r\n");
    EXPECT_TRUE(gets("$2\r\non\r\n$1\r\nc\r\n"));
}

}  // namespace
}  // namespace holdfast::watch
