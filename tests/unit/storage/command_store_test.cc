// What a store of commands keeps, and what it answers.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "command/errors.h"
#include "command_store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;
using command::State;

using CommandStoreWrites = CommandStoreTest;

TEST_F(CommandStoreWrites, EveryFieldComesBack) {
    const command::Command full = full_command(1);
    const command::Command plain = command_of(2);
    command::Command ended = ended_as(full_command(3), State::failed);
    ended.executed = command::Executed::yes;
    ended.reason = command::Reason::device_failed;
    ASSERT_TRUE(write_commands(*open(), {full, plain, ended}));
    const auto store = open();
    EXPECT_EQ(store->get(full.id).value(), full);
    EXPECT_EQ(store->get(plain.id).value(), plain);
    EXPECT_EQ(store->get(ended.id).value(), ended);
    EXPECT_EQ(store->get(id_at(long_ago, 99)).value(), std::nullopt);
}

TEST_F(CommandStoreWrites, LargePayloadsAndResultsComeBack) {
    command::Command command = command_of(1);
    command.payload = std::string(command::max_payload_size, '\x7F');
    command.result = std::string(command::max_result_size, '\0');
    const auto store = open();
    ASSERT_TRUE(write_commands(*store, {command}));
    EXPECT_EQ(store->get(command.id).value(), command);
}

TEST_F(CommandStoreWrites, ALaterFormReplacesAnEarlierOne) {
    const auto store = open();
    command::Command command = command_of(1);
    ASSERT_TRUE(write_commands(*store, {command}));
    command.state = State::sent;
    command.attempts.push_back({.number = 1, .queued_at = long_ago});
    ASSERT_TRUE(write_commands(*store, {command}));
    EXPECT_EQ(store->get(command.id).value(), command);
    command = ended_as(command, State::succeeded);
    ASSERT_TRUE(write_commands(*store, {command}));
    EXPECT_EQ(store->get(command.id).value(), command);
    EXPECT_EQ(store->summary().value().total, 1U);
}

TEST_F(CommandStoreWrites, ACommandWithAttemptsMayBeNewToTheStore) {
    const auto store = open();
    const command::Command command = full_command(1);
    ASSERT_TRUE(write_commands(*store, {command}));
    EXPECT_EQ(store->get(command.id).value(), command);
}

TEST_F(CommandStoreWrites, WhatHasEndedIsNeverChangedAlsoByAnotherStore) {
    const auto store = open();
    const auto other = open();
    const command::Command ended = ended_as(command_of(1), State::succeeded);
    ASSERT_TRUE(write_commands(*store, {command_of(1)}));
    ASSERT_TRUE(write_commands(*store, {ended}));
    EXPECT_TRUE(write_commands(*other, {ended_as(command_of(1), State::timed_out)}));
    EXPECT_TRUE(write_commands(*other, {command_of(1)}));
    EXPECT_EQ(other->status().lost_races, 2U);
    EXPECT_EQ(store->get(ended.id).value(), ended);
    EXPECT_EQ(store->summary().value().by_state[static_cast<int>(State::succeeded)], 1U);
    EXPECT_EQ(store->summary().value().total, 1U);
}

TEST_F(CommandStoreWrites, WhatHasEndedIsNotChangedWhileItWaitsEither) {
    const auto store = open();
    const command::Command ended = ended_as(command_of(1), State::succeeded);
    std::atomic<int> answers = 0;
    const auto count = [&answers](const Result<>& result) { answers += result ? 1 : 1000; };
    for (int i = 0; i < 50; ++i) {
        store->write({ended}, count);
        store->write({ended_as(command_of(1), State::failed), command_of(1)}, count);
    }
    ASSERT_TRUE(store->flush(patience));
    EXPECT_TRUE(eventually([&] { return answers == 100; }));
    EXPECT_EQ(store->get(ended.id).value(), ended);
}

TEST_F(CommandStoreWrites, AnIdempotencyKeyBelongsToOneCommandOfASubmitter) {
    const auto store = open();
    command::Command first = command_of(1);
    first.idempotency_key = "once";
    command::Command second = command_of(2);
    second.idempotency_key = "once";
    command::Command of_another = command_of(3);
    of_another.idempotency_key = "once";
    of_another.submitted_by = "somebody else";
    ASSERT_TRUE(write_commands(*store, {first, of_another}));
    const auto refused = write_commands(*store, {command_of(4), second});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(command::Errc::key_conflict)) << refused.error().message();
    EXPECT_EQ(store->get(second.id).value(), std::nullopt);
    EXPECT_EQ(store->get(id_at(long_ago, 4)).value(), command_of(4));
    EXPECT_EQ(store->find_key("tester", "once").value(), first);
    EXPECT_EQ(store->find_key("somebody else", "once").value(), of_another);
    EXPECT_EQ(store->find_key("tester", "other").value(), std::nullopt);
    EXPECT_EQ(store->find_key("tester", "").value(), std::nullopt);
    ASSERT_TRUE(write_commands(*store, {ended_as(first, State::succeeded)}));
}

