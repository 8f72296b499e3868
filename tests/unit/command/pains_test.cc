// What users of other systems suffer from, each as a test named after what it guards.

#include <gtest/gtest.h>

#include <set>

#include "command_scene.h"

namespace holdfast::command {
namespace {

TEST(CommandPains, NothingThatHasNotEndedIsForgottenByARestart) {
    CommandScene scene;
    scene.connect("meter-8", 1);
    scene.connect("meter-9", 1);
    scene.connect("away", 1);
    scene.disconnect("away");
    Submission later = scene.asking("meter-9");
    later.deliver_at = scene.moment.wall + 5s;
    Submission queued = scene.asking("away");
    const CommandId handed_out = scene.submit();
    const CommandId in_line = scene.submit();
    const CommandId sent = scene.submit(scene.asking("meter-8"));
    scene.sent(sent);
    const CommandId delivered = scene.submit(scene.asking("meter-9"));
    scene.delivered(delivered);
    const CommandId scheduled = scene.submit(later);
    const CommandId for_absent = scene.submit(queued);
    const std::vector all{handed_out, in_line, sent, delivered, scheduled, for_absent};
    scene.crash();
    scene.restart();
    EXPECT_EQ(scene.dispatcher().counts().open, all.size());
    scene.connect("away", 2);
    for (int i = 0; i < 200; ++i) {
        scene.pass(100ms);
        for (const CommandId id : all) {
            if (!is_terminal(scene.of(id).state) && scene.asked(id) > 0) scene.reply(id, 0);
        }
    }
    for (const CommandId id : all)
        EXPECT_EQ(scene.of(id).state, State::succeeded) << id.text();
}

TEST(CommandPains, ADeviceThatReconnectsGetsItsCommands) {
    CommandScene scene;
    for (std::uint64_t session = 2; session < 10; ++session) {
        scene.disconnect("meter-7");
        const CommandId id = scene.submit();
        scene.connect("meter-7", session);
        ASSERT_EQ(scene.asked(id), 1U);
        scene.reply(id);
    }
}

TEST(CommandPains, NothingIsDeliveredOnTheWordOfANode) {
    CommandScene scene;
    const CommandId id = scene.submit();
    for (int i = 0; i < 3; ++i)
        scene.sent(id);
    EXPECT_EQ(scene.of(id).state, State::sent);
    EXPECT_FALSE(scene.of(id).attempts.at(0).delivered_at);
    scene.pass(30s);
    EXPECT_EQ(scene.of(id).state, State::timed_out);
    EXPECT_EQ(scene.of(id).executed, Executed::unknown);
}

TEST(CommandPains, AReplyBeforeAnyOtherWordDoesNotStopTheLine) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.reply(first);
    EXPECT_EQ(scene.of(first).state, State::succeeded);
    EXPECT_EQ(scene.asked(second), 1U);
    scene.sent(first);
    scene.delivered(first);
    EXPECT_EQ(scene.of(first).state, State::succeeded);
    EXPECT_EQ(scene.asked(second), 1U);
}

TEST(CommandPains, AFailureAfterDeliverySendsTheNextOnce) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.delivered(first);
    scene.reply(first, 1, Replied::Verdict::failed);
    scene.reply(first, 1, Replied::Verdict::failed);
    scene.delivered(first);
    EXPECT_EQ(scene.asked(second), 1U);
}

