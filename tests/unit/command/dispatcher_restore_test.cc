// A centre that ends without warning, and the next one that finds only what was durable.

#include <gtest/gtest.h>

#include "command_scene.h"

namespace holdfast::command {
namespace {

TEST(DispatcherRestore, AnAttemptOfUnknownFateIsAskedForAgain) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.crash();
    scene.restart();
    EXPECT_EQ(scene.asked(id), 1U) << "what the channel said meanwhile may lie in the queue";
    scene.pass(500ms);
    const auto requests = scene.take_requests();
    ASSERT_EQ(requests.size(), 2U);
    EXPECT_EQ(requests[1].attempt, 1);
    scene.reply(id);
    EXPECT_EQ(scene.of(id).state, State::succeeded);
}

TEST(DispatcherRestore, WhoRestoresItCannotBeCertainThatItWasAskedOnce) {
    CommandScene scene;
    Submission asked = scene.asking();
    asked.attempts = 1;
    const CommandId id = scene.submit(asked);
    scene.crash();
    scene.restart();
    scene.not_sent(id, 1);
    EXPECT_TRUE(is_terminal(scene.of(id).state));
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(DispatcherRestore, TheTimeForTheAnswerGoesOnWhileNobodyIsThere) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.crash();
    scene.pass_without_centre(4s);
    scene.restart();
    scene.pass(900ms);
    EXPECT_EQ(scene.asked(id), 1U);
    scene.pass(400ms);
    EXPECT_EQ(scene.asked(id), 2U);
}

TEST(DispatcherRestore, AnAnswerThatCameMeanwhileIsTakenEvenAfterTheDeadline) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.crash();
    scene.pass_without_centre(1h);
    scene.restart();
    EXPECT_FALSE(is_terminal(scene.of(id).state));
    scene.reply(id);
    EXPECT_EQ(scene.of(id).state, State::succeeded);
}

TEST(DispatcherRestore, WhatIsOverdueEndsTruthfully) {
    CommandScene scene;
    const CommandId under_way = scene.submit();
    const CommandId waiting = scene.submit();
    scene.crash();
    scene.pass_without_centre(1h);
    scene.restart();
    scene.pass(500ms);
    EXPECT_EQ(scene.of(under_way).state, State::timed_out);
    EXPECT_EQ(scene.of(under_way).executed, Executed::unknown);
    EXPECT_EQ(scene.of(waiting).state, State::expired);
    EXPECT_EQ(scene.of(waiting).executed, Executed::no);
    EXPECT_EQ(scene.asked(under_way) + scene.asked(waiting), 1U);
}

TEST(DispatcherRestore, OrderAndWindowHoldOverARestart) {
    CommandScene scene;
    std::vector<CommandId> ids;
    for (int i = 0; i < 10; ++i)
        ids.push_back(scene.submit());
    scene.crash();
    scene.restart();
    const CommandId fresh = scene.submit();
    ids.push_back(fresh);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        scene.pass(600ms);
        EXPECT_GE(scene.asked(ids[i]), 1U) << i;
        EXPECT_TRUE(i + 1 == ids.size() || scene.asked(ids[i + 1]) == 0) << i;
        scene.reply(ids[i]);
    }
}

TEST(DispatcherRestore, ACommandUnderWayIsNotPassedByOneRestoredBeforeIt) {
    CommandScene scene;
    Submission loose = scene.asking();
    loose.order = Order::none;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit(loose);
    scene.reply(first);
    const CommandId third = scene.submit(loose);
    ASSERT_EQ(scene.asked(second), 1U);
    Command under_way = scene.of(second);
    scene.crash();
    scene.pass_without_centre(5s);
    scene.store.erase(second);
    scene.restart();
    scene.dispatcher().restore(under_way, scene.moment);
    scene.store[second] = under_way;
    scene.pass(2s);
    EXPECT_EQ(scene.asked(third), 0U);
    EXPECT_EQ(scene.dispatcher().counts().under_way, 1U);
}