TEST_F(CommandStoreWrites, WhatWaitsIsBounded) {
    SqliteCommandOptions small = options();
    small.max_waiting = 3;
    const auto store = open(small);
    const auto refused = write_commands(*store, {command_of(1), command_of(2), command_of(3), command_of(4)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), path() + " takes no more for now: too much waits to be written");
    EXPECT_TRUE(write_commands(*store, {command_of(1), command_of(2), command_of(3)}));
    EXPECT_TRUE(write_commands(*store, {command_of(4), command_of(5), command_of(6)}));
    EXPECT_EQ(store->status().pending, 0U);
}

TEST_F(CommandStoreWrites, CompletionsComeInOrderAndAfterTheirRecords) {
    const auto store = open();
    std::vector<std::uint64_t> order;
    std::atomic<bool> all_there = true;
    for (std::uint64_t i = 1; i <= 500; ++i) {
        store->write({command_of(i)}, [&, i](const Result<>&) {
            order.push_back(i);
            if (i % 100 == 0 && !store->get(id_at(long_ago, i)).value()) all_there = false;
        });
    }
    ASSERT_TRUE(store->flush(patience));
    ASSERT_EQ(order.size(), 500U);
    EXPECT_TRUE(std::ranges::is_sorted(order));
    EXPECT_TRUE(all_there);
}

class CommandStoreQueries : public CommandStoreTest {
protected:
    /// Names the commands c0 to c<n-1>, the newest last.
    std::vector<command::Command> make(std::size_t count) {
        std::vector<command::Command> commands;
        for (std::size_t i = 0; i < count; ++i) {
            command::Command command = command_of(i);
            command.created_at = long_ago + std::chrono::seconds(i);
            command.id = id_at(command.created_at, i);
            command.name = "c" + std::to_string(i);
            commands.push_back(std::move(command));
        }
        return commands;
    }
    std::vector<std::string> found(const CommandQuery& query) { return names_of(store_->list(query).value()); }

    std::unique_ptr<CommandStore> store_ = open();
};

using Names = std::vector<std::string>;

TEST_F(CommandStoreQueries, ListsNewestFirstAPageAtATime) {
    ASSERT_TRUE(write_commands(*store_, make(5)));
    const auto first = store_->list({.limit = 2}).value();
    EXPECT_EQ(names_of(first), (Names{"c4", "c3"}));
    const auto second = store_->list({.before = first.back().id, .limit = 2}).value();
    EXPECT_EQ(names_of(second), (Names{"c2", "c1"}));
    EXPECT_EQ(found({.before = second.back().id, .limit = 2}), (Names{"c0"}));
    EXPECT_EQ(found({.limit = 0}).size(), 1U);
}

TEST_F(CommandStoreQueries, EveryConditionHolds) {
    auto commands = make(8);
    for (std::size_t i = 0; i < 8; ++i) {
        if (i % 2 == 0) commands[i].device = "other";
        if (i < 4) commands[i].job = "j";
    }
    commands[1] = ended_as(commands[1], State::failed);
    commands[2] = ended_as(commands[2], State::succeeded);
    commands[5] = ended_as(commands[5], State::expired);
    commands[7].state = State::sent;
    ASSERT_TRUE(write_commands(*store_, commands));
    EXPECT_EQ(found({.device = "other"}), (Names{"c6", "c4", "c2", "c0"}));
    EXPECT_EQ(found({.job = "j"}), (Names{"c3", "c2", "c1", "c0"}));
    EXPECT_EQ(found({.device = "other", .job = "j"}), (Names{"c2", "c0"}));
    EXPECT_EQ(found({.states = {State::failed, State::expired}}), (Names{"c5", "c1"}));
    EXPECT_EQ(found({.states = {State::queued, State::failed, State::expired}}), (Names{"c6", "c5", "c4", "c3", "c1", "c0"}));
    EXPECT_EQ(found({.states = {State::queued, State::failed, State::expired}, .limit = 3}), (Names{"c6", "c5", "c4"}));
    EXPECT_EQ(found({.states = {State::succeeded, State::failed}}), (Names{"c2", "c1"}));
    EXPECT_EQ(found({.states = {State::sent, State::queued}}), (Names{"c7", "c6", "c4", "c3", "c0"}));
    EXPECT_EQ(found({.device = "meter-7", .states = {State::queued}}), (Names{"c3"}));
    EXPECT_EQ(found({.device = "other", .job = "j", .states = {State::succeeded}}), (Names{"c2"}));
    EXPECT_EQ(found({.from = long_ago + 2s, .until = long_ago + 5s}), (Names{"c4", "c3", "c2"}));
    EXPECT_EQ(found({.device = "nobody"}), Names{});
    EXPECT_EQ(found({.job = ""}), Names{});
}

