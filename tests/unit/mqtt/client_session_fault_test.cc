// The client session against a model server over a connection that breaks: after every byte, after several bytes chosen by a
// seed, with a server that says things twice, and with one that loses its session. However it breaks, every promise about
// delivery holds.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "exact_copy.h"
#include "model_server.h"
#include "mqtt/client_session.h"
#include "talk.h"

namespace holdfast::mqtt {
namespace {

constexpr std::size_t never = 1'000'000'000;

ClientOptions faulty_options(Version version) {
    ClientOptions options = options_of(version, false);
    options.max_inflight = 2;
    return options;
}

/// Client and server, and a connection between them that carries so many bytes and then breaks.
class World {
public:
    World(Version version, std::vector<std::size_t> cuts)
        : server(version), client(faulty_options(version)), cuts_(std::move(cuts)) {}

    void publish(const std::string& payload, QoS qos) {
        const auto ticket = client.publish({.topic = "t", .payload = as_bytes(payload), .qos = qos}, now_);
        ASSERT_TRUE(ticket.has_value());
        payload_of[*ticket] = payload;
    }

    /// Connects and carries bytes until nothing moves; reconnects after each break.
    void run() {
        for (int connections = 0; connections < 50; ++connections) {
            carried_ = 0;
            limit_ = cuts_.empty() ? never : cuts_.front();
            if (!cuts_.empty()) cuts_.erase(cuts_.begin());
            if (lose_session_before == connections) server.lose_session();
            server.connection_opened();
            ASSERT_TRUE(client.transport_opened(now_).has_value());
            const bool broke = carry();
            if (!broke) return;
            if (auto event = client.transport_closed(now_)) note(*event);
        }
        FAIL() << "never comes to rest";
    }

    ModelServer server;
    ClientSession client;
    std::map<PublishTicket, std::string> payload_of;
    std::map<PublishTicket, int> acknowledged;
    std::map<PublishTicket, int> failed;
    std::map<std::string, int> received;
    std::size_t total_carried = 0;
    int lose_session_before = -1;

private:
    bool carry() {
        while (!client.outbox().empty() || !server.output.empty()) {
            if (!carry_to_server() || !carry_to_client()) return true;
            if (client.wants_close()) {
                ADD_FAILURE() << "the client gave up";
                return false;
            }
        }
        return false;
    }

    std::size_t allowance(std::size_t wanted) {
        const std::size_t size = std::min(wanted, limit_ - carried_);
        carried_ += size;
        total_carried += size;
        return size;
    }

    bool carry_to_server() {
        const std::size_t wanted = client.outbox().size();
        const std::size_t size = allowance(wanted);
        const ExactCopy bytes(client.outbox().first(size));
        client.sent(size);
        server.receive(bytes.view());
        EXPECT_EQ(server.complaint, "");
        return size == wanted;
    }

    bool carry_to_client() {
        const std::size_t wanted = server.output.size();
        const std::size_t size = allowance(wanted);
        const ExactCopy bytes(ByteView(server.output).first(size));
        server.output.erase(server.output.begin(), server.output.begin() + static_cast<std::ptrdiff_t>(size));
        ByteView input = bytes.view();
        while (auto event = client.receive(input, now_))
            note(*event);
        return size == wanted;
    }

    void note(const ClientEvent& event) {
        if (const auto* done = std::get_if<client_event::Acknowledged>(&event)) ++acknowledged[done->ticket];
        if (const auto* lost = std::get_if<client_event::PublishFailed>(&event)) ++failed[lost->ticket];
        if (const auto* message = std::get_if<client_event::Received>(&event))
            ++received[std::string(as_text(message->message.payload))];
    }

    std::vector<std::size_t> cuts_;
    Time now_{};
    std::size_t carried_ = 0;
    std::size_t limit_ = never;
};

void play(World& world) {
    for (const std::string payload : {"c1-a", "c2-a", "c1-b", "c2-b", "c2-c"}) {
        world.publish(payload, payload[1] == '1' ? QoS::at_least_once : QoS::exactly_once);
    }
    for (const std::string payload : {"s1-a", "s2-a", "s2-b", "s1-b"}) {
        world.server.publish(payload, payload[1] == '1' ? QoS::at_least_once : QoS::exactly_once);
    }
    world.run();
}

/// Every publish ended once, and arrived as often as its QoS promises.
void check(const World& world) {
    EXPECT_EQ(world.client.held(), 0U);
    for (const auto& [ticket, payload] : world.payload_of) {
        ASSERT_TRUE(world.acknowledged.contains(ticket)) << payload;
        EXPECT_EQ(world.acknowledged.at(ticket), 1) << payload;
        ASSERT_TRUE(world.server.accepted.contains(payload)) << payload;
        EXPECT_LE(world.server.accepted.at(payload), payload[1] == '2' ? 1 : 10) << payload;
    }
    EXPECT_EQ(world.received.size(), 4U);
    for (const auto& [payload, count] : world.received) {
        EXPECT_LE(count, payload[1] == '2' ? 1 : 10) << payload;
    }
}

class BrokenConnection : public ::testing::TestWithParam<Version> {};

INSTANTIATE_TEST_SUITE_P(Mqtt, BrokenConnection, ::testing::Values(Version::v31, Version::v311, Version::v5),
                         [](const auto& parameter) { return "v" + std::to_string(static_cast<int>(parameter.param)); });

TEST_P(BrokenConnection, LosesAndDoublesNothingWhereverItBreaks) {
    World whole(GetParam(), {});
    play(whole);
    check(whole);
    ASSERT_GT(whole.total_carried, 100U);
    for (std::size_t cut = 0; cut < whole.total_carried; ++cut) {
        SCOPED_TRACE("broken after " + std::to_string(cut));
        World world(GetParam(), {cut});
        play(world);
        check(world);
        if (HasFatalFailure()) return;
    }
}

TEST_P(BrokenConnection, LosesAndDoublesNothingHoweverOftenItBreaks) {
    for (std::uint32_t seed = 0; seed < 1'000; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937 random(seed);
        std::vector<std::size_t> cuts(random() % 8);
        for (std::size_t& cut : cuts)
            cut = random() % 250;
        World world(GetParam(), cuts);
        world.server.stutters = seed % 3 == 0;
        play(world);
        check(world);
        if (HasFatalFailure()) return;
    }
}

TEST_P(BrokenConnection, SaysOfEachPublishWhatBecameOfItWhenTheSessionIsLost) {
    // 3.1 cannot tell that a session was lost.
    if (GetParam() == Version::v31) return;
    for (std::size_t cut = 0; cut < 300; ++cut) {
        SCOPED_TRACE("broken after " + std::to_string(cut));
        World world(GetParam(), {cut});
        world.lose_session_before = 1;
        play(world);
        EXPECT_EQ(world.client.held(), 0U);
        for (const auto& [ticket, payload] : world.payload_of) {
            EXPECT_EQ(world.acknowledged[ticket] + world.failed[ticket], 1) << payload;
            EXPECT_LE(world.server.accepted[payload], 1) << payload << " was not sent again";
        }
    }
}

}  // namespace
}  // namespace holdfast::mqtt
