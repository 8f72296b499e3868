// The gateway's threads against each other: two data-plane threads with real nodes behind them, while the control thread
// publishes snapshots, moves devices, switches the active node, orders ends, changes limits and collects facts as fast as it
// can. Meant for the thread sanitizer.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "control/fleet_control.h"
#include "discovery/local_cluster.h"
#include "gateway/gateway.h"
#include "net/address.h"
#include "net/mqtt_client.h"
#include "runtime/system_clock.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::gateway {
namespace {

constexpr std::size_t device_count = 24;
constexpr int moves = 120;
constexpr int switches = 12;

/// Connects, publishes to itself, and comes back at once whenever it is sent away.
class Device final : public net::MqttClientHandler {
public:
    Device(net::IoContext& io, net::HostPort gateway, const std::string& id, mqtt::Version version)
        : id_(id), gateway_(std::move(gateway)), client_(io, options(id, version), *this) {
        client_.open(gateway_);
    }

    void on_event(net::MqttClient& client, const mqtt::ClientEvent& event) override {
        if (std::holds_alternative<mqtt::client_event::Connected>(event)) {
            ++connected;
            mqtt::Subscription subscription;
            subscription.filter = id_ + "/#";
            subscription.qos = mqtt::QoS::at_least_once;
            EXPECT_TRUE(client.subscribe({&subscription, 1}));
        } else if (std::holds_alternative<mqtt::client_event::Subscribed>(event)) {
            publish(client);
        } else if (std::holds_alternative<mqtt::client_event::Received>(event)) {
            ++received;
            publish(client);
        }
    }
    void on_closed(net::MqttClient& client, const net::MqttClosed&) override {
        if (!leaving) client.open(gateway_);
    }
    void leave_and_return() {
        client_.abandon();
        client_.open(gateway_);
    }
    void leave() {
        leaving = true;
        client_.abandon();
    }

    int connected = 0;
    int received = 0;
    bool leaving = false;

private:
    static net::MqttClientOptions options(const std::string& id, mqtt::Version version) {
        net::MqttClientOptions options;
        options.session.connect.version = version;
        options.session.connect.client_id = id;
        options.session.connect.clean_start = true;
        options.session.connect.keep_alive = 10;
        return options;
    }
    void publish(net::MqttClient& client) {
        const std::string payload(64, 'x');
        const std::string topic = id_ + "/echo";
        // Refused while the session is between two connections.
        static_cast<void>(client.publish({.topic = topic,
                                          .payload = {reinterpret_cast<const Byte*>(payload.data()), payload.size()},
                                          .qos = mqtt::QoS::at_most_once}));
    }

