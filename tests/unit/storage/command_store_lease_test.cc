// Centres' leases, taking over from a lost one, and what is removed when it is old.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "command_store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;
using command::State;

using CommandStoreLeases = CommandStoreTest;

TEST_F(CommandStoreLeases, ANameBelongsToOneCentreAtATime) {
    const auto store = open();
    const auto other = open();
    const auto taken = store->hold_lease("one", {}, long_ago, 10s);
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_EQ(taken->name, "one");
    EXPECT_EQ(taken->epoch, 1U);
    EXPECT_EQ(taken->until, long_ago + 10s);
    const auto refused = other->hold_lease("one", {}, long_ago + 4s, 10s);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(StorageErrc::in_use));
    EXPECT_EQ(refused.error().message(),
              "the command centre one is at work elsewhere (its lease holds for 6 s); end it, or give this one another name");
    const auto renewed = store->hold_lease("one", taken->epoch, long_ago + 5s, 10s);
    ASSERT_TRUE(renewed);
    EXPECT_EQ(renewed->epoch, 1U);
    EXPECT_EQ(renewed->until, long_ago + 15s);
    const auto succeeded = other->hold_lease("one", {}, long_ago + 15s, 10s);
    ASSERT_TRUE(succeeded);
    EXPECT_EQ(succeeded->epoch, 2U);
    EXPECT_FALSE(store->hold_lease("one", taken->epoch, long_ago + 16s, 10s));
    EXPECT_TRUE(other->hold_lease("two", {}, long_ago, 10s));
    const auto leases = store->leases().value();
    ASSERT_EQ(leases.size(), 2U);
    EXPECT_EQ(leases[0].epoch, 2U);
    EXPECT_EQ(leases[1].name, "two");
}

TEST_F(CommandStoreLeases, ACentreThatDiedIsStartedAgainWithoutWaitingForItsLease) {
    auto store = open();
    const auto other = open();
    ASSERT_TRUE(store->hold_lease("one", {}, long_ago, 10s));
    EXPECT_FALSE(other->hold_lease("one", {}, long_ago + 1s, 10s));
    // As the kernel does when a process is killed.
    store.reset();
    const auto taken = other->hold_lease("one", {}, long_ago + 2s, 10s);
    ASSERT_TRUE(taken) << taken.error().message();
    EXPECT_EQ(taken->epoch, 2U);
}

TEST_F(CommandStoreLeases, ALeaseThatIsGivenBackIsFreeAtOnce) {
    const auto store = open();
    const auto other = open();
    const auto taken = store->hold_lease("one", {}, long_ago, 10s);
    ASSERT_TRUE(taken);
    store->end_lease("one", taken->epoch + 1);
    EXPECT_FALSE(other->adopt("one", "two", long_ago + 1s)) << "another epoch's goodbye ends nothing";
    store->end_lease("one", taken->epoch);
    EXPECT_TRUE(other->adopt("one", "two", long_ago + 1s));
    EXPECT_TRUE(other->hold_lease("one", {}, long_ago + 1s, 10s));
}

TEST_F(CommandStoreLeases, ALeaseThatIsHeldElsewhereFailsNothingElse) {
    const auto store = open();
    ASSERT_TRUE(store->hold_lease("one", {}, long_ago, 10s));
    std::vector<command::Command> many;
    for (std::uint64_t i = 0; i < 100; ++i)
        many.push_back(command_of(i));
    bool good = false;
    store->write(many, [&](const Result<>& result) { good = result.has_value(); });
    EXPECT_FALSE(store->hold_lease("one", {}, long_ago, 10s));
    ASSERT_TRUE(store->flush(patience));
    EXPECT_TRUE(good);
    EXPECT_TRUE(store->status().ok);
}

