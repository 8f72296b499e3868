// Attempts that come to nothing: when there is another, and what is said when there is none.

#include <gtest/gtest.h>

#include "command_scene.h"

namespace holdfast::command {
namespace {

Submission tries(const CommandScene& scene, std::uint16_t attempts, Duration deadline = 30s) {
    Submission asked = scene.asking();
    asked.attempts = attempts;
    asked.deadline_in = deadline;
    return asked;
}

TEST(DispatcherRetry, TriesAgainAfterAPauseWhatWasNotSent) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.not_sent(id, 1);
    EXPECT_EQ(scene.of(id).attempts.at(0).fate, Attempt::Fate::not_sent);
    EXPECT_EQ(scene.of(id).attempts.at(0).reason, Reason::node_unreachable);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
    scene.pass(200ms);
    const auto requests = scene.take_requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[1].attempt, 2);
    EXPECT_EQ(scene.of(id).attempts.size(), 2U);
    EXPECT_EQ(scene.dispatcher().counts().resent, 1U);
}

TEST(DispatcherRetry, EndsAsFailedAndNotExecutedWhenNothingCouldBeSent) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 3));
    for (std::uint16_t attempt = 1; attempt <= 3; ++attempt) {
        scene.not_sent(id, attempt);
        scene.pass(2s);
    }
    EXPECT_EQ(scene.of(id).state, State::failed);
    EXPECT_EQ(scene.of(id).reason, Reason::attempts_exhausted);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
    EXPECT_EQ(scene.asked(id), 3U);
    EXPECT_FALSE(scene.of(id).detail.empty()) << "it says what the last attempt came to";
}

TEST(DispatcherRetry, OneAttemptThatFailsGivesItsOwnReason) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 1));
    scene.not_sent(id, 1, Reason::node_refused);
    EXPECT_EQ(scene.of(id).state, State::failed);
    EXPECT_EQ(scene.of(id).reason, Reason::node_refused);
}

TEST(DispatcherRetry, SendsAgainWhatTheDeviceDoesNotAnswer) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 2));
    scene.sent(id);
    scene.pass(5200ms);
    EXPECT_EQ(scene.of(id).attempts.at(0).fate, Attempt::Fate::lost);
    EXPECT_EQ(scene.of(id).attempts.at(0).reason, Reason::no_answer);
    ASSERT_EQ(scene.of(id).attempts.size(), 2U);
    scene.sent(id, 2);
    scene.pass(5200ms);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).reason, Reason::attempts_exhausted);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, ADeliveredAttemptStaysDelivered) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 1));
    scene.delivered(id);
    scene.pass(6s);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).reason, Reason::no_answer);
    EXPECT_EQ(scene.of(id).attempts.at(0).fate, Attempt::Fate::delivered);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, ASilentChannelIsAskedAgainForTheSameAttempt) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.pass(3s);
    const auto requests = scene.take_requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[1].attempt, 1);
    EXPECT_EQ(requests[1].id, id);
    EXPECT_EQ(requests[1].deadline, requests[0].deadline);
    EXPECT_EQ(scene.of(id).attempts.size(), 1U);
}

TEST(DispatcherRetry, AChannelThatWasAskedTwiceCannotMakeItCertain) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 1));
    scene.pass(3s);
    // One of the two requests was not sent; nobody knows about the other.
    scene.not_sent(id, 1);
    EXPECT_TRUE(is_terminal(scene.of(id).state));
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, AnUnclearSendIsAskedForAgainUntilItsTimeIsUp) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 1));
    scene.say(id, 1, SendUnclear{.node = "east-1"});
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
    scene.pass(200ms);
    EXPECT_EQ(scene.asked(id), 2U);
    EXPECT_EQ(scene.of(id).attempts.size(), 1U);
    scene.pass(5s);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, AfterAnUnclearSendNotSentIsNotCertain) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 1));
    scene.say(id, 1, SendUnclear{});
    scene.not_sent(id, 1);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, WaitsAtTheDeadlineForTheChannelsWord) {
    CommandScene scene;
    CommandId id = scene.submit(tries(scene, 5, 1s));
    scene.pass(1s);
    EXPECT_FALSE(is_terminal(scene.of(id).state));
    scene.not_sent(id, 1, Reason::deadline_passed);
    EXPECT_EQ(scene.of(id).state, State::expired);
    EXPECT_EQ(scene.of(id).reason, Reason::deadline_passed);
    EXPECT_EQ(scene.of(id).executed, Executed::no);

    id = scene.submit(tries(scene, 5, 1s));
    scene.pass(1s);
    EXPECT_FALSE(is_terminal(scene.of(id).state));
    scene.pass(500ms);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).reason, Reason::channel_lost);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, WhatWasSentTimesOutAtItsDeadline) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 5, 2s));
    scene.sent(id);
    scene.pass(2s);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).reason, Reason::no_answer);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, WhatTheProfileCannotExpressIsRejectedAtOnce) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.say(id, 1, NotSent{.reason = Reason::not_encodable, .detail = "the payload is not JSON"});
    EXPECT_EQ(scene.of(id).state, State::rejected);
    EXPECT_EQ(scene.of(id).reason, Reason::not_encodable);
    EXPECT_EQ(scene.of(id).detail, "the payload is not JSON");
    EXPECT_EQ(scene.of(id).executed, Executed::no);
}

