// The channel between the queue and real mosquitto, with devices that know nothing but their topics.

#include "channel/channel.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <csignal>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
using command::CommandId;
using command::Delivered;
using command::NotSent;
using command::Reason;
using command::Replied;
using command::Report;
using command::Request;
using command::SendUnclear;
using command::Sent;

using Device = live::ListeningDevice;

class ChannelTest : public ::testing::Test {
protected:
    void SetUp() override {
        discovery::LocalClusterOptions options;
        options.cluster = "east";
        options.nodes = 2;
        options.data_dir = directory_.path();
        options.restart.first = std::chrono::milliseconds(300);
        cluster_ = std::make_unique<discovery::LocalCluster>(io_, options, discovery::NodesSink{}, discovery::LocalNodeSink{});
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
        for (const auto& node : cluster_->nodes())
            places_.places.push_back({node.name, node.address, node.port, true});
        queue_ = std::make_unique<queue::MemoryQueue>(io_, clock_, queue::MemoryQueueOptions{});
        for (const std::string centre : {"c1", "c2"}) {
            centres_.push_back(queue_->subscribe("response." + centre, "centre", {}, [this, centre](const auto& delivery) {
                const auto report = command::decode_report(as_bytes(delivery.payload));
                ASSERT_TRUE(report) << report.error().message();
                EXPECT_EQ(delivery.key, report->device);
                reports_[centre].push_back(*report);
                for (auto& consumer : centres_)
                    consumer->ack(delivery.id);
            }));
        }
        start_channel();
    }

    void TearDown() override {
        channel_.reset();
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(run_until(io_, [&stopped] { return stopped; }));
    }

    virtual ChannelOptions options() {
        ChannelOptions options;
        options.cluster = "east";
        options.connect_grace = 500ms;
        options.puback_timeout = 500ms;
        return options;
    }

    void start_channel(const std::vector<profile::ProfileText>& texts = {}) {
        channel_.reset();
        auto table = profile::ProfileTable::compile(texts);
        ASSERT_TRUE(table) << table.error().message();
        channel_ = std::make_unique<Channel>(
            io_, clock_, *queue_, places_, std::make_shared<const profile::ProfileTable>(std::move(*table)),
            [this] { return known_centres_; }, options());
        channel_->start();
        ASSERT_TRUE(run_until(io_, [this] { return connected() == 2; }));
    }

    [[nodiscard]] std::size_t connected() const {
        std::size_t count = 0;
        for (const auto& node : channel_->status().nodes)
            count += node.connected ? 1 : 0;
        return count;
    }
    [[nodiscard]] const ChannelCounts& counts() {
        status_ = channel_->status();
        return status_.counts;
    }

    Device& device(const std::string& id, mqtt::Version version = mqtt::Version::v5, std::size_t node = 0) {
        auto& made = devices_.emplace_back(io_, id, version);
        made.connect(cluster_->nodes()[node].address, cluster_->nodes()[node].port);
        EXPECT_TRUE(run_until(io_, [&made] { return made.ready; }));
        place(id, cluster_->nodes()[node].name, version);
        return made;
    }
    void place(const std::string& id, const std::string& node, mqtt::Version version = mqtt::Version::v5) {
        places_.devices[id] = {
            .known = true, .cluster = "east", .node = node, .session = 7, .mqtt_version = static_cast<std::uint8_t>(version)};
    }

    Request request(const std::string& device, Duration in = 20s, std::uint16_t attempt = 1) {
        Request request;
        request.id = CommandId::make(clock_.wall(), 0, ++number_);
        request.attempt = attempt;
        request.device = device;
        request.name = "reboot";
        request.payload = R"({"soft":true})";
        request.deadline = clock_.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(in);
        request.centre = "c1";
        return request;
    }
    void ask(const Request& request) { queue_->publish({{"request.east", request.device, command::encode(request)}}); }
    /// The reports about a command that came to a centre.
    std::vector<Report> about(CommandId id, const std::string& centre = "c1") {
        std::vector<Report> found;
        for (const Report& report : reports_[centre]) {
            if (report.id == id) found.push_back(report);
        }
        return found;
    }
    template <class What>
    const What* said(CommandId id, const std::string& centre = "c1") {
        for (const Report& report : reports_[centre]) {
            if (report.id == id && std::holds_alternative<What>(report.what)) return &std::get<What>(report.what);
        }
        return nullptr;
    }
    template <class What>
    bool comes(CommandId id, const std::string& centre = "c1") {
        return run_until(io_, [&] { return said<What>(id, centre) != nullptr; });
    }
    /// Until all that was asked has been answered by the channel.
    bool settles() {
        return run_until(io_, [this] { return queue_->status().waiting == 0; });
    }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    runtime::SystemClock clock_;
    live::Places places_;
    std::unique_ptr<discovery::LocalCluster> cluster_;
    std::unique_ptr<queue::MemoryQueue> queue_;
    std::vector<std::unique_ptr<queue::Consumer>> centres_;
    std::vector<std::string> known_centres_{"c1", "c2"};
    std::map<std::string, std::vector<Report>> reports_;
    std::deque<Device> devices_;
    std::unique_ptr<Channel> channel_;
    ChannelStatus status_;
    std::uint64_t number_ = 0;
};

