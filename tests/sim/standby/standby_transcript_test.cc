// Whole stories, as a person would read them: time in milliseconds, who tells or says what. Compared with
// transcripts/<story>.txt; HOLDFAST_WRITE_TRANSCRIPTS=1 writes them anew.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/standby/standby_town.h"
#include "support/transcript.h"

namespace holdfast::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Story {
public:
    explicit Story(std::string name, const StandbyTownPlan& plan = usual_plan()) : town(7, plan), name_(std::move(name)) {
        start_ = town.scheduler.now();
        town.listener = [this](const std::string& line) {
            const auto passed = std::chrono::duration_cast<milliseconds>(town.scheduler.now() - start_);
            lines_ += fmt::format("{:>7} {}\n", passed.count(), line);
        };
        town.run_for(seconds(5));
        lines_.clear();
        start_ = town.scheduler.now();
    }

    static StandbyTownPlan usual_plan() {
        StandbyTownPlan plan;
        plan.options.quorum = 2;
        plan.options.down_after = seconds(1);
        plan.options.switch_back_after = seconds(10);
        return plan;
    }
    /// Compares what was told with the file.
    void is_as_written() const { test::expect_transcript(lines_, "tests/sim/standby/transcripts/" + name_ + ".txt"); }

    StandbyTown town;

private:
    std::string name_;
    std::string lines_;
    Time start_{};
};

TEST(StandbyTranscript, killed) {
    Story story("killed");
    story.town.set_member(0, MemberState::dead);
    story.town.run_for(seconds(2));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.is_as_written();
}

TEST(StandbyTranscript, killed_and_suspected_early) {
    auto plan = Story::usual_plan();
    plan.options.early_suspicion = milliseconds(100);
    Story story("killed_and_suspected_early", plan);
    story.town.set_member(0, MemberState::dead);
    story.town.run_for(seconds(1));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.is_as_written();
}

TEST(StandbyTranscript, frozen_and_given_back) {
    auto plan = Story::usual_plan();
    plan.options.switch_back = sentinel::SwitchBack::automatic;
    Story story("frozen_and_given_back", plan);
    story.town.set_member(0, MemberState::frozen);
    story.town.run_for(seconds(5));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.town.set_member(0, MemberState::up);
    story.town.run_for(seconds(12));
    EXPECT_EQ(story.town.agreed_active(), "east-1");
    story.is_as_written();
}

TEST(StandbyTranscript, replaced_for_good) {
    auto plan = Story::usual_plan();
    plan.sentinels = 1;
    plan.options.quorum = 1;
    plan.options.switch_back = sentinel::SwitchBack::never;
    Story story("replaced_for_good", plan);
    story.town.set_member(0, MemberState::dead);
    story.town.run_for(seconds(2));
    story.town.set_member(0, MemberState::up);
    story.town.run_for(seconds(15));
    story.town.set_member(1, MemberState::dead);
    story.town.run_for(seconds(15));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    ASSERT_TRUE(story.town.order(0, "east-1").has_value());
    story.town.run_for(seconds(1));
    EXPECT_EQ(story.town.agreed_active(), "east-1");
    story.is_as_written();
}

TEST(StandbyTranscript, ordered) {
    Story story("ordered");
    ASSERT_TRUE(story.town.order(2, "").has_value());
    story.town.run_for(seconds(1));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.is_as_written();
}

TEST(StandbyTranscript, minority) {
    Story story("minority");
    story.town.cut(0, 1);
    story.town.cut(0, 2);
    story.town.cut_member(0, 0);
    story.town.run_for(seconds(10));
    EXPECT_EQ(story.town.view(0).active, "east-1");
    story.town.set_member(0, MemberState::dead);
    story.town.run_for(seconds(2));
    EXPECT_EQ(story.town.view(0).active, "east-1");
    EXPECT_EQ(story.town.view(1).active, "east-2");
    story.town.heal();
    story.town.run_for(seconds(3));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.is_as_written();
}

TEST(StandbyTranscript, leader_crashes) {
    Story story("leader_crashes");
    story.town.set_member(0, MemberState::dead);
    const auto someone_asks = [&story] {
        for (std::size_t number = 0; number < 3; ++number) {
            if (story.town.view(number).doing.starts_with("asks")) {
                story.town.crash(number);
                return true;
            }
        }
        return false;
    };
    ASSERT_TRUE(story.town.run_until(someone_asks, seconds(5), milliseconds(1)));
    story.town.run_for(seconds(4));
    EXPECT_EQ(story.town.agreed_active(), "east-2");
    story.is_as_written();
}

}  // namespace
}  // namespace holdfast::sim
