// A command's way from its submission to its end, where nothing much goes wrong.

#include <gtest/gtest.h>

#include "command_scene.h"

namespace holdfast::command {
namespace {

TEST(DispatcherLife, GoesOutAtOnceAndEndsWithTheDevicesAnswer) {
    CommandScene scene;
    const CommandId id = scene.submit();
    EXPECT_EQ(scene.accepted, std::vector{id});
    EXPECT_EQ(scene.of(id).state, State::queued);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown) << "it is on its way";
    const auto requests = scene.take_requests();
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].device, "meter-7");
    EXPECT_EQ(requests[0].attempt, 1);
    EXPECT_EQ(requests[0].centre, "centre");

    scene.sent(id);
    EXPECT_EQ(scene.of(id).state, State::sent);
    EXPECT_EQ(scene.of(id).attempts.at(0).node, "east-1");
    scene.delivered(id);
    EXPECT_EQ(scene.of(id).state, State::delivered);
    EXPECT_TRUE(scene.ended.empty());
    scene.reply(id);
    const Command& done = scene.of(id);
    EXPECT_EQ(done.state, State::succeeded);
    EXPECT_EQ(done.executed, Executed::yes);
    EXPECT_EQ(done.reason, Reason::device_succeeded);
    EXPECT_EQ(done.result, "done");
    EXPECT_EQ(done.ended_at, scene.moment.wall);
    EXPECT_EQ(done.attempts.at(0).fate, Attempt::Fate::answered);
    EXPECT_EQ(scene.ended, std::vector{id});
    EXPECT_EQ(scene.dispatcher().counts().open, 0U);
    EXPECT_EQ(scene.dispatcher().counts().under_way, 0U);
    EXPECT_FALSE(scene.dispatcher().next_timer());
}

TEST(DispatcherLife, ADevicesVerdictIsTheOutcome) {
    struct Row {
        Replied::Verdict verdict;
        State state;
        Executed executed;
        Reason reason;
    };
    for (const Row& row : {Row{Replied::Verdict::succeeded, State::succeeded, Executed::yes, Reason::device_succeeded},
                           Row{Replied::Verdict::failed, State::failed, Executed::yes, Reason::device_failed},
                           Row{Replied::Verdict::rejected, State::rejected, Executed::no, Reason::device_rejected}}) {
        CommandScene scene;
        const CommandId id = scene.submit();
        scene.reply(id, 1, row.verdict);
        EXPECT_EQ(scene.of(id).state, row.state);
        EXPECT_EQ(scene.of(id).executed, row.executed);
        EXPECT_EQ(scene.of(id).reason, row.reason);
    }
}

TEST(DispatcherLife, ADeviceThatNeverAnswersSucceedsByHavingIt) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.say(id, 1, Delivered{.by_device = false, .last_word = true});
    EXPECT_EQ(scene.of(id).state, State::succeeded);
    EXPECT_EQ(scene.of(id).reason, Reason::delivered_only);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown) << "to have a command is not to have executed it";
}

TEST(DispatcherLife, RefusesWhatItCannotBringAnywhere) {
    CommandScene scene;
    EXPECT_TRUE(scene.try_submit(scene.asking("nobody")).error().is(Errc::device_unknown));
    scene.places["off"] = {.known = true, .disabled = true, .cluster = "east"};
    EXPECT_TRUE(scene.try_submit(scene.asking("off")).error().is(Errc::device_disabled));
    scene.places["lost"] = {.known = true};
    EXPECT_TRUE(scene.try_submit(scene.asking("lost")).error().is(Errc::no_cluster));
    EXPECT_TRUE(scene.store.empty());
    EXPECT_TRUE(scene.dispatcher().take_effects().empty());
}

TEST(DispatcherLife, HoldsNoMoreThanItMay) {
    auto options = CommandScene::plain();
    options.max_open = 3;
    options.max_open_per_device = 2;
    CommandScene scene(options);
    scene.connect("meter-8", 1);
    scene.connect("meter-9", 1);
    scene.submit();
    const CommandId second = scene.submit();
    EXPECT_TRUE(scene.try_submit(scene.asking()).error().is(Errc::too_many));
    scene.submit(scene.asking("meter-8"));
    EXPECT_TRUE(scene.try_submit(scene.asking("meter-9")).error().is(Errc::too_many));
    ASSERT_TRUE(scene.cancel(second));
    EXPECT_TRUE(scene.try_submit(scene.asking("meter-9")));
}