TEST_F(ChannelTest, ACommandReachesAnMqtt5DeviceAndItsReplyTheCentre) {
    Device& meter = device("meter-7");
    const Request one = request("meter-7", 4500ms);
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return !meter.got.empty(); }));
    const Device::Got& got = meter.got[0];
    EXPECT_EQ(got.topic, "holdfast/meter-7/command/" + one.id.text());
    EXPECT_EQ(got.payload, R"({"id":")" + one.id.text() + R"(","attempt":1,"command":"reboot","data":{"soft":true}})");
    EXPECT_EQ(got.response_topic, "holdfast/meter-7/reply/" + one.id.text() + "/1");
    EXPECT_EQ(got.correlation, one.id.text() + "/1");
    EXPECT_EQ(got.content_type, "application/json");
    EXPECT_GE(got.expiry, 4U);
    EXPECT_LE(got.expiry, 5U);
    meter.publish(got.response_topic, R"({"status":"accepted"})", got.correlation);
    meter.publish(got.response_topic, R"({"status":"failed","message":"no power"})", got.correlation);
    ASSERT_TRUE(comes<Sent>(one.id));
    EXPECT_EQ(said<Sent>(one.id)->node, "east-1");
    ASSERT_TRUE(comes<Replied>(one.id));
    EXPECT_EQ(said<Replied>(one.id)->verdict, Replied::Verdict::failed);
    EXPECT_EQ(said<Replied>(one.id)->detail, "no power");
    ASSERT_NE(said<Delivered>(one.id), nullptr);
    EXPECT_TRUE(said<Delivered>(one.id)->by_device);
    for (const Report& report : about(one.id)) {
        EXPECT_EQ(report.attempt, 1);
        EXPECT_EQ(report.device, "meter-7");
    }
    EXPECT_TRUE(about(one.id, "c2").empty());
    EXPECT_EQ(counts().sent, 1U);
    EXPECT_EQ(counts().replies, 1U);
    EXPECT_EQ(counts().acknowledgements, 1U);
    EXPECT_TRUE(settles());
}

TEST_F(ChannelTest, ACommandReachesAnMqtt311DeviceByItsTopicAlone) {
    Device& meter = device("old-1", mqtt::Version::v311, 1);
    const Request one = request("old-1", 20s, 3);
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return !meter.got.empty(); }));
    EXPECT_EQ(meter.got[0].topic, "holdfast/old-1/command/" + one.id.text() + "/3");
    meter.publish("holdfast/old-1/reply/" + one.id.text(), "done");
    ASSERT_TRUE(comes<Replied>(one.id));
    EXPECT_EQ(said<Replied>(one.id)->result, "done");
    EXPECT_EQ(about(one.id).back().attempt, 0) << "the device did not say which";
    ASSERT_TRUE(comes<Sent>(one.id));
    EXPECT_EQ(said<Sent>(one.id)->node, "east-2");
}

TEST_F(ChannelTest, NobodySubscribedIsNotSent) {
    place("mute", "east-1");
    const Request one = request("mute");
    ask(one);
    ASSERT_TRUE(comes<NotSent>(one.id));
    EXPECT_EQ(said<NotSent>(one.id)->reason, Reason::not_subscribed);
    EXPECT_EQ(counts().not_sent[static_cast<std::size_t>(Reason::not_subscribed)], 1U);
}

TEST_F(ChannelTest, NothingIsPublishedAtOrAfterTheDeadline) {
    Device& meter = device("meter-7");
    const Request late = request("meter-7", -1ms);
    ask(late);
    const Request now = request("meter-7", 0ms);
    ask(now);
    ASSERT_TRUE(comes<NotSent>(late.id));
    ASSERT_TRUE(comes<NotSent>(now.id));
    EXPECT_EQ(said<NotSent>(late.id)->reason, Reason::deadline_passed);
    EXPECT_EQ(said<NotSent>(now.id)->reason, Reason::deadline_passed);
    const Request good = request("meter-7");
    ask(good);
    ASSERT_TRUE(run_until(io_, [&] { return !meter.got.empty(); }));
    EXPECT_EQ(meter.got.size(), 1U);
}

