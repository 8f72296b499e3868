// The simulator against real mosquitto.

#include "simulate/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "discovery/local_cluster.h"
#include "net/mqtt_client.h"
#include "simulate/report.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::simulate {
namespace {

using test::run_until;

class SimulationTest : public ::testing::Test {
protected:
    void SetUp() override {
        discovery::LocalClusterOptions options;
        options.cluster = "east";
        options.nodes = 1;
        options.data_dir = directory_.path();
        options.restart.first = std::chrono::milliseconds(50);
        cluster_ = std::make_unique<discovery::LocalCluster>(io_, options, discovery::NodesSink{}, discovery::LocalNodeSink{});
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
    }

    void TearDown() override {
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(run_until(io_, [&stopped] { return stopped; }));
    }

    Options options() {
        Options options;
        options.to = {"127.0.0.1", cluster_->nodes()[0].port};
        options.devices = 200;
        options.rate = 5;
        options.connect_rate = 1000;
        return options;
    }

    void start(Options options) {
        simulation_ = std::make_unique<Simulation>(io_, std::move(options), Simulation::ReportSink{});
        simulation_->start([this] { finished_ = true; });
    }

    bool all_connected() {
        return run_until(io_, [this] { return tally().connected + tally().aside == tally().devices; });
    }

    void stop() {
        simulation_->stop();
        EXPECT_TRUE(run_until(io_, [this] { return finished_; }));
    }

