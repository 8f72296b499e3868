// The client on a socket, against a server that says exactly what a test wants.

#include "net/mqtt_client.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "net/listen.h"

namespace holdfast::net {
namespace {

namespace event = mqtt::client_event;

bool run_until(IoContext& io, const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds(5));
    }
    return true;
}

// Takes one connection at a time and answers as the test says; what comes in is kept.
class ScriptedServer {
public:
    explicit ScriptedServer(IoContext& io)
        : acceptor_(*open_listener(io, {boost::asio::ip::address_v4::loopback(), 0}, {}, "a test", "nothing")), socket_(io) {
        accept();
    }

    [[nodiscard]] Endpoint endpoint() const { return acceptor_.local_endpoint(); }
    [[nodiscard]] const ByteBuffer& got() const { return got_; }
    [[nodiscard]] int connections() const { return connections_; }
    [[nodiscard]] bool ended() const { return ended_; }
    bool got_packet(std::uint8_t first_byte) const { return std::ranges::find(got_, first_byte) != got_.end(); }

    void say(const ByteBuffer& bytes) {
        ErrorCode ignored;
        boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
    }
    void close() {
        ErrorCode ignored;
        socket_.close(ignored);
    }
    /// What to answer as soon as the first bytes of a connection have come.
    ByteBuffer answer{0x20, 0x02, 0x00, 0x00};
    bool reads = true;
    bool closes_at_end = true;

private:
    void accept() {
        acceptor_.async_accept(socket_, [this](const ErrorCode& error) {
            if (error) return;
            ++connections_;
            ended_ = answered_ = false;
            got_.clear();
            if (reads) read();
        });
    }
    void read() {
        socket_.async_read_some(boost::asio::buffer(buffer_), [this](const ErrorCode& error, std::size_t size) {
            if (error) {
                ended_ = true;
                if (closes_at_end) close();
                if (acceptor_.is_open()) accept();
                return;
            }
            got_.insert(got_.end(), buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(size));
            if (!answered_ && !answer.empty()) say(answer);
            answered_ = true;
            read();
        });
    }

    TcpAcceptor acceptor_;
    TcpSocket socket_;
    std::array<Byte, 4096> buffer_{};
    ByteBuffer got_;
    int connections_ = 0;
    bool answered_ = false;
    bool ended_ = false;
};

class Listener final : public MqttClientHandler {
public:
    void on_event(MqttClient& client, const mqtt::ClientEvent& happened) override {
        ++events;
        if (std::holds_alternative<event::Connected>(happened)) connected = true;
        if (std::holds_alternative<event::Pong>(happened)) ++pongs;
        if (const auto* received = std::get_if<event::Received>(&happened))
            messages.emplace_back(as_text(received->message.payload));
        if (then) then(client, happened);
    }
    void on_closed(MqttClient& client, const MqttClosed& closed) override {
        ++closes;
        stage = closed.stage;
        sentence = closed.sentence;
        connected = false;
        if (then_closed) then_closed(client);
    }

    int events = 0;
    int closes = 0;
    int pongs = 0;
    bool connected = false;
    MqttClosed::Stage stage{};
    std::string sentence;
    std::vector<std::string> messages;
    std::function<void(MqttClient&, const mqtt::ClientEvent&)> then;
    std::function<void(MqttClient&)> then_closed;
};

class MqttClientTest : public ::testing::Test {
protected:
    MqttClientOptions options() {
        MqttClientOptions options;
        options.session.connect.version = mqtt::Version::v311;
        options.session.connect.client_id = "x";
        return options;
    }
    void open(MqttClientOptions options) {
        client_ = std::make_unique<MqttClient>(io_, std::move(options), listener_);
        client_->open(server_.endpoint());
    }
    void connect() {
        open(options());
        ASSERT_TRUE(run_until(io_, [this] { return listener_.connected; }));
    }
    bool closes() {
        return run_until(io_, [this, before = listener_.closes] { return listener_.closes > before; });
    }

    IoContext io_;
    ScriptedServer server_{io_};
    Listener listener_;
    std::unique_ptr<MqttClient> client_;
};

TEST_F(MqttClientTest, ConnectsPublishesAndSaysGoodbye) {
    connect();
    mqtt::PublishRequest request;
    request.topic = "t";
    request.payload = as_bytes("hello");
    ASSERT_TRUE(client_->publish(request));
    client_->disconnect();
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.stage, MqttClosed::Stage::ended);
    const std::string got(as_text(server_.got()));
    EXPECT_NE(got.find("hello"), std::string::npos);
    EXPECT_TRUE(got.ends_with(std::string("\xE0\x00", 2))) << "DISCONNECT is the last that the server reads";
    EXPECT_TRUE(client_->is_closed());
    EXPECT_EQ(listener_.closes, 1);
}

TEST_F(MqttClientTest, TellsWhyItWasRefused) {
    server_.answer = {0x20, 0x02, 0x00, 0x05};
    open(options());
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.stage, MqttClosed::Stage::refused);
    EXPECT_EQ(listener_.sentence, "the server refused: not_authorized (0x05)");
}

TEST_F(MqttClientTest, TellsThatNobodyIsThere) {
    client_ = std::make_unique<MqttClient>(io_, options(), listener_);
    client_->open(HostPort{"127.0.0.1", 1});
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.stage, MqttClosed::Stage::unreachable);
    EXPECT_EQ(listener_.sentence, "no connection to 127.0.0.1:1: Connection refused");
    EXPECT_EQ(listener_.events, 0);
}

