#include "center/command_center.h"

#include <gtest/gtest.h>

#include <set>

#include "center_stage.h"

namespace holdfast::center::testing {
namespace {

using command::Errc;
using command::Executed;
using command::Reason;
using command::State;
using Verdict = command::Replied::Verdict;

class CommandCenterTest : public ::testing::Test, protected CenterStage {};

TEST_F(CommandCenterTest, ACommandGoesOutAndItsResultComesBackToWhoWaits) {
    CommandCenter& center = start();
    const auto ended = finish(center, reboot());
    ASSERT_TRUE(ended) << ended.error().message();
    EXPECT_EQ(ended->state, State::succeeded);
    EXPECT_EQ(ended->executed, Executed::yes);
    EXPECT_EQ(ended->reason, Reason::device_succeeded);
    EXPECT_EQ(ended->result, R"({"ok":true})");
    ASSERT_EQ(ended->attempts.size(), 1U);
    EXPECT_EQ(ended->attempts[0].node, "east-1");
    EXPECT_TRUE(ended->attempts[0].sent_at && ended->attempts[0].ended_at);
    const auto stored = store->get(ended->id);
    ASSERT_TRUE(stored && *stored);
    EXPECT_EQ(**stored, *ended) << "what the caller was told is what is recorded";
}

TEST_F(CommandCenterTest, WhatCannotBeDoneIsRefusedAtOnce) {
    CommandCenter& center = start();
    const auto unknown = submit(center, reboot("nobody"));
    ASSERT_FALSE(unknown);
    EXPECT_TRUE(unknown.error().is(Errc::device_unknown));
    devices.put("off", {.known = true, .disabled = true, .cluster = "east"});
    EXPECT_TRUE(submit(center, reboot("off")).error().is(Errc::device_disabled));
    devices.put("homeless", {.known = true});
    EXPECT_TRUE(submit(center, reboot("homeless")).error().is(Errc::no_cluster));
    command::Submission late = reboot();
    late.deadline = clock.wall() - std::chrono::seconds(1);
    EXPECT_TRUE(submit(center, late).error().is(Errc::deadline_passed));
    EXPECT_TRUE(channel->requests.empty());
    EXPECT_EQ(store->summary()->total, 0U);
}

TEST_F(CommandCenterTest, AnOfflineDeviceIsAnImmediateAnswerOrWaitedForAsTheSenderWishes) {
    CommandCenter& center = start();
    devices.disconnect("meter-7");
    command::Submission now = reboot();
    now.offline = command::Offline::fail;
    const auto failed = finish(center, now);
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->state, State::rejected);
    EXPECT_EQ(failed->reason, Reason::device_offline);
    EXPECT_EQ(failed->executed, Executed::no);

    command::Submission patient = reboot();
    patient.offline = command::Offline::queue;
    const auto queued = submit(center, patient);
    ASSERT_TRUE(queued);
    EXPECT_TRUE(channel->requests.empty());
    devices.connect("meter-7", 2);
    EXPECT_EQ(wait(center, queued->command.id)->state, State::succeeded);
}

TEST_F(CommandCenterTest, TheSameKeyAndBodyIsTheSameCommandAnotherBodyAConflict) {
    CommandCenter& center = start();
    command::Submission one = reboot();
    one.idempotency_key = "k1";
    // Twice at once, before the first is recorded.
    std::vector<Result<control::Submitted>> answers;
    for (int i = 0; i < 2; ++i)
        center.submit(one, tester, [&](Result<control::Submitted> result) { answers.push_back(std::move(result)); });
    ASSERT_TRUE(until([&] { return answers.size() == 2; }));
    ASSERT_TRUE(answers[0] && answers[1]);
    EXPECT_EQ(answers[0]->command.id, answers[1]->command.id);
    EXPECT_NE(answers[0]->repeated, answers[1]->repeated);
    ASSERT_TRUE(wait(center, answers[0]->command.id));
    const auto again = submit(center, one);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->command.id, answers[0]->command.id);
    EXPECT_EQ(again->command.state, State::succeeded);
    command::Submission other = one;
    other.payload = R"({"now":false})";
    const auto conflict = submit(center, other);
    ASSERT_FALSE(conflict);
    EXPECT_TRUE(conflict.error().is(Errc::key_conflict));
    EXPECT_EQ(channel->requests.size(), 1U);
}

