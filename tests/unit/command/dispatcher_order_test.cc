// Who of a device's commands may go, and when.

#include <gtest/gtest.h>

#include "command_scene.h"

namespace holdfast::command {
namespace {

Submission loose(const CommandScene& scene) {
    Submission asked = scene.asking();
    asked.order = Order::none;
    return asked;
}

DispatcherOptions window(std::size_t size) {
    auto options = CommandScene::plain();
    options.window = size;
    return options;
}

TEST(DispatcherOrder, OrderedCommandsGoOneAfterTheOtherWhateverTheWindow) {
    CommandScene scene(window(5));
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    EXPECT_EQ(scene.asked(second), 0U);
    scene.sent(first);
    scene.delivered(first);
    EXPECT_EQ(scene.asked(second), 0U);
    scene.reply(first);
    EXPECT_EQ(scene.asked(second), 1U);
}

TEST(DispatcherOrder, OrderHoldsOverRetries) {
    CommandScene scene(window(5));
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.not_sent(first, 1);
    scene.pass(1ms);
    EXPECT_EQ(scene.asked(second), 0U) << "the first is only pausing";
    scene.pass(1s);
    EXPECT_EQ(scene.asked(first), 2U);
    EXPECT_EQ(scene.asked(second), 0U);
}

TEST(DispatcherOrder, UnorderedCommandsPassAndFillTheWindow) {
    CommandScene scene(window(3));
    const CommandId head = scene.submit();
    const CommandId ordered = scene.submit();
    std::vector<CommandId> others;
    for (int i = 0; i < 4; ++i)
        others.push_back(scene.submit(loose(scene)));
    EXPECT_EQ(scene.asked(head), 1U);
    EXPECT_EQ(scene.asked(ordered), 0U);
    EXPECT_EQ(scene.asked(others[0]), 1U);
    EXPECT_EQ(scene.asked(others[1]), 1U);
    EXPECT_EQ(scene.asked(others[2]), 0U) << "the window is full";
    EXPECT_EQ(scene.dispatcher().counts().under_way, 3U);
    scene.reply(others[1]);
    EXPECT_EQ(scene.asked(others[2]), 1U);
    scene.reply(head);
    EXPECT_EQ(scene.asked(ordered), 1U) << "earlier than the last of the others";
}

TEST(DispatcherOrder, AWindowOfOneHoldsForAll) {
    CommandScene scene;
    const CommandId first = scene.submit(loose(scene));
    const CommandId second = scene.submit(loose(scene));
    const CommandId third = scene.submit();
    EXPECT_EQ(scene.asked(first), 1U);
    EXPECT_EQ(scene.asked(second) + scene.asked(third), 0U);
    scene.reply(first);
    EXPECT_EQ(scene.asked(second), 1U);
    EXPECT_EQ(scene.asked(third), 0U);
    scene.reply(second);
    EXPECT_EQ(scene.asked(third), 1U);
}

TEST(DispatcherOrder, AWiderWindowTakesEffectAtOnce) {
    CommandScene scene;
    scene.submit(loose(scene));
    const CommandId second = scene.submit(loose(scene));
    EXPECT_EQ(scene.asked(second), 0U);
    scene.dispatcher().set_options(window(2));
    scene.pass(0s);
    EXPECT_EQ(scene.asked(second), 1U);
}

TEST(DispatcherOrder, DevicesDoNotWaitForEachOther) {
    CommandScene scene;
    scene.submit();
    scene.connect("meter-8", 1);
    EXPECT_EQ(scene.asked(scene.submit(scene.asking("meter-8"))), 1U);
}

TEST(DispatcherOrder, TheHeadOfTheLineBlocksNoLongerThanItsDeadline) {
    CommandScene scene;
    Submission stuck = scene.asking();
    stuck.attempts = 100;
    stuck.deadline_in = 20s;
    const CommandId head = scene.submit(stuck);
    Submission patient = scene.asking();
    patient.deadline_in = 5min;
    const CommandId next = scene.submit(patient);
    scene.sent(head);
    scene.pass(20s);
    EXPECT_TRUE(is_terminal(scene.of(head).state));
    EXPECT_EQ(scene.asked(next), 1U);
}

TEST(DispatcherOrder, AScheduledCommandTakesItsPlaceWhenItIsDue) {
    CommandScene scene;
    Submission later = scene.asking();
    later.deliver_at = scene.moment.wall + 1s;
    const CommandId scheduled = scene.submit(later);
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.pass(1s);
    const CommandId third = scene.submit();
    for (const CommandId id : {first, second, scheduled, third}) {
        EXPECT_EQ(scene.asked(id), 1U);
        scene.reply(id);
    }
}

TEST(DispatcherOrder, APauseMakesRoomForTheOthers) {
    CommandScene scene;
    const CommandId first = scene.submit(loose(scene));
    const CommandId second = scene.submit(loose(scene));
    scene.not_sent(first, 1);
    EXPECT_EQ(scene.asked(second), 1U);
}

}  // namespace
}  // namespace holdfast::command