TEST(DispatcherLife, WritesWholeRecordsAndEachOnce) {
    CommandScene scene;
    const CommandId id = CommandId::make(scene.moment.wall, 0, 77);
    ASSERT_TRUE(scene.dispatcher().submit(make_command(scene.asking(), id, {}, scene.moment.wall).value(), scene.moment));
    scene.dispatcher().report({.id = id, .attempt = 1, .device = "meter-7", .at = scene.moment.wall, .what = Sent{}},
                              scene.moment);
    scene.dispatcher().report({.id = id, .attempt = 1, .device = "meter-7", .at = scene.moment.wall, .what = Replied{}},
                              scene.moment);
    ASSERT_NE(scene.dispatcher().find(id), nullptr) << "it is held until its effects are taken";
    const DispatcherEffects effects = scene.dispatcher().take_effects();
    ASSERT_EQ(effects.writes.size(), 1U);
    EXPECT_EQ(effects.writes[0].state, State::succeeded);
    EXPECT_EQ(effects.writes[0].name, "reboot");
    EXPECT_EQ(effects.ended, std::vector{id});
    EXPECT_EQ(scene.dispatcher().find(id), nullptr);
}

TEST(DispatcherLife, CancelsWhatWasNotSentForCertain) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    ASSERT_TRUE(scene.cancel(second));
    EXPECT_EQ(scene.of(second).state, State::cancelled);
    EXPECT_EQ(scene.of(second).executed, Executed::no);
    EXPECT_EQ(scene.asked(second), 0U);
    EXPECT_FALSE(is_terminal(scene.of(first).state));
    EXPECT_TRUE(scene.cancel(second).error().is(Errc::already_ended));
    EXPECT_TRUE(scene.cancel(CommandId(1, 1)).error().is(Errc::not_found));
}

TEST(DispatcherLife, ACancelledCommandUnderWayEndsWithWhatItsAttemptBrings) {
    CommandScene answered;
    CommandId id = answered.submit();
    ASSERT_TRUE(answered.cancel(id));
    EXPECT_TRUE(answered.of(id).cancel_wanted);
    answered.reply(id);
    EXPECT_EQ(answered.of(id).state, State::succeeded);

    CommandScene unsent;
    id = unsent.submit();
    ASSERT_TRUE(unsent.cancel(id, Reason::job_stopped));
    unsent.not_sent(id, 1);
    EXPECT_EQ(unsent.of(id).state, State::cancelled);
    EXPECT_EQ(unsent.of(id).reason, Reason::job_stopped);
    EXPECT_EQ(unsent.of(id).executed, Executed::no);

    CommandScene silent;
    id = silent.submit();
    silent.sent(id);
    ASSERT_TRUE(silent.cancel(id));
    silent.pass(6s);
    EXPECT_EQ(silent.of(id).state, State::cancelled);
    EXPECT_EQ(silent.of(id).executed, Executed::unknown);
    EXPECT_EQ(silent.asked(id), 1U) << "no further attempt";

    CommandScene unheard;
    id = unheard.submit();
    ASSERT_TRUE(unheard.cancel(id));
    unheard.pass(4s);
    EXPECT_EQ(unheard.of(id).state, State::cancelled);
    EXPECT_EQ(unheard.of(id).executed, Executed::unknown);
    EXPECT_EQ(unheard.asked(id), 1U);
}

TEST(DispatcherLife, WaitsForItsTimeByTheCalendar) {
    CommandScene scene;
    Submission asked = scene.asking();
    asked.deliver_at = scene.moment.wall + 60s;
    const CommandId id = scene.submit(asked);
    EXPECT_EQ(scene.of(id).state, State::scheduled);
    EXPECT_TRUE(scene.dispatcher().scheduled());
    scene.pass(59s);
    EXPECT_EQ(scene.asked(id), 0U);
    scene.pass(1s);
    EXPECT_EQ(scene.of(id).state, State::queued);
    EXPECT_EQ(scene.asked(id), 1U);
    EXPECT_FALSE(scene.dispatcher().scheduled());
}