TEST_F(CommandCenterTest, ACentreThatIsKilledGoesOnWhereItWas) {
    channel->act = [](TestChannel&, const command::Request&) {};
    CommandCenter& first = start();
    const auto submitted = submit(first, reboot());
    ASSERT_TRUE(submitted);
    ASSERT_TRUE(until([&] { return channel->requests.size() == 1; }));
    drop(first);
    channel->act = [](TestChannel& one, const command::Request& request) { one.reply(request); };
    CommandCenter& second = start();
    const auto ended = wait(second, submitted->command.id);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, State::succeeded);
}

TEST_F(CommandCenterTest, AReplyThatCameWhileNoCentreLivedIsTakenByTheNextOne) {
    std::optional<command::Request> asked;
    channel->act = [&](TestChannel& one, const command::Request& request) {
        one.sent(request);
        asked = request;
    };
    CommandCenter& first = start();
    const auto submitted = submit(first, reboot());
    ASSERT_TRUE(until([&] { return asked.has_value(); }));
    drop(first);
    channel->reply(*asked);
    CommandCenter& second = start();
    EXPECT_EQ(wait(second, submitted->command.id)->state, State::succeeded);
    EXPECT_EQ(channel->requests.size(), 1U) << "the device is not asked twice for what it has answered";
}

TEST_F(CommandCenterTest, AScheduledCommandWaitsForItsTimeAlsoOverARestart) {
    CommandCenter& first = start();
    command::Submission later = reboot();
    later.deliver_at = clock.wall() + std::chrono::milliseconds(400);
    const auto submitted = submit(first, later);
    ASSERT_TRUE(submitted);
    EXPECT_EQ(submitted->command.state, State::scheduled);
    drop(first);
    CommandCenter& second = start();
    const auto ended = wait(second, submitted->command.id);
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, State::succeeded);
    ASSERT_EQ(ended->attempts.size(), 1U);
    EXPECT_GE(ended->attempts[0].queued_at, *later.deliver_at);
}

TEST_F(CommandCenterTest, ACommandThatNobodyHasSentIsTakenBackForCertain) {
    CommandCenter& center = start();
    devices.disconnect("meter-7");
    command::Submission patient = reboot();
    patient.offline = command::Offline::queue;
    const auto submitted = submit(center, patient);
    ASSERT_TRUE(submitted);
    std::optional<Result<command::Command>> cancelled;
    center.cancel(submitted->command.id, tester, [&](Result<command::Command> command) { cancelled = std::move(command); });
    ASSERT_TRUE(until([&] { return cancelled.has_value(); }));
    ASSERT_TRUE(*cancelled);
    EXPECT_EQ((*cancelled)->state, State::cancelled);
    EXPECT_EQ((*cancelled)->executed, Executed::no);
    center.cancel(submitted->command.id, tester, [&](Result<command::Command> command) { cancelled = std::move(command); });
    ASSERT_FALSE(*cancelled);
    EXPECT_TRUE(cancelled->error().is(Errc::already_ended));
}

TEST_F(CommandCenterTest, WhoStopsWaitingIsNotAnswered) {
    channel->act = [](TestChannel&, const command::Request&) {};
    CommandCenter& center = start();
    const auto submitted = submit(center, reboot());
    ASSERT_TRUE(submitted);
    bool called = false;
    auto ticket =
        center.wait(submitted->command.id, clock.now() + std::chrono::seconds(10), [&](const auto&) { called = true; });
    ticket.reset();
    ASSERT_TRUE(until([&] { return !channel->requests.empty(); }));
    channel->reply(channel->requests[0]);
    EXPECT_EQ(wait(center, submitted->command.id)->state, State::succeeded);
    EXPECT_FALSE(called);
}

TEST_F(CommandCenterTest, WhoWaitsTooShortlyGetsTheCommandAsItIs) {
    channel->act = [](TestChannel& one, const command::Request& request) { one.sent(request); };
    CommandCenter& center = start();
    const auto submitted = submit(center, reboot());
    std::optional<Result<command::Command>> present;
    const auto ticket = center.wait(submitted->command.id, clock.now() + std::chrono::milliseconds(100),
                                    [&](Result<command::Command> command) { present = std::move(command); });
    ASSERT_TRUE(until([&] { return present.has_value(); }));
    ASSERT_TRUE(*present);
    EXPECT_FALSE(is_terminal((*present)->state));
}

TEST_F(CommandCenterTest, AMessageThatNobodyCanReadIsSetAsideAndTheNextOneCounts) {
    CommandCenter& center = start();
    queue.publish({{response_topic("c1"), "meter-7", "not a report"}});
    const auto ended = finish(center, reboot());
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->state, State::succeeded);
    EXPECT_TRUE(until([&] { return center.poison(10).size() == 1; }));
}

