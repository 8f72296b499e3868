// Several centres side by side on one store.

#include <gtest/gtest.h>

#include "center_stage.h"

namespace holdfast::center::testing {
namespace {

using command::State;

class SeveralCentersTest : public ::testing::Test, protected CenterStage {
protected:
    /// A second process: its own connection to the store.
    CommandCenter& start_elsewhere(const std::string& name, Duration lease = std::chrono::seconds(5)) {
        stores_.push_back(open_store());
        CenterOptions how = options(name);
        how.lease = lease;
        auto& center = centers.emplace_back(std::make_unique<CommandCenter>(io, clock, *stores_.back(), queue, devices, how));
        const auto started = center->start();
        EXPECT_TRUE(started) << started.error().message();
        return *center;
    }
    ~SeveralCentersTest() override { centers.clear(); }

    std::vector<std::unique_ptr<storage::CommandStore>> stores_;
};

TEST_F(SeveralCentersTest, ACallerIsAnsweredWhereverItWaits) {
    CommandCenter& one = start_elsewhere("c1", std::chrono::milliseconds(600));
    CommandCenter& two = start_elsewhere("c2", std::chrono::milliseconds(600));
    ASSERT_TRUE(until([&] { return one.centres().size() == 2 && two.centres().size() == 2; }));
    for (int i = 0; i < 12; ++i)
        devices.connect("device-" + std::to_string(i));
    for (int i = 0; i < 12; ++i) {
        CommandCenter& here = i % 2 == 0 ? one : two;
        CommandCenter& there = i % 2 == 0 ? two : one;
        const auto submitted = submit(here, reboot("device-" + std::to_string(i)));
        ASSERT_TRUE(submitted) << submitted.error().message();
        const auto ended = wait(there, submitted->command.id);
        ASSERT_TRUE(ended);
        EXPECT_EQ(ended->state, State::succeeded);
    }
    EXPECT_EQ(channel->requests.size(), 12U);
    EXPECT_GT(one.counts().requests, 0U);
    EXPECT_GT(two.counts().requests, 0U) << "both take care of some devices";
}

TEST_F(SeveralCentersTest, ACommandThatWasRecordedForAnotherCentreIsNotForgottenWhenNobodyTellsIt) {
    start_elsewhere("c2", std::chrono::milliseconds(600));
    CommandCenter& one = start_elsewhere("c1", std::chrono::milliseconds(600));
    ASSERT_TRUE(until([&] { return one.centres().size() == 2; }));
    // As a centre leaves it that dies right after its commit.
    auto command = command::make_command(reboot(), command::CommandId::make(clock.wall(), 7, 7), {}, clock.wall());
    ASSERT_TRUE(command);
    command->centre = "c1";
    bool written = false;
    store->write({*command}, [&](const Result<>& result) { written = result.has_value(); });
    ASSERT_TRUE(store->flush(std::chrono::seconds(5)));
    EXPECT_TRUE(written);
    EXPECT_EQ(wait(one, command->id)->state, State::succeeded);
}

TEST_F(SeveralCentersTest, OneNameBelongsToOneCentre) {
    start_elsewhere("c1");
    stores_.push_back(open_store());
    CommandCenter second(io, clock, *stores_.back(), queue, devices, options("c1"));
    const auto started = second.start();
    ASSERT_FALSE(started);
    EXPECT_NE(started.error().message().find("c1"), std::string::npos) << started.error().message();
}

TEST_F(SeveralCentersTest, CommandsOfACentreThatIsGoneAreTakenOver) {
    channel->act = [](TestChannel&, const command::Request&) {};
    CommandCenter& one = start_elsewhere("c1", std::chrono::milliseconds(600));
    const auto submitted = submit(one, reboot());
    ASSERT_TRUE(submitted);
    ASSERT_TRUE(until([&] { return channel->requests.size() == 1; }));
    drop(one);
    channel->act = [](TestChannel& hand, const command::Request& request) { hand.reply(request); };
    CommandCenter& two = start_elsewhere("c2", std::chrono::milliseconds(600));
    const auto ended = wait(two, submitted->command.id);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, State::succeeded);
    EXPECT_EQ(ended->centre, "c2");
}

}  // namespace
}  // namespace holdfast::center::testing