    std::string id_;
    net::HostPort gateway_;
    net::MqttClient client_;
};

class GatewayThreadsTest : public ::testing::Test {
protected:
    void SetUp() override {
        discovery::LocalClusterOptions nodes;
        nodes.cluster = "east";
        nodes.nodes = 2;
        nodes.data_dir = directory_.path();
        cluster_ = std::make_unique<discovery::LocalCluster>(io_, nodes, discovery::NodesSink{}, discovery::LocalNodeSink{});
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
        const Moment moment{clock_.now(), clock_.wall()};
        fleet::FleetOptions options_of_fleet;
        options_of_fleet.health = {.failures_to_down = 1, .time_to_down = {}, .successes_to_up = 1};
        auto fleet = std::make_unique<fleet::Fleet>(fleet::FleetImage{}, fleet::Policy{}, options_of_fleet, moment);
        ASSERT_TRUE(fleet->declare_cluster({.name = "east"}, moment));
        std::vector<fleet::NodeSpec> specs;
        for (const discovery::LocalNode& node : cluster_->nodes())
            specs.push_back({.name = node.name, .host = node.address, .address = node.address, .port = node.port});
        ASSERT_TRUE(fleet->list_nodes("east", "local", specs, moment));
        for (std::size_t i = 0; i < specs.size(); ++i)
            fleet->probe_result(fleet->topology().find_node(specs[i].name), true, "", moment);
        control_ = std::make_unique<control::FleetControl>(io_, clock_, std::move(fleet), nullptr);
        tuning_.limits.followed_topics = {"holdfast/"};
        Options options;
        options.listen = {"127.0.0.1:0"};
        options.threads = 2;
        auto gateway = Gateway::create(options, tuning_, clock_, control_->snapshots());
        ASSERT_TRUE(gateway) << gateway.error().message();
        gateway_ = std::move(*gateway);
        control_->attach(*gateway_);
        control_->start();
        gateway_->start();
    }
    void TearDown() override {
        if (gateway_) gateway_->stop(std::chrono::seconds(2));
        if (control_) control_->stop();
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(test::run_until(io_, [&stopped] { return stopped; }));
    }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    runtime::SystemClock clock_;
    std::unique_ptr<discovery::LocalCluster> cluster_;
    std::unique_ptr<control::FleetControl> control_;
    Tuning tuning_;
    std::unique_ptr<Gateway> gateway_;
};

TEST_F(GatewayThreadsTest, ControlAndDataPlaneShareNothingThatIsNotMeantToBeShared) {
    const auto place = net::parse_host_port(gateway_->addresses().front());
    ASSERT_TRUE(place);
    std::vector<std::unique_ptr<Device>> devices;
    for (std::size_t i = 0; i < device_count; ++i) {
        devices.push_back(
            std::make_unique<Device>(io_, *place, fmt::format("d{}", i), i % 2 == 0 ? mqtt::Version::v5 : mqtt::Version::v311));
    }
    ASSERT_TRUE(test::run_until(
        io_, [&] { return std::ranges::all_of(devices, [](const auto& device) { return device->received > 0; }); }));
    for (int i = 0; i < moves; ++i) {
        const std::string id = fmt::format("d{}", i % static_cast<int>(device_count));
        const std::string to = i % 4 < 2 ? "east-1" : "east-2";
        static_cast<void>(
            control_->change([&](fleet::Fleet& fleet, Moment moment) { return fleet.move_device(id, to, moment); }));
        tuning_.limits.refusal_delay = std::chrono::milliseconds(i % 10);
        gateway_->tune(tuning_);
        const auto stats = gateway_->stats();
        EXPECT_LE(stats.relaying, stats.open + device_count);
        control_->collect_now();
        Device& device = *devices[static_cast<std::size_t>(i) % device_count];
        const int before = device.received;
        ASSERT_TRUE(test::run_until(io_, [&] { return device.received > before; })) << id << " does not get through any more";
    }
    for (const auto& device : devices)
        device->leave();
    ASSERT_TRUE(test::run_until(io_, [&] {
        control_->collect_now();
        return control_->fleet().counts().connections == 0;
    }));
    gateway_->stop(std::chrono::seconds(2));
    control_->collect_now();
    const fleet::FleetCounts counts = control_->fleet().counts();
    EXPECT_EQ(counts.opened, counts.closed);
    EXPECT_EQ(counts.devices, device_count);
    EXPECT_GT(counts.opened, device_count);
}

TEST_F(GatewayThreadsTest, ConnectsWaitForTheActiveNode) {
    const auto place = net::parse_host_port(gateway_->addresses().front());
    ASSERT_TRUE(place);
    const auto change = [&](auto&& apply) { static_cast<void>(control_->change(apply)); };
    const auto probed = [&](std::string_view node, bool ok) {
        change([&](fleet::Fleet& fleet, Moment moment) {
            fleet.probe_result(fleet.topology().find_node(node), ok, "", moment);
            return Result<>{};
        });
    };
    change([](fleet::Fleet& fleet, Moment moment) {
        EXPECT_TRUE(fleet.declare_cluster({.name = "east", .policy = fleet::ClusterPolicy::active_standby}, moment));
        return Result<>{};
    });
    std::vector<std::unique_ptr<Device>> devices;
    for (std::size_t i = 0; i < device_count; ++i) {
        devices.push_back(
            std::make_unique<Device>(io_, *place, fmt::format("d{}", i), i % 2 == 0 ? mqtt::Version::v5 : mqtt::Version::v311));
    }
    const std::string names[] = {"east-1", "east-2"};
    for (int i = 0; i < switches; ++i) {
        ASSERT_TRUE(test::run_until(io_, [&] { return gateway_->stats().waiting == device_count; })) << "round " << i;
        // Half of them go while they wait, and come back.
        for (std::size_t d = 0; d < device_count / 2 && i % 3 == 0; ++d)
            devices[d]->leave_and_return();
        tuning_.waiting.pace = i % 2 == 0 ? 0 : 500;
        gateway_->tune(tuning_);
        std::vector<int> before;
        for (const auto& device : devices)
            before.push_back(device->received);
        const std::string& node = names[i % 2];
        probed(node, true);
        change([&](fleet::Fleet& fleet, Moment moment) {
            return fleet.set_active("east", node, static_cast<std::uint64_t>(i) + 1, 0, "a test", moment);
        });
        ASSERT_TRUE(test::run_until(io_,
                                    [&] {
                                        for (std::size_t d = 0; d < device_count; ++d)
                                            if (devices[d]->received == before[d]) return false;
                                        return true;
                                    }))
            << "round " << i;
        EXPECT_EQ(gateway_->stats().waited_refused, 0U);
        probed(node, false);
    }
    for (const auto& device : devices)
        device->leave();
    ASSERT_TRUE(test::run_until(io_, [&] { return gateway_->stats().open == 0; }));
    const control::GatewayStats stats = gateway_->stats();
    EXPECT_EQ(stats.waiting, 0U);
    EXPECT_GE(stats.waited_accepted, switches * device_count / 2);
    EXPECT_GT(stats.waited_gave_up, 0U);
}

}  // namespace
}  // namespace holdfast::gateway