TEST(CommandPains, EveryPathEndsWithADefiniteOutcome) {
    // What the channel and the device do with each attempt, by letter: nothing, refuse, unclear, sent, delivered.
    for (const char* story :
         {"", "r", "u", "s", "d", "rr", "rs", "sr", "us", "du", "rrrrr", "sssss", "uuuuu", "ddddd", "srsrs"}) {
        CommandScene scene;
        Submission asked = scene.asking();
        asked.deadline_in = 60s;
        const CommandId id = scene.submit(asked);
        std::size_t told = 0;
        for (int i = 0; i < 700; ++i) {
            const auto number = scene.of(id).attempts.size();
            if (!is_terminal(scene.of(id).state) && number > told && number <= std::string_view(story).size()) {
                told = number;
                const auto attempt = static_cast<std::uint16_t>(number);
                switch (story[number - 1]) {
                    case 'r':
                        scene.not_sent(id, attempt);
                        break;
                    case 'u':
                        scene.say(id, attempt, SendUnclear{});
                        break;
                    case 's':
                        scene.sent(id, attempt);
                        break;
                    default:
                        scene.delivered(id, attempt);
                }
            }
            scene.pass(100ms);
        }
        const Command& command = scene.of(id);
        ASSERT_TRUE(is_terminal(command.state)) << story;
        EXPECT_NE(command.reason, Reason::none) << story;
        EXPECT_TRUE(command.ended_at && *command.ended_at <= command.deadline + 501ms) << story;
        const bool certain = std::string_view(story) == "rrrrr";
        EXPECT_EQ(command.executed, certain ? Executed::no : Executed::unknown) << story;
    }
}

TEST(CommandPains, ADeviceGetsTheNextAfterItsAnswerNotAfterDelivery) {
    CommandScene scene;
    const CommandId first = scene.submit();
    const CommandId second = scene.submit();
    scene.sent(first);
    scene.delivered(first);
    scene.pass(4s);
    EXPECT_EQ(scene.asked(second), 0U);
    scene.reply(first);
    EXPECT_EQ(scene.asked(second), 1U);
}

TEST(CommandPains, ManyCommandsForOneDeviceArriveInTheOrderOfTheirSubmission) {
    CommandScene scene;
    std::vector<CommandId> ids;
    for (int i = 0; i < 100; ++i)
        ids.push_back(scene.submit());
    std::vector<CommandId> arrived;
    while (arrived.size() < ids.size()) {
        const auto requests = scene.take_requests();
        ASSERT_EQ(requests.size(), 1U) << "never all at once";
        arrived.push_back(requests[0].id);
        scene.reply(requests[0].id);
    }
    EXPECT_EQ(arrived, ids);
}

TEST(CommandPains, ABadCommandDoesNotBlockTheOthersForEver) {
    CommandScene scene;
    const CommandId bad = scene.submit();
    Submission patient = scene.asking();
    patient.deadline_in = 10min;
    const CommandId good = scene.submit(patient);
    Submission loose = scene.asking();
    loose.order = Order::none;
    scene.sent(bad);
    scene.pass(30s);
    EXPECT_TRUE(is_terminal(scene.of(bad).state));
    EXPECT_EQ(scene.asked(good), 1U);
}

TEST(CommandPains, OneDeadlineIsCarriedThrough) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.pass(3s);
    scene.sent(id);
    scene.pass(6s);
    const auto requests = scene.take_requests();
    ASSERT_GE(requests.size(), 3U);
    for (const Request& request : requests)
        EXPECT_EQ(request.deadline, scene.of(id).deadline);
}

TEST(CommandPains, NothingIsSentLongAfterItsTime) {
    CommandScene scene;
    scene.disconnect("meter-7");
    const CommandId id = scene.submit();
    scene.pass(31s);
    scene.connect("meter-7", 2);
    scene.pass(1h);
    EXPECT_EQ(scene.asked(id), 0U);
}

TEST(CommandPains, ASilentChannelIsNotAskedWithoutEnd) {
    CommandScene scene;
    Submission asked = scene.asking();
    asked.deadline_in = 1h;
    const CommandId id = scene.submit(asked);
    scene.pass(1h);
    EXPECT_TRUE(is_terminal(scene.of(id).state) || scene.moment.wall < scene.of(id).deadline + 1s);
    EXPECT_LE(scene.asked(id), 3600U / 60 + 6);
    EXPECT_EQ(scene.of(id).attempts.size(), 1U) << "no attempt is burnt that nobody may have made";
}

TEST(CommandPains, EachAttemptHasItsNumberCountedByTheCentre) {
    CommandScene scene;
    const CommandId id = scene.submit();
    for (std::uint16_t attempt = 1; attempt <= 5; ++attempt) {
        EXPECT_EQ(scene.all_requests.back().attempt, attempt);
        EXPECT_EQ(scene.of(id).attempts.size(), attempt);
        scene.sent(id, attempt);
        scene.pass(5s + 4s);
        if (is_terminal(scene.of(id).state)) break;
    }
}