TEST(DispatcherLife, AStepOfTheCalendarMovesScheduledCommandsButNoDeadline) {
    CommandScene scene;
    Submission later = scene.asking();
    later.deliver_at = scene.moment.wall + 1h;
    later.deadline_in = 10s;
    auto options = CommandScene::plain();
    options.horizon = 2h;
    scene.dispatcher().set_options(options);
    const CommandId scheduled = scene.submit(later);
    const CommandId running = scene.submit();
    scene.sent(running);
    scene.step_calendar(1h);
    scene.tick();
    EXPECT_EQ(scene.of(scheduled).state, State::queued) << "its time has come";
    EXPECT_FALSE(is_terminal(scene.of(running).state)) << "its 30 seconds have not passed";
    EXPECT_EQ(scene.take_requests().at(0).deadline, scene_start + 30s);
    scene.step_calendar(-2h);
    scene.pass(29s);
    EXPECT_FALSE(is_terminal(scene.of(running).state));
    // A request that goes out now says by the calendar of now when its deadline is.
    for (const Request& request : scene.take_requests()) {
        EXPECT_TRUE(request.id != running || request.deadline < scene_start);
    }
    scene.pass(1s);
    EXPECT_TRUE(is_terminal(scene.of(running).state));
}

TEST(DispatcherLife, LeavesWhatIsFarAwayToTheStore) {
    CommandScene scene;
    Submission later = scene.asking();
    later.deliver_at = scene.moment.wall + 1h;
    const CommandId id = scene.submit(later);
    EXPECT_EQ(scene.accepted, std::vector{id});
    EXPECT_EQ(scene.of(id).state, State::scheduled);
    EXPECT_EQ(scene.dispatcher().find(id), nullptr);
    EXPECT_EQ(scene.dispatcher().counts().open, 0U);
    EXPECT_FALSE(scene.dispatcher().next_timer());
    // Fed back, it can be cancelled, or comes when it is due.
    scene.pass(55min);
    scene.dispatcher().restore(scene.of(id), scene.moment);
    ASSERT_NE(scene.dispatcher().find(id), nullptr);
    scene.pass(5min);
    EXPECT_EQ(scene.asked(id), 1U);
}

TEST(DispatcherLife, ForgetsWhatCouldNotBeRecorded) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.dispatcher().forget(first);
    scene.tick();
    EXPECT_EQ(scene.dispatcher().find(first), nullptr);
    EXPECT_EQ(scene.dispatcher().counts().open, 1U);
    EXPECT_EQ(scene.asked(second), 1U) << "the next in line goes";
}

TEST(DispatcherLife, CountsWordsAboutNobodyAndLateOnes) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.dispatcher().report({.id = CommandId(5, 5), .attempt = 1, .device = "meter-7", .what = Sent{}}, scene.moment);
    scene.dispatcher().report({.id = id, .attempt = 1, .device = "meter-8", .what = Replied{}}, scene.moment);
    EXPECT_EQ(scene.dispatcher().counts().unknown_reports, 2U);
    EXPECT_FALSE(is_terminal(scene.of(id).state)) << "another device cannot answer for it";
    scene.reply(id);
    const Command before = scene.of(id);
    for (int i = 0; i < 10; ++i)
        scene.reply(id, 1, Replied::Verdict::failed);
    EXPECT_EQ(scene.of(id), before);
    EXPECT_EQ(scene.dispatcher().counts().late_reports, 10U);
}

TEST(DispatcherLife, AReplyToWhatWasNeverSentSaysNothing) {
    CommandScene scene;
    scene.submit();
    const CommandId waiting = scene.submit();
    scene.reply(waiting);
    EXPECT_EQ(scene.of(waiting).state, State::queued);
    EXPECT_EQ(scene.dispatcher().counts().unknown_reports, 1U);
}

}  // namespace
}  // namespace holdfast::command