/// Entries of the index of devices are made late and many at a time; nobody notices.
TEST_F(CommandStoreQueries, ADevicesCommandsAreFoundHoweverManyThereAre) {
    const auto other = open();
    std::map<std::string, std::vector<command::CommandId>> expected;
    std::minstd_rand random(7);
    std::uint64_t made = 0;
    for (int round = 0; round < 12; ++round) {
        std::vector<command::Command> commands;
        for (int i = 0; i < 1000; ++i) {
            command::Command command = command_of(made, "device-" + std::to_string(random() % 50));
            // Some come late, with ids of long before.
            command.created_at = long_ago + std::chrono::milliseconds(random() % 20 == 0 ? 0 : made);
            command.id = id_at(command.created_at, ++made);
            expected[command.device].push_back(command.id);
            commands.push_back(random() % 3 == 0 ? ended_as(command, State::failed) : command);
        }
        ASSERT_TRUE(write_commands(round % 2 == 0 ? *store_ : *other, std::move(commands)));
        for (const std::string device : {"device-0", "device-49"}) {
            auto& ids = expected[device];
            std::ranges::sort(ids, std::greater());
            std::vector<command::CommandId> found;
            CommandQuery page{.device = device, .limit = 7};
            for (auto part = store_->list(page).value(); !part.empty(); part = store_->list(page).value()) {
                for (const auto& command : part)
                    found.push_back(command.id);
                page.before = found.back();
            }
            EXPECT_EQ(found, ids) << device << " in round " << round;
        }
    }
    // What is removed is gone from the index too.
    const CommandRetention none{.age = 0s, .count = 0};
    for (int sweep = 0; sweep < 40; ++sweep)
        ASSERT_TRUE(store_->remove_old(none, long_ago + 1h, 1000));
    const auto left = store_->list({.device = "device-0", .limit = 1000}).value();
    for (const auto& command : left)
        EXPECT_EQ(command.state, State::queued);
    EXPECT_EQ(store_->list({.device = "device-0", .states = {State::failed}}).value().size(), 0U);
}

TEST_F(CommandStoreQueries, CountsByState) {
    auto commands = make(6);
    commands[0] = ended_as(commands[0], State::succeeded);
    commands[1].state = State::scheduled;
    ASSERT_TRUE(write_commands(*store_, commands));
    ASSERT_TRUE(write_commands(*store_, {ended_as(commands[2], State::succeeded), ended_as(commands[3], State::rejected)}));
    const auto summary = store_->summary().value();
    EXPECT_EQ(summary.total, 6U);
    EXPECT_EQ(summary.by_state[static_cast<int>(State::scheduled)], 1U);
    EXPECT_EQ(summary.by_state[static_cast<int>(State::queued)], 2U);
    EXPECT_EQ(summary.by_state[static_cast<int>(State::succeeded)], 2U);
    EXPECT_EQ(summary.by_state[static_cast<int>(State::rejected)], 1U);
}

TEST_F(CommandStoreQueries, OpenCommandsOfACentreByRisingId) {
    auto commands = make(7);
    commands[1].centre = "two";
    commands[2] = ended_as(commands[2], State::cancelled);
    commands[3].deliver_at = long_ago + 1h;
    commands[3].state = State::scheduled;
    ASSERT_TRUE(write_commands(*store_, commands));
    const auto open_names = [&](WallTime horizon, std::optional<command::CommandId> after, std::size_t limit) {
        return names_of(store_->open_commands("one", horizon, after, limit).value());
    };
    EXPECT_EQ(open_names(long_ago + 1h, {}, 100), (Names{"c0", "c4", "c5", "c6"}));
    EXPECT_EQ(open_names(long_ago + 1h + 1ms, {}, 100), (Names{"c0", "c3", "c4", "c5", "c6"}));
    EXPECT_EQ(open_names(long_ago, {}, 2), (Names{"c0", "c4"}));
    EXPECT_EQ(open_names(long_ago, commands[4].id, 2), (Names{"c5", "c6"}));
    EXPECT_EQ(names_of(store_->open_commands("two", long_ago, {}, 10).value()), (Names{"c1"}));
}