TEST(CommandPains, TheCallerChoosesWhatOfflineMeansAndIsToldAtOnce) {
    CommandScene scene;
    scene.disconnect("meter-7");
    Submission asked = scene.asking();
    asked.wait = true;
    const CommandId id = scene.submit(asked);
    EXPECT_EQ(scene.of(id).state, State::rejected) << "a caller who waits learns it now, not after a time-out";
    EXPECT_EQ(scene.of(id).ended_at, scene.moment.wall);
    asked.wait = false;
    EXPECT_EQ(scene.of(scene.submit(asked)).state, State::queued);
}

TEST(CommandPains, TheSameNameAgainIsAnotherCommand) {
    CommandScene scene;
    const CommandId first = scene.submit();
    scene.reply(first);
    const CommandId second = scene.submit();
    EXPECT_EQ(scene.asked(second), 1U);
    scene.reply(second);
    EXPECT_EQ(scene.of(second).state, State::succeeded);
}

TEST(CommandPains, TheClockIsAlwaysOnWhileADeviceWorks) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.delivered(id);
    ASSERT_TRUE(scene.dispatcher().next_timer());
    scene.pass(30s);
    EXPECT_TRUE(is_terminal(scene.of(id).state));
}

TEST(CommandPains, ReportsThatFollowQuicklyDoNotConflict) {
    CommandScene scene;
    const CommandId id = scene.submit();
    // All of it within one moment, backwards and twice.
    for (int i = 0; i < 2; ++i) {
        scene.delivered(id);
        scene.sent(id);
    }
    scene.reply(id);
    scene.reply(id);
    EXPECT_EQ(scene.of(id).state, State::succeeded);
    EXPECT_EQ(scene.ended, std::vector{id});
}

TEST(CommandPains, AReconnectBringsTheBacklogInOrderAndOneAtATime) {
    CommandScene scene;
    scene.disconnect("meter-7");
    std::vector<CommandId> ids;
    for (int i = 0; i < 50; ++i)
        ids.push_back(scene.submit());
    scene.connect("meter-7", 2);
    for (const CommandId id : ids) {
        const auto requests = scene.take_requests();
        ASSERT_EQ(requests.size(), 1U);
        EXPECT_EQ(requests[0].id, id);
        scene.reply(id);
    }
}

TEST(CommandPains, AHundredThousandHeldCommandsCostNothingWhileTheyWait) {
    CommandScene scene;
    for (int i = 0; i < 1000; ++i) {
        const std::string device = "away-" + std::to_string(i);
        scene.connect(device, 1);
        scene.disconnect(device);
        for (int n = 0; n < 100; ++n) {
            auto command = make_command(scene.asking(device), CommandId(1, static_cast<std::uint64_t>(i * 100 + n + 1)),
                                        scene.limits, scene.moment.wall)
                               .value();
            ASSERT_TRUE(scene.dispatcher().submit(std::move(command), scene.moment));
        }
    }
    scene.take();
    EXPECT_EQ(scene.store.size(), 100'000U);
    EXPECT_EQ(scene.dispatcher().next_timer(), scene.moment.now + 30s) << "nothing is due before the first deadline";
    // All of them come due in one moment; each tick does a bounded part of the work.
    scene.moment.now += 30s;
    scene.moment.wall += 30s;
    std::set<CommandId> ended;
    std::size_t ticks = 0;
    while (scene.dispatcher().next_timer()) {
        scene.dispatcher().tick(scene.moment);
        const auto effects = scene.dispatcher().take_effects();
        EXPECT_LE(effects.ended.size(), 5000U);
        ended.insert(effects.ended.begin(), effects.ended.end());
        ASSERT_LT(++ticks, 200U);
    }
    EXPECT_EQ(ended.size(), 100'000U);
}

}  // namespace
}  // namespace holdfast::command