TEST_F(CommandCenterTest, AWatcherSeesEveryDurableStep) {
    CommandCenter& center = start();
    std::vector<State> seen;
    const auto watching =
        center.watch({.device = "meter-7"}, [&](const command::Command& command) { seen.push_back(command.state); });
    ASSERT_TRUE(finish(center, reboot()));
    ASSERT_FALSE(seen.empty());
    EXPECT_EQ(seen.front(), State::queued);
    EXPECT_EQ(seen.back(), State::succeeded);
}

TEST_F(CommandCenterTest, AJobReachesEveryDeviceAndCountsWhatBecameOfIt) {
    for (int i = 1; i <= 40; ++i)
        devices.connect("floor-3-" + std::to_string(i));
    channel->act = [](TestChannel& one, const command::Request& request) {
        one.reply(request, request.device.ends_with("7") ? Verdict::failed : Verdict::succeeded);
    };
    CommandCenter& center = start();
    control::JobRequest request;
    request.command.name = "ping";
    request.command.attempts = 1;
    request.tag = "floor-3-";
    std::optional<Result<command::Job>> job;
    center.create_job(request, tester, [&](Result<command::Job> made) { job = std::move(made); });
    ASSERT_TRUE(job && *job) << job->error().message();
    const std::string id = (*job)->id;
    ASSERT_TRUE(until([&] { return center.get_job(id)->ended_at.has_value(); }));
    const auto done = center.get_job(id);
    EXPECT_EQ(done->state, command::JobState::finished);
    EXPECT_EQ(done->submitted, 40U);
    EXPECT_EQ(done->ended[static_cast<std::size_t>(State::succeeded)], 36U);
    EXPECT_EQ(done->ended[static_cast<std::size_t>(State::failed)], 4U);
    std::set<std::string> reached;
    for (const command::Request& one : channel->requests)
        EXPECT_TRUE(reached.insert(one.device).second) << one.device << " has got its command twice";
}

TEST_F(CommandCenterTest, AJobThatFailsTooOftenStops) {
    for (int i = 1; i <= 200; ++i)
        devices.connect("d" + std::to_string(i));
    channel->act = [](TestChannel& one, const command::Request& request) { one.reply(request, Verdict::failed); };
    CommandCenter& center = start();
    control::JobRequest request;
    request.command.name = "ping";
    request.command.attempts = 1;
    request.tag = "d";
    request.pace = 200;
    request.abort_percent = 50;
    request.abort_after = 10;
    std::string id;
    center.create_job(request, tester, [&](Result<command::Job> made) { id = made->id; });
    ASSERT_TRUE(until([&] { return center.get_job(id)->ended_at.has_value(); }));
    EXPECT_EQ(center.get_job(id)->state, command::JobState::aborted);
    EXPECT_LT(center.get_job(id)->submitted, 200U);
}

TEST_F(CommandCenterTest, AJobGoesOnAfterARestartWithoutAskingAnybodyTwice) {
    for (int i = 1; i <= 60; ++i)
        devices.connect("d" + std::to_string(i));
    CommandCenter& first = start();
    control::JobRequest request;
    request.command.name = "ping";
    request.tag = "d";
    request.pace = 100;
    std::string id;
    first.create_job(request, tester, [&](Result<command::Job> made) { id = made->id; });
    ASSERT_TRUE(until([&] { return channel->requests.size() >= 10; }));
    drop(first);
    CommandCenter& second = start();
    ASSERT_TRUE(until([&] { return second.get_job(id)->ended_at.has_value(); }));
    EXPECT_EQ(second.get_job(id)->ended[static_cast<std::size_t>(State::succeeded)], 60U);
    std::set<std::pair<std::string, command::CommandId>> commands;
    std::set<std::string> reached;
    for (const command::Request& one : channel->requests) {
        commands.insert({one.device, one.id});
        reached.insert(one.device);
    }
    EXPECT_EQ(reached.size(), 60U);
    EXPECT_EQ(commands.size(), 60U) << "one command each";
}

TEST_F(CommandCenterTest, WhoSentWhatIsOnRecord) {
    CommandCenter& center = start();
    ASSERT_TRUE(finish(center, reboot()));
    ASSERT_TRUE(store->flush(std::chrono::seconds(5)));
    const auto log = center.audit_log(10);
    ASSERT_TRUE(log);
    ASSERT_EQ(log->size(), 1U);
    EXPECT_EQ((*log)[0].who, "tester");
    EXPECT_EQ((*log)[0].action, "command.submit");
    EXPECT_EQ((*log)[0].detail, "reboot for meter-7");
}

}  // namespace
}  // namespace holdfast::center::testing