    [[nodiscard]] const Tally& tally() const { return simulation_->tally(); }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    std::unique_ptr<discovery::LocalCluster> cluster_;
    std::unique_ptr<Simulation> simulation_;
    bool finished_ = false;
};

class EachVersionAndQos : public SimulationTest, public ::testing::WithParamInterface<std::tuple<mqtt::Version, mqtt::QoS>> {};

TEST_P(EachVersionAndQos, TwoHundredDevicesLoseNothing) {
    auto with_echo = options();
    with_echo.echo = true;
    with_echo.rate = 20;
    std::tie(with_echo.version, with_echo.qos) = GetParam();
    start(with_echo);
    ASSERT_TRUE(all_connected());
    ASSERT_TRUE(run_until(io_, [this] { return tally().published >= 2000; }));
    stop();
    EXPECT_EQ(tally().connects, 200U);
    EXPECT_EQ(tally().lost, 0U);
    EXPECT_EQ(tally().duplicates, 0U);
    EXPECT_EQ(tally().received, tally().published);
    EXPECT_EQ(tally().connected, 0U);
    EXPECT_EQ(tally().lost_connections, 0U);
    EXPECT_EQ(tally().acknowledged, with_echo.qos == mqtt::QoS::at_most_once ? 0 : tally().published);
    EXPECT_GT(tally().latency.quantile(0.5), Duration::zero());
}

INSTANTIATE_TEST_SUITE_P(All, EachVersionAndQos,
                         ::testing::Combine(::testing::Values(mqtt::Version::v31, mqtt::Version::v311, mqtt::Version::v5),
                                            ::testing::Values(mqtt::QoS::at_most_once, mqtt::QoS::at_least_once,
                                                              mqtt::QoS::exactly_once)));

TEST_F(SimulationTest, ComesBackAfterTheNodeWasKilled) {
    auto few = options();
    few.devices = 50;
    few.yield_ids = true;
    start(few);
    ASSERT_TRUE(all_connected());
    ::kill(cluster_->nodes()[0].pid, SIGKILL);
    ASSERT_TRUE(run_until(io_, [this] { return tally().connected == 0; }));
    ASSERT_TRUE(all_connected());
    EXPECT_EQ(tally().lost_connections, 50U);
    EXPECT_EQ(tally().reconnects, 50U);
    EXPECT_EQ(tally().aside, 0U) << "all were thrown out together: that is no takeover";
    stop();
}

class AnswersCommands : public SimulationTest, public ::testing::WithParamInterface<mqtt::Version> {};

/// Sends commands and counts what comes back.
struct Sender final : net::MqttClientHandler {
    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override {
        namespace e = mqtt::client_event;
        if (std::holds_alternative<e::Connected>(event)) {
            const mqtt::Subscription replies{.filter = "holdfast/+/reply/#", .qos = mqtt::QoS::at_least_once};
            EXPECT_TRUE(client.subscribe({&replies, 1}));
        } else if (std::holds_alternative<e::Subscribed>(event)) {
            ready = true;
        } else if (const auto* received = std::get_if<e::Received>(&event)) {
            topics.emplace_back(received->message.topic);
        }
    }
    void on_closed(net::MqttClient&, const net::MqttClosed&) override {}
    bool ready = false;
    std::vector<std::string> topics;
};

TEST_P(AnswersCommands, EachIsExecutedOnceAndAnsweredAsOftenAsItComes) {
    auto answering = options();
    answering.devices = 10;
    answering.commands = true;
    answering.answers.latency = std::chrono::milliseconds(2);
    answering.version = GetParam();
    start(answering);
    ASSERT_TRUE(all_connected());
    Sender sender;
    net::MqttClient client(io_, {}, sender);
    client.open(answering.to);
    ASSERT_TRUE(run_until(io_, [&] { return sender.ready; }));
    for (int round = 1; round <= 3; ++round) {
        for (int device = 1; device <= 10; ++device) {
            const auto topic = "holdfast/meter-" + std::to_string(device) + "/command/some-id/" + std::to_string(round);
            ASSERT_TRUE(client.publish({.topic = topic, .qos = mqtt::QoS::at_least_once}));
        }
    }
    ASSERT_TRUE(run_until(io_, [&] { return sender.topics.size() == 30; }));
    EXPECT_EQ(std::ranges::count(sender.topics, "holdfast/meter-7/reply/some-id/3"), 1);
    EXPECT_EQ(tally().executed, 10U);
    EXPECT_EQ(tally().answered_again, 20U);
    EXPECT_EQ(tally().answered, 30U);
    stop();
}

INSTANTIATE_TEST_SUITE_P(All, AnswersCommands, ::testing::Values(mqtt::Version::v311, mqtt::Version::v5));

// Mosquitto 2.0.11 closes the older connection without a word, even towards MQTT 5.
TEST_F(SimulationTest, LeavesAnIdAloneThatSomebodyElseTakesOver) {
    struct Ignore final : net::MqttClientHandler {
        void on_event(net::MqttClient&, const mqtt::ClientEvent&) override {}
        void on_closed(net::MqttClient&, const net::MqttClosed&) override { closed = true; }
        bool closed = false;
    };
    auto yielding = options();
    yielding.devices = 20;
    yielding.yield_ids = true;
    start(yielding);
    ASSERT_TRUE(all_connected());
    net::MqttClientOptions human;
    human.session.connect.version = mqtt::Version::v311;
    human.session.connect.client_id = "meter-7";
    Ignore handler;
    net::MqttClient client(io_, human, handler);
    client.open(yielding.to);
    ASSERT_TRUE(run_until(io_, [this] { return tally().aside == 1; }));
    EXPECT_EQ(tally().last_aside, "meter-7");
    const auto published = tally().published;
    ASSERT_TRUE(run_until(io_, [&] { return tally().published > published + 100; }));
    EXPECT_FALSE(handler.closed);
    EXPECT_EQ(tally().connected, 19U);
    stop();
}

TEST_F(SimulationTest, EveryProfileRuns) {
    for (const auto& profile : profiles) {
        auto few = options();
        few.devices = 20;
        few.profile = profile.profile;
        finished_ = false;
        start(few);
        EXPECT_TRUE(run_until(io_, [this] { return tally().published >= 50; })) << profile.name;
        stop();
    }
}

TEST_F(SimulationTest, CountsWhyItCannotConnect) {
    auto nobody = options();
    nobody.devices = 3;
    // Port 1 is nobody's.
    nobody.to.port = 1;
    start(nobody);
    ASSERT_TRUE(run_until(io_, [this] { return !tally().unreachable.empty() && tally().unreachable.begin()->second >= 3; }));
    EXPECT_EQ(tally().unreachable.begin()->first, "no connection to 127.0.0.1:1: Connection refused");
    stop();
    EXPECT_NE(summary(nobody, tally(), simulation_->elapsed()).find("Connection refused"), std::string::npos);
}

TEST_F(SimulationTest, EndsByItselfAfterItsDuration) {
    auto brief = options();
    brief.devices = 10;
    brief.qos = mqtt::QoS::at_least_once;
    brief.duration = std::chrono::milliseconds(500);
    start(brief);
    ASSERT_TRUE(run_until(io_, [this] { return finished_; }));
    EXPECT_EQ(tally().lost, 0U);
    EXPECT_EQ(tally().acknowledged, tally().published);
}

}  // namespace
}  // namespace holdfast::simulate
