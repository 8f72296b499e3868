// The store locked by somebody else: nothing is said that is not recorded, and everything goes on afterwards.

#include <gtest/gtest.h>

#include "center_stage.h"

namespace holdfast::center::testing {
namespace {

using command::Errc;
using command::State;

class CenterStoreFaultsTest : public ::testing::Test, protected CenterStage {
protected:
    std::string path() const { return directory.path() / "commands.db"; }
};

TEST_F(CenterStoreFaultsTest, WhatCannotBeRecordedIsNotTaken) {
    CommandCenter& center = start();
    {
        const FileLock lock(path());
        const auto refused = submit(center, reboot());
        ASSERT_FALSE(refused);
        EXPECT_TRUE(refused.error().is(Errc::store_unavailable)) << refused.error().message();
        const auto at_once = submit(center, reboot());
        ASSERT_FALSE(at_once);
        EXPECT_TRUE(at_once.error().is(Errc::store_unavailable));
    }
    std::optional<Result<command::Command>> ended;
    ASSERT_TRUE(until([&] {
        if (!ended || !*ended) ended = finish(center, reboot());
        return ended->has_value();
    }));
    EXPECT_EQ((*ended)->state, State::succeeded);
    EXPECT_EQ(channel->requests.size(), 1U) << "what was refused has not gone out";
}

TEST_F(CenterStoreFaultsTest, AnEndIsToldOnlyWhenItIsRecorded) {
    channel->act = [](TestChannel&, const command::Request&) {};
    CommandCenter& center = start();
    const auto submitted = submit(center, reboot());
    ASSERT_TRUE(submitted);
    ASSERT_TRUE(until([&] { return channel->requests.size() == 1; }));
    std::optional<Result<command::Command>> ended;
    const auto ticket = center.wait(submitted->command.id, clock.now() + std::chrono::seconds(20),
                                    [&](Result<command::Command> command) { ended = std::move(command); });
    {
        const FileLock lock(path());
        channel->reply(channel->requests[0]);
        ASSERT_TRUE(until([&] { return !center.status().store.ok; }));
        EXPECT_FALSE(ended.has_value());
        EXPECT_FALSE(is_terminal(center.get(submitted->command.id)->state));
    }
    ASSERT_TRUE(until([&] { return ended.has_value(); }));
    EXPECT_EQ((*ended)->state, State::succeeded);
}

}  // namespace
}  // namespace holdfast::center::testing