TEST_F(ChannelTest, WhereTheDeviceIsNotIsNotSent) {
    places_.devices["off"] = {.known = true, .cluster = "east"};
    places_.devices["away"] = {.known = true, .cluster = "west", .node = "west-1", .session = 1, .mqtt_version = 5};
    places_.devices["bad"] = {.known = true, .disabled = true, .cluster = "east"};
    places_.devices["homeless"] = {.known = true};
    place("lost", "east-9");
    const std::pair<std::string, Reason> cases[] = {{"off", Reason::device_offline},    {"away", Reason::device_offline},
                                                    {"bad", Reason::device_disabled},   {"homeless", Reason::no_cluster},
                                                    {"lost", Reason::node_unreachable}, {"nobody", Reason::device_unknown}};
    for (const auto& [id, reason] : cases) {
        const Request one = request(id);
        ask(one);
        ASSERT_TRUE(comes<NotSent>(one.id)) << id;
        EXPECT_EQ(said<NotSent>(one.id)->reason, reason) << id;
    }
}

TEST_F(ChannelTest, WhatTheProfileCannotSayIsNotSent) {
    device("meter-7");
    Request one = request("meter-7");
    one.payload = "no json";
    ask(one);
    ASSERT_TRUE(comes<NotSent>(one.id));
    EXPECT_EQ(said<NotSent>(one.id)->reason, Reason::not_encodable);
    EXPECT_NE(said<NotSent>(one.id)->detail, "");
}

TEST_F(ChannelTest, TheSameAttemptIsNotPublishedTwice) {
    Device& meter = device("meter-7");
    const Request one = request("meter-7");
    ask(one);
    ask(one);
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return about(one.id).size() == 3; }));
    for (const Report& report : about(one.id))
        EXPECT_TRUE(std::holds_alternative<Sent>(report.what));
    Request again = one;
    again.attempt = 2;
    ask(again);
    ASSERT_TRUE(run_until(io_, [&] { return about(one.id).size() == 4 && meter.got.size() >= 2; }));
    EXPECT_EQ(meter.got.size(), 2U);
    // An old attempt that comes back after a newer one says nothing for certain, and sends nothing.
    ask(one);
    ASSERT_TRUE(comes<SendUnclear>(one.id));
    EXPECT_EQ(meter.got.size(), 2U);
    EXPECT_EQ(counts().repeated_requests, 3U);
}

TEST_F(ChannelTest, WhatWasNotSentStaysNotSent) {
    places_.devices["off"] = {.known = true, .cluster = "east"};
    const Request one = request("off");
    ask(one);
    ASSERT_TRUE(comes<NotSent>(one.id));
    Device& off = device("off");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return about(one.id).size() == 2; }));
    EXPECT_TRUE(std::holds_alternative<NotSent>(about(one.id)[1].what)) << "the centre may have been told so already";
    EXPECT_TRUE(off.got.empty());
}

TEST_F(ChannelTest, TenRepliesAreOne) {
    Device& meter = device("meter-7");
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return !meter.got.empty(); }));
    for (int reply = 0; reply < 10; ++reply)
        meter.publish("holdfast/meter-7/reply/" + one.id.text() + "/1", R"({"n":)" + std::to_string(reply) + "}");
    ASSERT_TRUE(run_until(io_, [&] { return counts().repeated_replies == 9; }));
    ASSERT_TRUE(comes<Replied>(one.id));
    EXPECT_EQ(said<Replied>(one.id)->result, R"({"n":0})");
    EXPECT_EQ(counts().replies, 1U);
}

TEST_F(ChannelTest, AReplyForNobodyIsDroppedAndCounted) {
    Device& meter = device("meter-7");
    meter.publish("holdfast/meter-7/reply/not-an-id", "{}");
    meter.publish("holdfast/meter-7/reply", "{}");
    ASSERT_TRUE(run_until(io_, [&] { return counts().unreadable == 2; }));
    known_centres_.clear();
    meter.publish("holdfast/meter-7/reply/" + CommandId(1, 2).text(), "{}");
    ASSERT_TRUE(run_until(io_, [&] { return counts().unmatched == 1; }));
    EXPECT_TRUE(reports_["c1"].empty());
}

