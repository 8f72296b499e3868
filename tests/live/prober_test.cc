// Probes against real mosquitto: killed, frozen, restarted.

#include "discovery/prober.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "discovery/local_cluster.h"
#include "net/listen.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::discovery {
namespace {

using test::run_until;

class ProberTest : public ::testing::Test {
protected:
    void SetUp() override {
        LocalClusterOptions options;
        options.cluster = "east";
        options.nodes = 2;
        options.data_dir = directory_.path();
        // A killed node stays away for a moment, so that its failure can be seen.
        options.restart.first = std::chrono::milliseconds(500);
        cluster_ = std::make_unique<LocalCluster>(io_, options, NodesSink{}, LocalNodeSink{});
        const auto started = cluster_->start();
        ASSERT_TRUE(started) << started.error().message();
        ProbeOptions probe;
        probe.interval = std::chrono::milliseconds(50);
        probe.timeout = std::chrono::milliseconds(300);
        prober_ = std::make_unique<Prober>(io_, probe, [this](const ProbeReport& report) {
            reports_.push_back(report);
            last_[report.node] = report;
        });
        for (const auto& node : cluster_->nodes())
            prober_->add(node.name, {node.address, node.port});
        ASSERT_TRUE(becomes("east-1", true));
        ASSERT_TRUE(becomes("east-2", true));
    }

    void TearDown() override {
        bool stopped = false;
        cluster_->stop([&stopped] { stopped = true; });
        EXPECT_TRUE(run_until(io_, [&stopped] { return stopped; }));
    }

    bool becomes(const std::string& node, bool ok) {
        last_.erase(node);
        return run_until(io_, [&] { return last_.contains(node) && last_[node].ok == ok; });
    }
    int pid(std::size_t index) { return cluster_->nodes()[index].pid; }

    test::ScratchDirectory directory_;
    net::IoContext io_;
    std::unique_ptr<LocalCluster> cluster_;
    std::vector<ProbeReport> reports_;
    std::map<std::string, ProbeReport> last_;
    std::unique_ptr<Prober> prober_;
};

TEST_F(ProberTest, FindsAKilledNodeAndItsReturn) {
    ::kill(pid(0), SIGKILL);
    ASSERT_TRUE(becomes("east-1", false));
    // In the very moment of its death it may have been reached once more; then nobody listens.
    EXPECT_TRUE(run_until(io_, [this] { return last_["east-1"].reason.find("Connection refused") != std::string::npos; }))
        << last_["east-1"].reason;
    ASSERT_TRUE(becomes("east-2", true));
    ASSERT_TRUE(becomes("east-1", true));
}

TEST_F(ProberTest, FindsAFrozenNodeAndItsThaw) {
    ::kill(pid(0), SIGSTOP);
    ASSERT_TRUE(becomes("east-1", false));
    EXPECT_EQ(last_["east-1"].reason, "no answer to PINGREQ within 0.3s");
    // It still accepts TCP; only an answer counts.
    ASSERT_TRUE(becomes("east-1", false));
    EXPECT_EQ(last_["east-1"].reason, "no answer to CONNECT within 0.3s");
    ::kill(pid(0), SIGCONT);
    ASSERT_TRUE(becomes("east-1", true));
}

TEST_F(ProberTest, KeepsOneConnectionAndReportsEachInterval) {
    reports_.clear();
    ASSERT_TRUE(run_until(io_, [this] { return reports_.size() >= 20; }));
    EXPECT_TRUE(std::ranges::all_of(reports_, &ProbeReport::ok));
    EXPECT_TRUE(std::ranges::all_of(reports_, [](const ProbeReport& report) { return report.latency > Duration::zero(); }));
}

TEST_F(ProberTest, RemovedNodesAreNotReported) {
    prober_->remove("east-1");
    reports_.clear();
    ASSERT_TRUE(run_until(io_, [this] { return reports_.size() >= 5; }));
    EXPECT_TRUE(std::ranges::none_of(reports_, [](const ProbeReport& report) { return report.node == "east-1"; }));
    prober_->add("east-1", {"127.0.0.1", cluster_->nodes()[0].port});
    ASSERT_TRUE(becomes("east-1", true));
}

TEST_F(ProberTest, FollowsANodeToAnotherAddress) {
    const auto nodes = cluster_->nodes();
    ::kill(nodes[0].pid, SIGSTOP);
    ASSERT_TRUE(becomes("east-1", false));
    prober_->set_targets({{"east-1", {"127.0.0.1", nodes[1].port}}});
    ASSERT_TRUE(becomes("east-1", true));
    ::kill(nodes[0].pid, SIGCONT);
}

TEST_F(ProberTest, TheSinkMayRemoveTheNodeItHearsOf) {
    std::unique_ptr<Prober> prober;
    int heard = 0;
    prober = std::make_unique<Prober>(io_, ProbeOptions{}, [&](const ProbeReport& report) {
        ++heard;
        prober->remove(report.node);
    });
    prober->add("x", {"127.0.0.1", cluster_->nodes()[0].port});
    EXPECT_TRUE(run_until(io_, [&] { return heard == 1; }));
}

TEST_F(ProberTest, NamesAreResolved) {
    prober_->add("by-name", {"localhost", cluster_->nodes()[0].port});
    ASSERT_TRUE(becomes("by-name", true));
}

}  // namespace
}  // namespace holdfast::discovery
