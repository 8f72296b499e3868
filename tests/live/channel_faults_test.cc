// Faults under load, from seeds: nodes killed and frozen, channels that die and come back, devices that vanish, places that are
// wrong. Whatever happens, each request gets a report, and what is said not to have been sent never arrives.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "channel/channel.h"
#include "discovery/local_cluster.h"
#include "live/listening_device.h"
#include "live/places.h"
#include "queue/memory_queue.h"
#include "runtime/system_clock.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::channel {
namespace {

using test::run_until;
using namespace std::chrono_literals;

constexpr std::size_t device_count = 8;
constexpr std::size_t node_count = 2;

class ChannelFaults : public ::testing::TestWithParam<unsigned> {
protected:
    void SetUp() override {
        discovery::LocalClusterOptions options;
        options.cluster = "east";
        options.nodes = node_count;
        options.data_dir = directory_.path();
        options.restart.first = std::chrono::milliseconds(20);
        cluster_ = std::make_unique<discovery::LocalCluster>(io_, options, discovery::NodesSink{}, discovery::LocalNodeSink{});
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
        for (const auto& node : cluster_->nodes())
            places_.places.push_back({node.name, node.address, node.port, true});
        queue_ = std::make_unique<queue::MemoryQueue>(io_, clock_, queue::MemoryQueueOptions{});
        centre_ = queue_->subscribe("response.c1", "centre", {}, [this](const queue::Delivery& delivery) {
            const auto report = command::decode_report(as_bytes(delivery.payload));
            ASSERT_TRUE(report) << report.error().message();
            reports_[report->id].push_back(*report);
            centre_->ack(delivery.id);
        });
        start_channel();
        for (std::size_t number = 0; number < device_count; ++number) {
            devices_.emplace_back(io_, name(number), version(number));
            move(number, number % node_count);
        }
        ASSERT_TRUE(run_until(io_, [this] { return all_well(); }));
    }

    void TearDown() override {
        channel_.reset();
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(run_until(io_, [&stopped] { return stopped; }));
    }

    void start_channel() {
        ChannelOptions options;
        options.cluster = "east";
        options.connect_grace = 100ms;
        options.puback_timeout = 100ms;
        options.room_timeout = 100ms;
        options.session.backoff_first = 10ms;
        options.session.backoff_longest = 50ms;
        channel_ = std::make_unique<Channel>(
            io_, clock_, *queue_, places_, std::make_shared<const profile::ProfileTable>(),
            [] { return std::vector<std::string>{"c1"}; }, options);
        channel_->start();
    }

    static std::string name(std::size_t number) { return fmt::format("meter-{}", number); }
    static mqtt::Version version(std::size_t number) { return number % 3 == 0 ? mqtt::Version::v311 : mqtt::Version::v5; }

    void move(std::size_t number, std::size_t node) {
        devices_[number].vanish();
        homes_[number] = node;
        open(number);
        place(number, node);
    }
    void open(std::size_t number) {
        const auto& node = places_.places[homes_[number]];
        devices_[number].connect(node.address, node.port);
    }
    void place(std::size_t number, std::size_t node) {
        places_.devices[name(number)] = {.known = true,
                                         .cluster = "east",
                                         .node = places_.places[node].name,
                                         .session = 1,
                                         .mqtt_version = static_cast<std::uint8_t>(version(number))};
    }

    [[nodiscard]] bool all_well() {
        for (std::size_t number = 0; number < device_count; ++number) {
            if (devices_[number].is_closed()) open(number);
        }
        const auto status = channel_->status();
        return std::ranges::all_of(devices_, &live::ListeningDevice::ready) &&
               std::ranges::all_of(status.nodes, &NodeStatus::connected);
    }

