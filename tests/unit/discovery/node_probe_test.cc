#include "discovery/node_probe.h"

#include <gtest/gtest.h>

namespace holdfast::discovery {
namespace {

using std::chrono::milliseconds;
using Step = NodeProbe::Step;

class NodeProbeTest : public ::testing::Test {
protected:
    Step due() {
        now_ = std::max(now_, probe_.deadline());
        return seen(probe_.on_time(now_));
    }
    Step seen(NodeProbe::Outcome outcome) {
        verdict_ = std::move(outcome.verdict);
        return outcome.step;
    }
    void come_together() {
        ASSERT_EQ(due(), Step::connect);
        ASSERT_EQ(seen(probe_.on_accepted(now_)), Step::none);
        ASSERT_TRUE(verdict_ && verdict_->ok);
    }

    Time now_{milliseconds(1000)};
    NodeProbe probe_{{milliseconds(1000), milliseconds(300)}, now_};
    std::optional<NodeProbe::Verdict> verdict_;
};

TEST_F(NodeProbeTest, ConnectsAtOnceThenAsksEachInterval) {
    const Time began = now_;
    come_together();
    for (int i = 1; i <= 5; ++i) {
        ASSERT_EQ(due(), Step::ping);
        EXPECT_EQ(now_, began + i * milliseconds(1000));
        EXPECT_FALSE(verdict_);
        now_ += milliseconds(7);
        ASSERT_EQ(seen(probe_.on_pong(now_)), Step::none);
        ASSERT_TRUE(verdict_);
        EXPECT_TRUE(verdict_->ok);
        EXPECT_EQ(verdict_->latency, milliseconds(7));
    }
}

TEST_F(NodeProbeTest, DoesNothingBeforeItsTime) {
    come_together();
    EXPECT_EQ(seen(probe_.on_time(probe_.deadline() - Duration(1))), Step::none);
    EXPECT_FALSE(verdict_);
}

TEST_F(NodeProbeTest, AFrozenNodeFailsEachInterval) {
    come_together();
    ASSERT_EQ(due(), Step::ping);
    ASSERT_EQ(due(), Step::close);
    ASSERT_TRUE(verdict_);
    EXPECT_FALSE(verdict_->ok);
    EXPECT_EQ(verdict_->reason, "no answer to PINGREQ within 0.3s");
    const Time failed_at = now_;
    for (int i = 1; i <= 3; ++i) {
        ASSERT_EQ(due(), Step::connect);
        ASSERT_EQ(due(), Step::close);
        EXPECT_EQ(verdict_->reason, "no answer to CONNECT within 0.3s");
        EXPECT_EQ(now_, failed_at + i * milliseconds(1000));
    }
}

TEST_F(NodeProbeTest, ALostConnectionIsNoFailureIfTheNodeTakesAnother) {
    come_together();
    now_ += milliseconds(100);
    ASSERT_EQ(seen(probe_.on_lost(now_, "closed")), Step::none);
    EXPECT_FALSE(verdict_);
    EXPECT_EQ(probe_.deadline(), now_);
    come_together();
}

TEST_F(NodeProbeTest, ADeadNodeIsFoundAtOnce) {
    come_together();
    now_ += milliseconds(100);
    ASSERT_EQ(seen(probe_.on_lost(now_, "closed")), Step::none);
    ASSERT_EQ(due(), Step::connect);
    ASSERT_EQ(seen(probe_.on_lost(now_, "connection refused")), Step::close);
    ASSERT_TRUE(verdict_);
    EXPECT_FALSE(verdict_->ok);
    EXPECT_EQ(verdict_->reason, "connection refused");
    EXPECT_EQ(probe_.deadline(), now_ + milliseconds(1000));
}

TEST_F(NodeProbeTest, ANewNodeHasAMomentToBeginListening) {
    const Time began = now_;
    int tries = 0;
    for (; now_ - began < milliseconds(1000); ++tries) {
        ASSERT_EQ(due(), Step::connect);
        ASSERT_EQ(seen(probe_.on_lost(now_, "connection refused")), Step::close);
        if (verdict_) break;
    }
    EXPECT_EQ(tries, 20);
    ASSERT_TRUE(verdict_);
    EXPECT_EQ(verdict_->reason, "connection refused");
    EXPECT_EQ(probe_.deadline(), now_ + milliseconds(1000)) << "from now on at the usual pace";
}

TEST_F(NodeProbeTest, ANodeThatAcceptsAndDropsDoesNotMakeUsSpin) {
    come_together();
    ASSERT_EQ(seen(probe_.on_lost(now_, "dropped")), Step::none);
    come_together();
    ASSERT_EQ(seen(probe_.on_lost(now_, "dropped")), Step::close);
    ASSERT_TRUE(verdict_ && !verdict_->ok);
    EXPECT_GE(probe_.deadline(), now_ + milliseconds(1000));
}

TEST_F(NodeProbeTest, ARefusedProbeIsAliveANodeThatIsUnavailableIsNot) {
    ASSERT_EQ(due(), Step::connect);
    ASSERT_EQ(seen(probe_.on_refused(now_, "not_authorized", true)), Step::close);
    EXPECT_TRUE(verdict_->ok);
    EXPECT_EQ(verdict_->reason, "alive, but it refuses the probe: not_authorized");
    ASSERT_EQ(due(), Step::connect);
    ASSERT_EQ(seen(probe_.on_refused(now_, "server_unavailable", false)), Step::close);
    EXPECT_FALSE(verdict_->ok);
}

TEST_F(NodeProbeTest, HurryAsksSoonButNotWithoutEnd) {
    come_together();
    probe_.hurry(now_);
    EXPECT_EQ(probe_.deadline(), now_ + milliseconds(100));
    now_ += milliseconds(500);
    probe_.hurry(now_);
    ASSERT_EQ(due(), Step::ping);
    const Time asked = now_;
    probe_.hurry(now_);
    EXPECT_EQ(probe_.deadline(), asked + milliseconds(300)) << "a question is open";
}

TEST_F(NodeProbeTest, LateAnswersCountForNothing) {
    ASSERT_EQ(due(), Step::connect);
    ASSERT_EQ(due(), Step::close);
    EXPECT_EQ(seen(probe_.on_accepted(now_)), Step::none);
    EXPECT_FALSE(verdict_);
    EXPECT_EQ(seen(probe_.on_pong(now_)), Step::none);
    EXPECT_EQ(seen(probe_.on_lost(now_, "x")), Step::none);
    EXPECT_FALSE(verdict_);
}

}  // namespace
}  // namespace holdfast::discovery
