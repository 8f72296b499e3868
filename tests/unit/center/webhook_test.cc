// The end of a command told to a real HTTP server.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <thread>

#include "center_stage.h"

namespace holdfast::center::testing {
namespace {

namespace asio = boost::asio;

/// Takes calls one after the other on a thread of its own, and answers with the given statuses.
class Receiver {
public:
    explicit Receiver(std::vector<int> statuses) : thread_([this, statuses = std::move(statuses)] { serve(statuses); }) {}
    ~Receiver() { thread_.join(); }

    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/hook"; }
    std::vector<std::string> calls;  ///< whole requests; read after `done`
    std::atomic<bool> done = false;

private:
    void serve(const std::vector<int>& statuses) {
        for (const int status : statuses) {
            asio::ip::tcp::socket socket(io_);
            acceptor_.accept(socket);
            std::string call;
            std::array<char, 4096> piece;
            const auto whole = [&] {
                const auto end = call.find("\r\n\r\n");
                const auto length = call.find("Content-Length: ");
                return end != std::string::npos && length != std::string::npos &&
                       call.size() >= end + 4 + std::stoul(call.substr(length + 16));
            };
            while (!whole())
                call.append(piece.data(), socket.read_some(asio::buffer(piece)));
            calls.push_back(call);
            const std::string answer =
                "HTTP/1.1 " + std::to_string(status) + " x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            asio::write(socket, asio::buffer(answer));
        }
        done = true;
    }

    asio::io_context io_;
    asio::ip::tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
    std::uint16_t port_ = acceptor_.local_endpoint().port();
    std::thread thread_;
};

std::string header(const std::string& call, const std::string& name) {
    const auto at = call.find(name + ": ");
    if (at == std::string::npos) return {};
    const auto from = at + name.size() + 2;
    return call.substr(from, call.find("\r\n", from) - from);
}

class WebhookTest : public ::testing::Test, protected CenterStage {
protected:
    CenterOptions with_webhooks() {
        CenterOptions how = options();
        how.webhooks.secret = "s3cret";
        how.webhooks.body = [](const command::Command& command) {
            return command.id.text() + " " + std::string(to_string(command.state));
        };
        how.webhooks.backoff_first = std::chrono::milliseconds(10);
        return how;
    }
};

TEST_F(WebhookTest, ACallIsSignedAndRepeatedUntilItIsTaken) {
    Receiver receiver({500, 503, 200});
    CommandCenter& center = start(with_webhooks());
    command::Submission submission = reboot();
    submission.webhook = receiver.url();
    const auto ended = finish(center, submission);
    ASSERT_TRUE(ended);
    ASSERT_TRUE(until([&] { return receiver.done.load(); }));
    ASSERT_EQ(receiver.calls.size(), 3U);
    for (const std::string& call : receiver.calls) {
        const std::string body = call.substr(call.find("\r\n\r\n") + 4);
        EXPECT_EQ(body, ended->id.text() + " succeeded");
        EXPECT_EQ(header(call, "Holdfast-Delivery"), ended->id.text());
        const std::string signature = header(call, "Holdfast-Signature");
        ASSERT_TRUE(signature.starts_with("t="));
        EXPECT_EQ(signature, webhook_signature("s3cret", std::stoll(signature.substr(2)), body));
    }
    EXPECT_TRUE(until([&] { return store->webhooks_untold(10)->empty(); }));
}

TEST_F(WebhookTest, WhatWasNotToldBeforeARestartIsToldAfterIt) {
    // Without a body it tells nobody, as a centre does not that dies right after its command has ended.
    CommandCenter& first = start(options());
    Receiver receiver({200});
    command::Submission submission = reboot();
    submission.webhook = receiver.url();
    const auto ended = finish(first, submission);
    ASSERT_TRUE(ended);
    ASSERT_EQ(store->webhooks_untold(10)->size(), 1U);
    drop(first);
    start(with_webhooks());
    ASSERT_TRUE(until([&] { return receiver.done.load(); }));
    EXPECT_EQ(header(receiver.calls.front(), "Holdfast-Delivery"), ended->id.text());
    EXPECT_TRUE(until([&] { return store->webhooks_untold(10)->empty(); }));
}

TEST(WebhookSignature, IsTheHmacThatAReceiverComputes) {
    // By: printf 1.body | openssl dgst -sha256 -hmac key
    EXPECT_EQ(webhook_signature("key", 1, "body"), "t=1,v1=91b5374b153842ad05b2c4eab9349b8321b14703165bd3fb8b034dfb8be98ae5");
}

}  // namespace
}  // namespace holdfast::center::testing