    void ask() {
        command::Request request;
        request.id = command::CommandId::make(clock_.wall(), seed_(), ++asked_);
        request.device = name(seed_() % device_count);
        request.name = "reboot";
        request.deadline = clock_.wall() + std::chrono::milliseconds(seed_() % 4 == 0 ? 20 : 20'000);
        request.centre = "c1";
        ids_.push_back(request.id);
        requests_.push_back(std::move(request));
        publish(requests_.back());
    }
    void publish(const command::Request& request) {
        queue_->publish({{"request.east", request.device, command::encode(request)}});
    }
    [[nodiscard]] bool all_reported() const {
        return std::ranges::all_of(ids_, [this](const auto& id) { return reports_.contains(id); });
    }

    void one_fault() {
        const std::size_t node = seed_() % node_count;
        const std::size_t device = seed_() % device_count;
        switch (seed_() % 7) {
            case 0:
                signal_node(node, SIGKILL);
                break;
            case 1:
                signal_node(node, SIGSTOP);
                break;
            case 2:
                wake_nodes();
                break;
            case 3:
                channel_.reset();
                ++restarts_;
                start_channel();
                break;
            case 4:
                devices_[device].vanish();
                break;
            case 5:
                move(device, node);
                break;
            default:
                place(device, node);
                break;
        }
    }

    /// A node that is just being started again has no process, and no process is not signalled.
    void signal_node(std::size_t node, int signal) {
        const auto nodes = cluster_->nodes();
        if (node < nodes.size() && nodes[node].pid > 0) ::kill(nodes[node].pid, signal);
    }
    void wake_nodes() {
        for (std::size_t node = 0; node < node_count; ++node)
            signal_node(node, SIGCONT);
    }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    runtime::SystemClock clock_;
    live::Places places_;
    std::unique_ptr<discovery::LocalCluster> cluster_;
    std::unique_ptr<queue::MemoryQueue> queue_;
    std::unique_ptr<queue::Consumer> centre_;
    std::unordered_map<command::CommandId, std::vector<command::Report>> reports_;
    std::deque<live::ListeningDevice> devices_;
    std::map<std::size_t, std::size_t> homes_;
    std::unique_ptr<Channel> channel_;
    std::minstd_rand seed_{GetParam()};
    std::vector<command::CommandId> ids_;
    std::vector<command::Request> requests_;
    std::uint64_t asked_ = 0;
    std::size_t restarts_ = 0;
};

TEST_P(ChannelFaults, EveryRequestIsReportedAndNotSentIsCertain) {
    constexpr int rounds = 40;
    for (int round = 0; round < rounds; ++round) {
        for (int count = 0; count < 10; ++count)
            ask();
        one_fault();
        io_.restart();
        io_.run_for(std::chrono::milliseconds(seed_() % 30));
        static_cast<void>(all_well());
    }
    ASSERT_TRUE(run_until(io_, [this] {
        wake_nodes();
        const ChannelStatus status = channel_->status();
        return all_well() && queue_->status().waiting == 0 && status.under_way == 0 && status.reports_waiting == 0;
    }));
    for (std::size_t number = 0; number < device_count; ++number)
        place(number, homes_[number]);
    // A word that a channel took with it is asked for again, as a centre does that misses it.
    if (restarts_ > 0) {
        for (const command::Request& request : requests_) {
            if (!reports_.contains(request.id)) publish(request);
        }
    }
    ASSERT_TRUE(run_until(io_, [this] { return all_reported(); }));
    EXPECT_TRUE(queue_->poison(1).empty());

    std::map<std::string, std::size_t> arrived;
    for (const auto& device : devices_) {
        for (const auto& got : device.got)
            ++arrived[got.topic.substr(got.topic.find("/command/") + 9, command::CommandId::text_length)];
    }
    std::size_t sent = 0;
    for (const auto& id : ids_) {
        for (const command::Report& report : reports_[id]) {
            if (const auto* not_sent = std::get_if<command::NotSent>(&report.what)) {
                EXPECT_EQ(arrived[id.text()], 0U) << "reported as not sent: " << command::to_string(not_sent->reason);
            }
            if (std::holds_alternative<command::Sent>(report.what)) ++sent;
        }
        // A channel that died with a request leaves it to the next one.
        EXPECT_LE(arrived[id.text()], 1 + restarts_);
    }
    EXPECT_GT(sent, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChannelFaults, ::testing::Range(1U, 9U));

}  // namespace
}  // namespace holdfast::channel