TEST_F(ChannelTest, AfterARestartRepliesGoToEveryCentre) {
    Device& meter = device("meter-7");
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(comes<Sent>(one.id));
    start_channel();
    meter.publish(meter.got[0].response_topic, "ok", meter.got[0].correlation);
    ASSERT_TRUE(comes<Replied>(one.id, "c1"));
    ASSERT_TRUE(comes<Replied>(one.id, "c2"));
    EXPECT_EQ(counts().unknown_replies, 1U);
    EXPECT_EQ(about(one.id, "c2")[0].device, "meter-7");
}

TEST_F(ChannelTest, ADeviceCannotAnswerForAnotherOne) {
    Device& meter = device("meter-7");
    Device& other = device("meter-8");
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return !meter.got.empty(); }));
    other.publish("holdfast/meter-8/reply/" + one.id.text(), "ok");
    ASSERT_TRUE(run_until(io_, [&] { return counts().wrong_device == 1; }));
    meter.publish("holdfast/meter-7/reply/" + one.id.text(), "failed");
    ASSERT_TRUE(comes<Replied>(one.id));
    EXPECT_EQ(said<Replied>(one.id)->verdict, Replied::Verdict::failed);
}

TEST_F(ChannelTest, ProfilesOfAFleetsOwn) {
    profile::ProfileText lockers;
    lockers.name = "lockers";
    lockers.devices = {"locker-*"};
    lockers.topic_v3 = "holdfast/{device}/command/do";
    lockers.payload = "{id};{command}";
    lockers.reply_topic = "v1/{device}/done";
    lockers.reply.pattern = R"(^(?P<id>[0-9a-z]{26});(?P<status>\w+)$)";
    start_channel({lockers});
    Device& locker = device("locker-1", mqtt::Version::v31);
    const Request one = request("locker-1");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return !locker.got.empty(); }));
    EXPECT_EQ(locker.got[0].payload, one.id.text() + ";reboot");
    locker.publish("v1/locker-1/done", one.id.text() + ";refused");
    ASSERT_TRUE(comes<Replied>(one.id));
    EXPECT_EQ(said<Replied>(one.id)->verdict, Replied::Verdict::rejected);
}

TEST_F(ChannelTest, AKilledNodesRequestsWaitForAMomentAndAreGivenBackThen) {
    device("meter-7");
    ::kill(cluster_->nodes()[0].pid, SIGKILL);
    ASSERT_TRUE(run_until(io_, [&] { return connected() == 1; }));
    // The node is back within the grace.
    const Request soon = request("meter-7");
    ask(soon);
    ASSERT_TRUE(comes<NotSent>(soon.id));
    const auto reason = said<NotSent>(soon.id)->reason;
    EXPECT_TRUE(reason == Reason::not_subscribed || reason == Reason::node_unreachable) << command::to_string(reason);
    ASSERT_TRUE(run_until(io_, [&] { return connected() == 2; }));
    EXPECT_EQ(channel_->status().nodes[0].sessions, 2U);
}

TEST_F(ChannelTest, ARequestFollowsItsDeviceToAnotherNode) {
    Device& meter = device("meter-7", mqtt::Version::v5, 1);
    // The fleet does not know yet that it has left its node.
    place("meter-7", "east-1");
    places_.places[0].port = 1;
    places_.nodes_changed();
    const Request waits = request("meter-7");
    ask(waits);
    ASSERT_TRUE(run_until(io_, [&] { return channel_->status().nodes[0].waiting == 1; }));
    place("meter-7", "east-2");
    ASSERT_TRUE(comes<Sent>(waits.id));
    EXPECT_EQ(said<Sent>(waits.id)->node, "east-2");
    EXPECT_TRUE(run_until(io_, [&] { return meter.got.size() == 1; }));
}

TEST_F(ChannelTest, ANodeThatStaysAwayIsNotWaitedForAgain) {
    device("meter-7");
    places_.places[0].port = 1;
    places_.nodes_changed();
    const Request first = request("meter-7");
    ask(first);
    ASSERT_TRUE(comes<NotSent>(first.id));
    EXPECT_EQ(said<NotSent>(first.id)->reason, Reason::node_unreachable);
    const Time asked = clock_.now();
    const Request second = request("meter-7");
    ask(second);
    ASSERT_TRUE(comes<NotSent>(second.id));
    EXPECT_LT(clock_.now() - asked, 400ms);
    EXPECT_FALSE(channel_->status().nodes[0].connected);
    EXPECT_NE(channel_->status().nodes[0].sentence, "");
    EXPECT_TRUE(channel_->status().ok) << "the other node is there";
    // Nodes that are listed no longer have no session.
    places_.places.erase(places_.places.begin());
    places_.nodes_changed();
    EXPECT_EQ(channel_->status().nodes.size(), 1U);
}