TEST_F(CommandStoreLeases, OpenCommandsAndJobsOfALostCentreAreTakenOver) {
    const auto store = open();
    ASSERT_TRUE(store->hold_lease("one", {}, long_ago, 10s));
    std::vector<command::Command> commands;
    for (std::uint64_t i = 0; i < 12'000; ++i)
        commands.push_back(command_of(i));
    commands[3] = ended_as(commands[3], State::succeeded);
    ASSERT_TRUE(write_commands(*store, commands));
    ASSERT_TRUE(store->create_job(job_of("job-1"), {"a"}));
    const auto refused = store->adopt("one", "two", long_ago + 9s);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(StorageErrc::in_use));
    EXPECT_EQ(store->adopt("one", "two", long_ago + 10s).value(), 11'999U);
    EXPECT_EQ(store->adopt("one", "two", long_ago + 10s).value(), 0U);
    EXPECT_EQ(store->adopt("two", "two", long_ago + 10s).value(), 0U);
    EXPECT_EQ(store->get(commands[3].id).value()->centre, "one");
    EXPECT_EQ(store->get(commands[4].id).value()->centre, "two");
    EXPECT_EQ(store->get_job("job-1").value()->centre, "two");
    EXPECT_EQ(store->open_commands("two", long_ago, {}, 20'000).value().size(), 11'999U);
    EXPECT_TRUE(store->open_commands("one", long_ago, {}, 10).value().empty());
    // The slow one notices that its lease is another, and what it writes does not take its commands back.
    EXPECT_NE(store->hold_lease("one", 1, long_ago + 11s, 10s).value().epoch, 1U);
    commands[5].state = State::sent;
    ASSERT_TRUE(write_commands(*store, {commands[5]}));
    EXPECT_EQ(store->get(commands[5].id).value()->centre, "two");
}

TEST_F(CommandStoreLeases, CommandsOfACentreThatNeverHadALeaseAreTakenOver) {
    const auto store = open();
    ASSERT_TRUE(write_commands(*store, {command_of(1)}));
    EXPECT_EQ(store->adopt("one", "two", long_ago).value(), 1U);
}

class CommandStoreRetention : public CommandStoreTest {
protected:
    static constexpr int hours = 50;

    /// A command an hour; every fifth is still open.
    void fill() {
        std::vector<command::Command> commands;
        for (int i = 0; i < hours; ++i) {
            command::Command command = command_of(static_cast<std::uint64_t>(i));
            command.created_at = long_ago + std::chrono::hours(i);
            command.id = id_at(command.created_at, 0);
            commands.push_back(i % 5 == 0 ? command : ended_as(command, State::succeeded));
        }
        ASSERT_TRUE(write_commands(*store_, commands));
    }
    std::uint64_t remove_all(const CommandRetention& retention, std::size_t limit) {
        std::uint64_t all = 0;
        for (int sweep = 0; sweep < 100; ++sweep) {
            const std::uint64_t removed = store_->remove_old(retention, long_ago + std::chrono::hours(hours), limit).value();
            EXPECT_LE(removed, limit);
            all += removed;
        }
        return all;
    }

    std::unique_ptr<CommandStore> store_ = open();
};

TEST_F(CommandStoreRetention, RemovesWhatEndedLongAgoAndNothingOpen) {
    fill();
    EXPECT_EQ(remove_all({.age = 20h}, 3), 24U);
    const auto left = store_->list({.limit = 1000}).value();
    EXPECT_EQ(left.size(), 26U);
    for (const auto& command : left)
        EXPECT_TRUE(!command::is_terminal(command.state) || *command.ended_at >= long_ago + 30h);
    EXPECT_EQ(store_->summary().value().total, 26U);
}

TEST_F(CommandStoreRetention, KeepsTheNewestOfTooMany) {
    fill();
    EXPECT_EQ(remove_all({.age = std::chrono::hours(10'000), .count = 10}, 4), 30U);
    const auto left = store_->list({.states = {State::succeeded}, .limit = 1000}).value();
    ASSERT_EQ(left.size(), 10U);
    EXPECT_GE(left.back().created_at, long_ago + 37h);
    EXPECT_EQ(store_->list({.states = {State::queued}, .limit = 1000}).value().size(), 10U);
}

TEST_F(CommandStoreRetention, AKeyIsFreeAgainWhenItsCommandIsRemoved) {
    command::Command command = ended_as(command_of(1), State::succeeded);
    command.idempotency_key = "once";
    ASSERT_TRUE(write_commands(*store_, {command}));
    EXPECT_EQ(remove_all({.age = 20h}, 3), 1U);
    command.id = id_at(long_ago, 2);
    EXPECT_TRUE(write_commands(*store_, {command}));
}

TEST_F(CommandStoreRetention, OldJobsAndAuditEntriesGoToo) {
    command::Job job = job_of("job-1");
    ASSERT_TRUE(store_->create_job(job, {"a", "b", "c", "d", "e"}));
    ASSERT_TRUE(store_->create_job(job_of("job-2"), {"a"}));
    job.state = command::JobState::finished;
    job.ended_at = long_ago;
    store_->write_job(job, {});
    for (int i = 0; i < 10; ++i)
        store_->audit({.at = long_ago + std::chrono::hours(i * 5), .who = std::to_string(i)});
    ASSERT_TRUE(store_->flush(patience));
    remove_all({.age = 20h}, 2);
    EXPECT_EQ(store_->get_job("job-1").value(), std::nullopt);
    EXPECT_TRUE(store_->job_devices("job-1", 0, 10).value().empty());
    EXPECT_EQ(store_->job_devices("job-2", 0, 10).value().size(), 1U);
    const auto audit = store_->audit_log(100).value();
    ASSERT_EQ(audit.size(), 4U);
    EXPECT_EQ(audit.back().who, "6");
    remove_all({.age = std::chrono::hours(1000), .count = 3}, 2);
    EXPECT_EQ(store_->audit_log(100).value().size(), 3U);
}

}  // namespace
}  // namespace holdfast::storage