TEST_F(CommandStoreQueries, WebhooksThatWereNotTold) {
    auto commands = make(4);
    for (const std::size_t i : {0U, 1U, 3U})
        commands[i].webhook = "https://example.test/";
    commands[0] = ended_as(commands[0], State::succeeded);
    commands[2] = ended_as(commands[2], State::succeeded);
    commands[3] = ended_as(commands[3], State::failed);
    ASSERT_TRUE(write_commands(*store_, commands));
    EXPECT_EQ(names_of(store_->webhooks_untold(10).value()), (Names{"c0", "c3"}));
    store_->webhook_told(commands[0].id);
    ASSERT_TRUE(store_->flush(patience));
    EXPECT_EQ(names_of(store_->webhooks_untold(10).value()), (Names{"c3"}));
}

using CommandStoreJobs = CommandStoreTest;

TEST_F(CommandStoreJobs, JobsAndTheirDevicesComeBack) {
    command::Job job = job_of("job-1");
    ASSERT_TRUE(open()->create_job(job, {"b", "a", "c"}));
    const auto store = open();
    EXPECT_EQ(store->get_job("job-1").value(), job);
    EXPECT_EQ(store->get_job("job-2").value(), std::nullopt);
    EXPECT_EQ(store->job_devices("job-1", 0, 100).value(), (std::vector<std::string>{"b", "a", "c"}));
    EXPECT_EQ(store->job_devices("job-1", 1, 1).value(), (std::vector<std::string>{"a"}));

    job.submitted = 3;
    job.refused = 1;
    job.ended = {0, 0, 0, 0, 1, 0, 0, 1, 0, 0};
    job.state = command::JobState::stopping;
    job.stop_as = command::JobState::aborted;
    store->write_job(job, [](const Result<>& result) { EXPECT_TRUE(result); });
    ASSERT_TRUE(store->flush(patience));
    EXPECT_EQ(store->get_job("job-1").value(), job);

    job.state = command::JobState::aborted;
    job.ended_at = long_ago + 1min;
    store->write_job(job, {});
    ASSERT_TRUE(store->flush(patience));
    command::Job late = job;
    late.state = command::JobState::running;
    store->write_job(late, {});
    ASSERT_TRUE(store->flush(patience));
    EXPECT_EQ(store->get_job("job-1").value(), job);
}

TEST_F(CommandStoreJobs, AreListedNewestFirst) {
    const auto store = open();
    for (const char* id : {"job-1", "job-3", "job-2"})
        ASSERT_TRUE(store->create_job(job_of(id), {}));
    const auto jobs = store->list_jobs(2).value();
    ASSERT_EQ(jobs.size(), 2U);
    EXPECT_EQ(jobs[0].id, "job-3");
    EXPECT_EQ(jobs[1].id, "job-2");
}

using CommandStoreAudit = CommandStoreTest;

TEST_F(CommandStoreAudit, EntriesComeBackNewestFirst) {
    const auto store = open();
    store->audit(
        {.at = long_ago, .who = "a", .source = "http 127.0.0.1:1", .action = "command.submit", .object = "x", .detail = "y"});
    store->audit({.at = long_ago + 1s, .who = "b"});
    ASSERT_TRUE(store->flush(patience));
    const auto log = store->audit_log(10).value();
    ASSERT_EQ(log.size(), 2U);
    EXPECT_EQ(log[0].who, "b");
    EXPECT_EQ(log[1].at, long_ago);
    EXPECT_EQ(log[1].source, "http 127.0.0.1:1");
    EXPECT_EQ(log[1].action, "command.submit");
    EXPECT_EQ(log[1].object, "x");
    EXPECT_EQ(log[1].detail, "y");
    EXPECT_EQ(store->audit_log(1).value().size(), 1U);
}

TEST_F(CommandStoreAudit, EntriesAreWrittenWithoutACommand) {
    const auto store = open();
    store->audit({.at = long_ago, .who = "a"});
    EXPECT_TRUE(eventually([&] { return store->audit_log(1).value().size() == 1; }));
}

}  // namespace
}  // namespace holdfast::storage
