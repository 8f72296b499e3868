// Local clusters on real mosquitto processes.

#include "discovery/local_cluster.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/free_port.h"
#include "net/listen.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::discovery {
namespace {

using test::run_until;
using Kind = LocalNodeEvent::Kind;

bool accepts(net::IoContext& io, std::uint16_t port) {
    net::TcpSocket socket(io);
    net::ErrorCode error;
    socket.connect({boost::asio::ip::address_v4::loopback(), port}, error);
    return !error;
}

std::string content(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

bool is_running(int pid) {
    return ::kill(pid, 0) == 0;
}

class LocalClusterTest : public ::testing::Test {
protected:
    LocalClusterOptions options() {
        LocalClusterOptions options;
        options.cluster = "east";
        options.data_dir = directory_.path();
        options.restart.first = std::chrono::milliseconds(20);
        return options;
    }

    void make(LocalClusterOptions options) {
        cluster_ = std::make_unique<LocalCluster>(
            io_, std::move(options), [this](const NodesListed& listed) { listed_.push_back(listed); },
            [this](const LocalNodeEvent& event) { events_.push_back(event); });
    }

    void start(LocalClusterOptions options) {
        make(std::move(options));
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
    }

    void stop() {
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(run_until(io_, [&stopped] { return stopped; }));
    }

    bool all_accept() {
        return run_until(io_, [this] {
            return std::ranges::all_of(cluster_->nodes(), [this](const LocalNode& node) { return accepts(io_, node.port); });
        });
    }

    [[nodiscard]] long count(Kind kind) const {
        return std::ranges::count_if(events_, [kind](const LocalNodeEvent& event) { return event.kind == kind; });
    }

    [[nodiscard]] std::string node_file(std::string_view name) const { return directory_.path() / "local/east/east-1" / name; }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    std::vector<NodesListed> listed_;
    std::vector<LocalNodeEvent> events_;
    std::unique_ptr<LocalCluster> cluster_;
};

TEST_F(LocalClusterTest, StartsItsNodesListsThemAndEndsThemCleanly) {
    start(options());
    ASSERT_EQ(listed_.size(), 1U);
    ASSERT_EQ(listed_[0].nodes.size(), 2U);
    EXPECT_EQ(listed_[0].nodes[0].name, "east-1");
    EXPECT_EQ(listed_[0].nodes[1].name, "east-2");
    ASSERT_TRUE(all_accept());
    const auto nodes = cluster_->nodes();
    EXPECT_NE(nodes[0].port, nodes[1].port);
    stop();
    for (const auto& node : nodes)
        EXPECT_FALSE(is_running(node.pid));
    EXPECT_EQ(count(Kind::stopped), 2);
    EXPECT_EQ(count(Kind::exited), 0);
    EXPECT_NE(content(node_file("mosquitto.log")).find("terminating"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(node_file("mosquitto.pid")));
}

TEST_F(LocalClusterTest, BringsAKilledNodeBackOnTheSamePort) {
    start(options());
    ASSERT_TRUE(all_accept());
    const auto before = cluster_->nodes();
    ::kill(before[0].pid, SIGKILL);
    ASSERT_TRUE(run_until(io_, [this] { return count(Kind::started) == 3; }));
    ASSERT_TRUE(all_accept());
    const auto after = cluster_->nodes();
    EXPECT_NE(after[0].pid, before[0].pid);
    EXPECT_EQ(after[0].port, before[0].port);
    EXPECT_EQ(after[1].pid, before[1].pid);
    EXPECT_EQ(listed_.size(), 1U);
    const auto exited = std::ranges::find(events_, Kind::exited, &LocalNodeEvent::kind);
    ASSERT_NE(exited, events_.end());
    EXPECT_NE(exited->sentence.find("was ended by signal 9"), std::string::npos) << exited->sentence;
    EXPECT_GT(exited->restart_in, Duration::zero());
    stop();
}

TEST_F(LocalClusterTest, KeepsPortsOverStarts) {
    start(options());
    const auto before = cluster_->nodes();
    ASSERT_TRUE(all_accept());
    stop();
    start(options());
    const auto after = cluster_->nodes();
    ASSERT_TRUE(all_accept());
    stop();
    EXPECT_EQ(before[0].port, after[0].port);
    EXPECT_EQ(before[1].port, after[1].port);
}

TEST_F(LocalClusterTest, EndsAFrozenNodeByForceWhenStopped) {
    auto frozen = options();
    frozen.nodes = 1;
    frozen.stop_timeout = std::chrono::milliseconds(300);
    // A program that neither ends on SIGTERM nor speaks MQTT.
    frozen.mosquitto = directory_.path() / "stubborn";
    std::ofstream(frozen.mosquitto) << "#!/bin/sh\ntrap '' TERM\necho stubborn\nwhile :; do sleep 0.05; done\n";
    std::filesystem::permissions(frozen.mosquitto, std::filesystem::perms::owner_all);
    start(frozen);
    const int pid = cluster_->nodes()[0].pid;
    ASSERT_TRUE(run_until(io_, [this] { return content(node_file("mosquitto.log")).find("stubborn") != std::string::npos; }));
    stop();
    EXPECT_FALSE(is_running(pid));
}

TEST_F(LocalClusterTest, WaitsForAPortThatSomebodyElseHolds) {
    const auto loopback = boost::asio::ip::address(boost::asio::ip::address_v4::loopback());
    auto holder = net::open_listener(io_, {loopback, 0}, {}, "the test", "nothing");
    ASSERT_TRUE(holder);
    auto conflicting = options();
    conflicting.nodes = 1;
    conflicting.base_port = holder->local_endpoint().port();
    start(conflicting);
    ASSERT_EQ(count(Kind::start_failed), 1);
    EXPECT_NE(events_[0].sentence.find("is in use (held by"), std::string::npos) << events_[0].sentence;
    EXPECT_TRUE(listed_.empty()) << "the port answers, but it is not ours";
    ASSERT_TRUE(run_until(io_, [this] { return count(Kind::start_failed) == 3; }));
    holder->close();
    ASSERT_TRUE(run_until(io_, [this] { return count(Kind::started) == 1; }));
    EXPECT_EQ(listed_.size(), 1U);
    ASSERT_TRUE(all_accept());
    stop();
}

TEST_F(LocalClusterTest, TakesAnotherPortWhenTheKeptOneIsGone) {
    auto one = options();
    one.nodes = 1;
    start(one);
    ASSERT_TRUE(all_accept());
    const auto port = cluster_->nodes()[0].port;
    stop();
    const auto loopback = boost::asio::ip::address(boost::asio::ip::address_v4::loopback());
    auto holder = net::open_listener(io_, {loopback, port}, {}, "the test", "nothing");
    ASSERT_TRUE(holder);
    start(one);
    EXPECT_NE(cluster_->nodes()[0].port, port);
    ASSERT_TRUE(all_accept());
    stop();
}

TEST_F(LocalClusterTest, EndsLeftoversOfAnEarlierHoldfast) {
    auto one = options();
    one.nodes = 1;
    start(one);
    ASSERT_TRUE(all_accept());
    const auto node = cluster_->nodes()[0];
    stop();
    // As if Holdfast had been killed and its node had survived.
    const pid_t leftover = ::fork();
    ASSERT_GE(leftover, 0);
    if (leftover == 0) {
        ::execl("/usr/sbin/mosquitto", "mosquitto", "-c", node_file("mosquitto.conf").c_str(), nullptr);
        ::_exit(127);
    }
    std::ofstream(node_file("mosquitto.pid")) << leftover << '\n';
    ASSERT_TRUE(run_until(io_, [&] { return accepts(io_, node.port); }));
    ::kill(leftover, SIGSTOP);
    start(one);
    ASSERT_TRUE(run_until(io_, [&] {
        ::waitpid(leftover, nullptr, WNOHANG);
        return count(Kind::started) == 2;
    }));
    EXPECT_EQ(count(Kind::leftover_ended), 1);
    EXPECT_FALSE(is_running(leftover));
    EXPECT_EQ(cluster_->nodes()[0].port, node.port);
    ASSERT_TRUE(all_accept());
    stop();
}

TEST_F(LocalClusterTest, TwoHoldfastsDoNotShareADirectory) {
    start(options());
    LocalCluster second(io_, options(), {}, {});
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_TRUE(started.error().is(LocalErrc::in_use)) << started.error().message();
    stop();
}

TEST_F(LocalClusterTest, SaysHowToGetAMissingMosquitto) {
    auto missing = options();
    missing.mosquitto = "no-such-broker";
    make(missing);
    const auto started = cluster_->start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message().find("apt install mosquitto"), std::string::npos) << started.error().message();
}

TEST_F(LocalClusterTest, BacksOffFromAProgramThatEndsAtOnce) {
    auto failing = options();
    failing.nodes = 1;
    failing.mosquitto = "/bin/false";
    start(failing);
    ASSERT_TRUE(run_until(io_, [this] { return count(Kind::exited) == 4; }));
    std::vector<Duration> waits;
    for (const auto& event : events_) {
        if (event.kind == Kind::exited) waits.push_back(event.restart_in);
    }
    EXPECT_TRUE(std::ranges::is_sorted(waits));
    EXPECT_GT(waits.back(), waits.front());
    stop();
}

TEST_F(LocalClusterTest, ItsNodesDieWithTheProcessThatStartedThem) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t parent = ::fork();
    ASSERT_GE(parent, 0);
    if (parent == 0) {
        net::IoContext io;
        auto one = options();
        one.nodes = 1;
        LocalCluster cluster(io, one, {}, {});
        int pid = 0;
        if (cluster.start()) pid = cluster.nodes()[0].pid;
        [[maybe_unused]] const auto told = ::write(ends[1], &pid, sizeof pid);
        ::pause();
        ::_exit(0);
    }
    int pid = 0;
    ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ::close(ends[0]);
    ::close(ends[1]);
    ASSERT_GT(pid, 0);
    EXPECT_TRUE(is_running(pid));
    ::kill(parent, SIGKILL);
    ::waitpid(parent, nullptr, 0);
    // Nobody of ours reaps it: a process that has ended may stay as a zombie.
    EXPECT_TRUE(run_until(io_, [pid] {
        if (!is_running(pid)) return true;
        return content("/proc/" + std::to_string(pid) + "/status").find("State:\tZ") != std::string::npos;
    }));
}

}  // namespace
}  // namespace holdfast::discovery