TEST_F(MqttClientTest, TellsThatANameIsUnknown) {
    client_ = std::make_unique<MqttClient>(io_, options(), listener_);
    client_->open(HostPort{"no-such-host.invalid", 1});
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.stage, MqttClosed::Stage::unreachable);
    EXPECT_NE(listener_.sentence.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(MqttClientTest, GivesUpOnASilentServer) {
    server_.answer = {};
    auto impatient = options();
    impatient.session.connect_timeout = std::chrono::milliseconds(30);
    impatient.linger = std::chrono::milliseconds(30);
    open(std::move(impatient));
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.stage, MqttClosed::Stage::ended);
    EXPECT_FALSE(listener_.sentence.empty());
}

TEST_F(MqttClientTest, PingsByItselfAndNoticesAMissingAnswer) {
    auto anxious = options();
    anxious.session.connect.keep_alive = 1;
    anxious.session.pong_timeout = std::chrono::milliseconds(50);
    open(std::move(anxious));
    ASSERT_TRUE(run_until(io_, [this] { return listener_.connected; }));
    ASSERT_TRUE(closes());
    EXPECT_TRUE(server_.got_packet(0xC0));
}

TEST_F(MqttClientTest, HearsPongs) {
    connect();
    ASSERT_TRUE(client_->ping());
    ASSERT_TRUE(run_until(io_, [this] { return server_.got_packet(0xC0); }));
    server_.say({0xD0, 0x00});
    ASSERT_TRUE(run_until(io_, [this] { return listener_.pongs == 1; }));
}

TEST_F(MqttClientTest, TakesPacketsInAnyPieces) {
    connect();
    const ByteBuffer publish{0x30, 0x05, 0x00, 0x01, 't', 'h', 'i', 0x30, 0x05, 0x00, 0x01, 't', 'y', 'o'};
    for (const Byte byte : publish) {
        server_.say({byte});
        io_.run_one_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(run_until(io_, [this] { return listener_.messages.size() == 2; }));
    EXPECT_EQ(listener_.messages, (std::vector<std::string>{"hi", "yo"}));
}

TEST_F(MqttClientTest, ComesBackFromInsideTheCallThatTellsTheEnd) {
    connect();
    listener_.then_closed = [this](MqttClient& client) {
        if (listener_.closes == 1) client.open(server_.endpoint());
    };
    client_->disconnect();
    ASSERT_TRUE(run_until(io_, [this] { return listener_.connected && server_.connections() == 2; }));
}

TEST_F(MqttClientTest, MayBeDestroyedInsideItsOwnCalls) {
    listener_.then = [this](MqttClient&, const mqtt::ClientEvent&) { client_.reset(); };
    open(options());
    ASSERT_TRUE(run_until(io_, [this] { return client_ == nullptr; }));
    ASSERT_TRUE(run_until(io_, [this] { return server_.ended(); }));
    EXPECT_EQ(listener_.closes, 0);
    listener_.then = nullptr;
    listener_.then_closed = [this](MqttClient&) { client_.reset(); };
    connect();
    client_->disconnect();
    ASSERT_TRUE(run_until(io_, [this] { return client_ == nullptr; }));
    EXPECT_EQ(listener_.closes, 1);
}

TEST_F(MqttClientTest, MayBeAbandonedAtAnyMoment) {
    for (int polls = 0; polls < 12; ++polls) {
        open(options());
        for (int i = 0; i < polls; ++i)
            io_.poll_one();
        client_->abandon();
        EXPECT_TRUE(client_->is_closed());
        client_->open(server_.endpoint());
        for (int i = 0; i < polls; ++i)
            io_.poll_one();
        client_.reset();
    }
    EXPECT_EQ(listener_.closes, 0);
    connect();
}

TEST_F(MqttClientTest, AbandonsInsideAnEvent) {
    listener_.then = [](MqttClient& client, const mqtt::ClientEvent&) { client.abandon(); };
    open(options());
    ASSERT_TRUE(run_until(io_, [this] { return client_->is_closed(); }));
    EXPECT_EQ(listener_.closes, 0);
}

TEST_F(MqttClientTest, SurvivesAServerThatDoesNotRead) {
    server_.reads = false;
    auto patient = options();
    patient.linger = std::chrono::milliseconds(50);
    open(std::move(patient));
    ASSERT_TRUE(run_until(io_, [this] { return server_.connections() == 1; }));
    server_.say({0x20, 0x02, 0x00, 0x00});
    ASSERT_TRUE(run_until(io_, [this] { return listener_.connected; }));
    const ByteBuffer large(256 * 1024);
    mqtt::PublishRequest request;
    request.topic = "t";
    request.payload = large;
    std::size_t accepted = 0;
    // Kernel buffers fill, then the outbox, then it is refused.
    constexpr std::size_t more_than_fits = 1000;
    while (accepted < more_than_fits && client_->publish(request))
        ++accepted;
    EXPECT_LT(accepted, more_than_fits);
    client_->disconnect();
    ASSERT_TRUE(closes());
}

TEST_F(MqttClientTest, ClosesAServerThatLingers) {
    server_.closes_at_end = false;
    auto patient = options();
    patient.linger = std::chrono::milliseconds(30);
    open(std::move(patient));
    ASSERT_TRUE(run_until(io_, [this] { return listener_.connected; }));
    client_->disconnect();
    ASSERT_TRUE(closes());
    EXPECT_EQ(listener_.closes, 1);
}

TEST_F(MqttClientTest, DisconnectWhileConnectingEndsIt) {
    open(options());
    client_->disconnect();
    ASSERT_TRUE(closes());
    EXPECT_TRUE(client_->is_closed());
}

}  // namespace
}  // namespace holdfast::net