TEST(DispatcherRetry, AChannelWhoseCalendarIsAheadDoesNotBurnAttempts) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.not_sent(id, 1, Reason::deadline_passed);
    EXPECT_FALSE(is_terminal(scene.of(id).state));
    scene.pass(30s);
    EXPECT_EQ(scene.asked(id), 1U);
    EXPECT_EQ(scene.of(id).state, State::expired);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
}

TEST(DispatcherRetry, ARejectionOfALaterAttemptSaysNothingAboutTheEarlier) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.pass(5200ms);
    ASSERT_EQ(scene.of(id).attempts.size(), 2U);
    scene.reply(id, 2, Replied::Verdict::rejected);
    EXPECT_EQ(scene.of(id).state, State::rejected);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown) << "the first may have been executed before the second was rejected";
}

TEST(DispatcherRetry, PausesNeverReachBeyondTheDeadline) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CommandScene scene(CommandScene::plain(), seed);
        const CommandId id = scene.submit(tries(scene, 100, 20s));
        while (!is_terminal(scene.of(id).state)) {
            const auto number = static_cast<std::uint16_t>(scene.of(id).attempts.size());
            if (!scene.of(id).attempts.back().ended_at) scene.not_sent(id, number);
            ASSERT_TRUE(scene.dispatcher().next_timer() || is_terminal(scene.of(id).state));
            scene.pass(50ms);
        }
        EXPECT_EQ(scene.of(id).state, State::expired);
        EXPECT_GE(*scene.of(id).ended_at, scene_start + 20s);
        for (const Request& request : scene.all_requests)
            EXPECT_EQ(request.deadline, scene_start + 20s);
        for (const Attempt& attempt : scene.of(id).attempts)
            EXPECT_LT(attempt.queued_at, scene_start + 20s);
    }
}

TEST(DispatcherRetry, ALateAnswerIsTakenWhileTheNextAttemptPauses) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.pass(5s);
    scene.reply(id, 1);
    EXPECT_EQ(scene.of(id).state, State::succeeded);
    scene.pass(10s);
    EXPECT_EQ(scene.asked(id), 1U);
}

TEST(DispatcherRetry, ALateNotSentOfAnEarlierAttemptProvesNothing) {
    CommandScene scene;
    const CommandId id = scene.submit(tries(scene, 2));
    scene.say(id, 1, SendUnclear{});
    scene.pass(5400ms);
    ASSERT_EQ(scene.of(id).attempts.size(), 2U);
    // It was asked for more than once, and only one of the requests was not sent.
    scene.not_sent(id, 1);
    scene.not_sent(id, 2);
    EXPECT_TRUE(is_terminal(scene.of(id).state));
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRetry, WordsAboutAnEarlierAttemptDoNotHurryTheNewest) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.pass(5200ms);
    ASSERT_EQ(scene.asked(id), 2U);
    scene.delivered(id, 1);
    EXPECT_EQ(scene.of(id).state, State::delivered);
    scene.pass(2500ms);
    EXPECT_EQ(scene.asked(id), 2U);
    EXPECT_EQ(scene.of(id).attempts.size(), 2U);
}

TEST(DispatcherRetry, NothingGoesOutAfterItsDeadlineEvenBeforeItsTimerRuns) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.moment.now += 31s;
    scene.moment.wall += 31s;
    scene.reply(first);
    EXPECT_EQ(scene.asked(second), 0U);
    scene.tick();
    EXPECT_EQ(scene.of(second).state, State::expired);
}

}  // namespace
}  // namespace holdfast::command
