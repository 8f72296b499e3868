#include "discovery/static_cluster.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace holdfast::discovery {
namespace {

class StaticClusterTest : public ::testing::Test {
protected:
    bool run_until(const std::function<bool()>& condition) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            if (io_.stopped()) io_.restart();
            io_.run_one_for(std::chrono::milliseconds(5));
        }
        return true;
    }
    void start(std::vector<StaticNode> nodes) {
        StaticClusterOptions options;
        options.cluster = "east";
        options.nodes = std::move(nodes);
        options.resolve_interval = options.retry_interval = std::chrono::milliseconds(10);
        cluster_ = std::make_unique<StaticCluster>(
            io_, options, [this](const NodesListed& listed) { listed_.push_back(listed); },
            [this](const std::string& sentence) { troubles_.push_back(sentence); });
        cluster_->start();
    }

    net::IoContext io_;
    std::vector<NodesListed> listed_;
    std::vector<std::string> troubles_;
    std::unique_ptr<StaticCluster> cluster_;
};

TEST_F(StaticClusterTest, ListsNumbersAtOnceAndNamesWhenResolved) {
    start({{"a", {"127.0.0.5", 1883}, 3}, {"b", {"localhost", 1884}}});
    ASSERT_EQ(listed_.size(), 1U);
    ASSERT_EQ(listed_[0].nodes.size(), 2U);
    EXPECT_EQ(listed_[0].cluster, "east");
    EXPECT_EQ(listed_[0].nodes[0].address, "127.0.0.5");
    EXPECT_EQ(listed_[0].nodes[0].weight, 3U);
    EXPECT_EQ(listed_[0].nodes[1].address, "");
    ASSERT_TRUE(run_until([this] { return listed_.size() == 2; }));
    EXPECT_EQ(listed_[1].nodes[1].host, "localhost");
    EXPECT_EQ(listed_[1].nodes[1].address, "127.0.0.1");
    EXPECT_EQ(listed_[1].nodes[1].port, 1884);
}

TEST_F(StaticClusterTest, TellsAnUnknownNameOnce) {
    start({{"a", {"no-such-host.invalid", 1883}}});
    ASSERT_TRUE(run_until([this] { return !troubles_.empty(); }));
    EXPECT_NE(troubles_[0].find("no-such-host.invalid"), std::string::npos);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    run_until([soon] { return std::chrono::steady_clock::now() > soon; });
    EXPECT_EQ(troubles_.size(), 1U);
    EXPECT_EQ(listed_.size(), 1U);
}

TEST_F(StaticClusterTest, TakesAnotherSetOfNodes) {
    start({{"a", {"127.0.0.5", 1883}}});
    cluster_->set_nodes({{"a", {"127.0.0.6", 1883}}, {"b", {"localhost", 1884}}});
    ASSERT_EQ(listed_.size(), 2U);
    EXPECT_EQ(listed_[1].nodes[0].address, "127.0.0.6");
    ASSERT_TRUE(run_until([this] { return listed_.back().nodes.back().address == "127.0.0.1"; }));
}

TEST_F(StaticClusterTest, SaysNothingAfterStop) {
    start({{"b", {"localhost", 1884}}});
    cluster_->stop();
    io_.run_for(std::chrono::milliseconds(50));
    EXPECT_EQ(listed_.size(), 1U);
}

}  // namespace
}  // namespace holdfast::discovery