TEST_F(ChannelTest, AFrozenNodeLeavesItUnclear) {
    device("meter-7");
    ::kill(cluster_->nodes()[0].pid, SIGSTOP);
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(comes<SendUnclear>(one.id));
    EXPECT_TRUE(settles());
    // Asked again it says the same, and publishes nothing.
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return about(one.id).size() == 2; }));
    ::kill(cluster_->nodes()[0].pid, SIGCONT);
    ASSERT_TRUE(comes<Sent>(one.id)) << "the node has taken it after all";
    EXPECT_EQ(devices_[0].got.size(), 1U);
}

TEST_F(ChannelTest, AKilledNodeLeavesItUnclearWhatItHadNotAcknowledged) {
    device("meter-7");
    ::kill(cluster_->nodes()[0].pid, SIGSTOP);
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return channel_->status().nodes[0].in_flight == 1; }));
    ::kill(cluster_->nodes()[0].pid, SIGKILL);
    ASSERT_TRUE(comes<SendUnclear>(one.id));
    EXPECT_EQ(said<SendUnclear>(one.id)->node, "east-1");
    EXPECT_EQ(channel_->status().nodes[0].in_flight, 0U);
}

TEST_F(ChannelTest, AnotherChannelsRequestsAreTakenOverAndNothingIsCertainOfThem) {
    Device& meter = device("meter-7");
    ::kill(cluster_->nodes()[0].pid, SIGSTOP);
    const Request one = request("meter-7");
    ask(one);
    ASSERT_TRUE(run_until(io_, [&] { return channel_->status().nodes[0].in_flight == 1; }));
    // The channel dies, and when the next one has the request, the device is gone.
    channel_.reset();
    ::kill(cluster_->nodes()[0].pid, SIGCONT);
    places_.devices["meter-7"] = {.known = true, .cluster = "east"};
    start_channel();
    ASSERT_TRUE(comes<SendUnclear>(one.id));
    EXPECT_EQ(said<NotSent>(one.id), nullptr) << "the device may have it";
    EXPECT_TRUE(run_until(io_, [&] { return meter.got.size() == 1; })) << "and has it";
    EXPECT_TRUE(settles());
}

TEST_F(ChannelTest, UnreadableRequestsAreSetAside) {
    queue_->publish({{"request.east", "meter-7", "no request"}});
    ASSERT_TRUE(run_until(io_, [&] { return !queue_->poison(10).empty(); }));
    EXPECT_GE(counts().malformed, 1U);
    Device& meter = device("meter-7");
    ask(request("meter-7"));
    EXPECT_TRUE(run_until(io_, [&] { return !meter.got.empty(); })) << "the device's other commands go on";
}

TEST_F(ChannelTest, AThousandCommandsForAHundredDevicesInOrder) {
    constexpr int device_count = 100;
    constexpr int rounds = 10;
    for (int number = 0; number < device_count; ++number) {
        const auto id = fmt::format("meter-{}", number);
        const std::size_t node = number % 2 == 0 ? 0 : 1;
        auto& made = devices_.emplace_back(io_, id, number % 3 == 0 ? mqtt::Version::v311 : mqtt::Version::v5);
        made.connect(cluster_->nodes()[node].address, cluster_->nodes()[node].port);
        place(id, cluster_->nodes()[node].name, number % 3 == 0 ? mqtt::Version::v311 : mqtt::Version::v5);
    }
    ASSERT_TRUE(run_until(io_, [this] { return std::ranges::all_of(devices_, &Device::ready); }));
    std::map<std::string, std::vector<std::string>> asked;
    for (int round = 0; round < rounds; ++round) {
        for (int number = 0; number < device_count; ++number) {
            const Request one = request(fmt::format("meter-{}", number));
            asked[one.device].push_back(one.id.text());
            ask(one);
        }
    }
    ASSERT_TRUE(run_until(io_, [&] { return counts().sent == device_count * rounds; })) << counts().sent;
    ASSERT_TRUE(settles());
    for (int number = 0; number < device_count; ++number) {
        auto& made = devices_[static_cast<std::size_t>(number)];
        ASSERT_TRUE(run_until(io_, [&] { return made.got.size() >= rounds; }));
        std::vector<std::string> got;
        for (const auto& one : made.got)
            got.push_back(one.topic.substr(one.topic.find("/command/") + 9, CommandId::text_length));
        EXPECT_EQ(got, asked[fmt::format("meter-{}", number)]);
    }
    EXPECT_EQ(channel_->status().under_way, 0U);
}

}  // namespace
}  // namespace holdfast::channel