TEST(DispatcherRestore, ScheduledCommandsKeepTheirTime) {
    CommandScene scene;
    Submission later = scene.asking();
    later.deliver_at = scene.moment.wall + 60s;
    const CommandId id = scene.submit(later);
    later.deliver_at = scene.moment.wall + 10s;
    later.deadline_in = 10s;
    const CommandId missed = scene.submit(later);
    scene.crash();
    scene.pass_without_centre(50s);
    scene.restart();
    scene.pass(9s);
    EXPECT_EQ(scene.asked(id), 0U);
    EXPECT_EQ(scene.of(missed).state, State::expired);
    scene.pass(1s);
    EXPECT_EQ(scene.asked(id), 1U);
}

TEST(DispatcherRestore, WhatWasTakenBackStaysSo) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    ASSERT_TRUE(scene.cancel(id));
    scene.crash();
    scene.restart();
    scene.pass(6s);
    EXPECT_EQ(scene.of(id).state, State::cancelled);
    EXPECT_EQ(scene.asked(id), 1U);
}

TEST(DispatcherRestore, AStaleRecordBringsNothingBackToLife) {
    CommandScene scene;
    const CommandId id = scene.submit();
    const Command stale = scene.of(id);
    scene.reply(id);
    scene.dispatcher().restore(stale, scene.moment);
    EXPECT_EQ(scene.dispatcher().find(id), nullptr);
    scene.dispatcher().restore(scene.of(id), scene.moment);
    EXPECT_EQ(scene.dispatcher().counts().open, 0U);
}

TEST(DispatcherRestore, WhatWasJustSubmittedAtAnotherCentreGoesAtOnce) {
    CommandScene scene;
    Command handed_over = make_command(scene.asking(), CommandId::make(scene.moment.wall, 1, 1), {}, scene.moment.wall).value();
    const CommandId id = handed_over.id;
    scene.pass(50ms);
    scene.dispatcher().restore(std::move(handed_over), scene.moment);
    EXPECT_LE(scene.dispatcher().next_timer(), scene.moment.now);
    scene.tick();
    EXPECT_EQ(scene.asked(id), 1U);
}

TEST(DispatcherRestore, AnAdoptedCommandBelongsToItsNewCentre) {
    CommandScene scene;
    const CommandId id = scene.submit();
    Command adopted = scene.of(id);
    adopted.centre = "gone";
    scene.crash();
    scene.store.clear();
    scene.restart();
    scene.dispatcher().restore(adopted, scene.moment);
    scene.take();
    EXPECT_EQ(scene.of(id).centre, "centre");
}

TEST(DispatcherRestore, RestoredCommandsGoOutAtTheBacklogsPace) {
    auto options = CommandScene::plain();
    options.backlog_pace = 50;
    CommandScene scene(options);
    for (int i = 0; i < 100; ++i) {
        const std::string device = "m-" + std::to_string(i);
        scene.connect(device, 1);
        scene.submit(scene.asking(device));
    }
    scene.crash();
    scene.all_requests.clear();
    scene.restart();
    scene.pass(500ms);
    EXPECT_LE(scene.all_requests.size(), 32U);
    scene.pass(2s);
    EXPECT_EQ(scene.all_requests.size(), 100U);
}

TEST(DispatcherRestore, AnAdoptedCommandDoesNotPassOneThatHasBegun) {
    auto options = CommandScene::plain();
    options.window = 2;
    CommandScene scene(options);
    Submission asked = scene.asking();
    asked.deadline_in = 1h;
    Command adopted = make_command(asked, CommandId::make(scene.moment.wall, 0, 0), scene.limits, scene.moment.wall).value();
    const CommandId earlier = adopted.id;
    scene.pass(10s);
    const CommandId begun = scene.submit(asked);
    ASSERT_EQ(scene.asked(begun), 1U);
    scene.sent(begun);
    scene.dispatcher().restore(std::move(adopted), scene.moment);
    scene.pass(1s);
    EXPECT_EQ(scene.asked(earlier), 0U);
    scene.reply(begun);
    EXPECT_EQ(scene.asked(earlier), 1U);
}

}  // namespace
}  // namespace holdfast::command
