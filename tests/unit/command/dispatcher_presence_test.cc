// Devices that are away, come back, move, are disabled or removed.

#include <gtest/gtest.h>

#include "command_scene.h"

namespace holdfast::command {
namespace {

Submission with(const CommandScene& scene, Offline offline) {
    Submission asked = scene.asking();
    asked.offline = offline;
    return asked;
}

TEST(DispatcherPresence, OfflineFailEndsAtOnce) {
    CommandScene scene;
    scene.disconnect("meter-7");
    const CommandId id = scene.submit(with(scene, Offline::fail));
    EXPECT_EQ(scene.accepted, std::vector{id});
    EXPECT_EQ(scene.ended, std::vector{id});
    EXPECT_EQ(scene.of(id).state, State::rejected);
    EXPECT_EQ(scene.of(id).reason, Reason::device_offline);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
    EXPECT_TRUE(scene.requests.empty());
}

TEST(DispatcherPresence, OfflineWaitAndQueueAreHeldUntilTheDeviceComes) {
    for (const Offline offline : {Offline::wait, Offline::queue}) {
        CommandScene scene;
        scene.disconnect("meter-7");
        const CommandId id = scene.submit(with(scene, offline));
        scene.pass(10s);
        EXPECT_TRUE(scene.requests.empty());
        scene.connect("meter-7", 2);
        EXPECT_EQ(scene.asked(id), 1U) << "at once";
    }
}

TEST(DispatcherPresence, WhatWaitsForAnAbsentDeviceExpires) {
    CommandScene scene;
    scene.disconnect("meter-7");
    const CommandId id = scene.submit(with(scene, Offline::queue));
    scene.pass(30s);
    EXPECT_EQ(scene.of(id).state, State::expired);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
    EXPECT_EQ(*scene.of(id).ended_at, scene_start + 30s);
}

TEST(DispatcherPresence, OfflineFailAlsoEndsWhatWaitsInLineWhenTheDeviceGoes) {
    CommandScene scene;
    const CommandId head = scene.submit();
    const CommandId impatient = scene.submit(with(scene, Offline::fail));
    const CommandId patient = scene.submit(with(scene, Offline::queue));
    scene.disconnect("meter-7");
    EXPECT_EQ(scene.of(impatient).state, State::rejected);
    EXPECT_EQ(scene.of(impatient).executed, Executed::no);
    EXPECT_EQ(scene.of(patient).state, State::queued);
    EXPECT_EQ(scene.of(head).state, State::queued);
}

TEST(DispatcherPresence, AnAbsentDeviceBurnsNoAttempts) {
    CommandScene scene;
    Submission asked = with(scene, Offline::queue);
    asked.attempts = 1;
    const CommandId id = scene.submit(asked);
    for (std::uint64_t round = 1; round <= 5; ++round) {
        scene.disconnect("meter-7");
        scene.not_sent(id, static_cast<std::uint16_t>(round), Reason::device_offline);
        EXPECT_FALSE(is_terminal(scene.of(id).state));
        scene.connect("meter-7", round + 1);
        EXPECT_EQ(scene.asked(id), round + 1);
    }
    scene.reply(id, 6);
    EXPECT_EQ(scene.of(id).state, State::succeeded);
}

TEST(DispatcherPresence, AChannelThatFindsTheDeviceAwayFailsWhatIsNotToWait) {
    CommandScene scene;
    const CommandId id = scene.submit(with(scene, Offline::fail));
    scene.places["meter-7"].session = 0;
    scene.not_sent(id, 1, Reason::device_offline);
    EXPECT_EQ(scene.of(id).state, State::rejected);
    EXPECT_EQ(scene.of(id).reason, Reason::device_offline);
    EXPECT_EQ(scene.of(id).executed, Executed::no);
}

TEST(DispatcherPresence, PresenceThatDisagreesWithTheChannelIsTriedAgainAfterAPause) {
    CommandScene scene;
    const CommandId id = scene.submit(with(scene, Offline::queue));
    scene.not_sent(id, 1, Reason::device_offline);
    EXPECT_EQ(scene.asked(id), 1U);
    scene.pass(200ms);
    EXPECT_EQ(scene.asked(id), 2U);
}

TEST(DispatcherPresence, FlappingDoesNotGoOnForEver) {
    auto options = CommandScene::plain();
    options.channel_timeout = 1h;
    CommandScene scene(options);
    Submission asked = with(scene, Offline::queue);
    asked.deadline_in = 24h;
    const CommandId id = scene.submit(asked);
    for (std::uint16_t attempt = 1; attempt <= max_attempts; ++attempt) {
        ASSERT_FALSE(is_terminal(scene.of(id).state)) << attempt;
        scene.not_sent(id, attempt, Reason::device_offline);
        scene.pass(31s);
    }
    EXPECT_EQ(scene.of(id).state, State::failed);
    EXPECT_EQ(scene.of(id).reason, Reason::attempts_exhausted);
    EXPECT_EQ(scene.of(id).attempts.size(), max_attempts);
}

TEST(DispatcherPresence, AReconnectCutsAPauseShort) {
    CommandScene scene;
    const CommandId id = scene.submit();
    std::uint16_t attempt = 0;
    // Later pauses are long enough to see the difference.
    while (attempt < 4) {
        scene.not_sent(id, ++attempt);
        if (attempt < 4) scene.pass(3s);
    }
    const auto due = scene.dispatcher().next_timer();
    ASSERT_TRUE(due && *due > scene.moment.now);
    scene.connect("meter-7", 2);
    EXPECT_EQ(scene.asked(id), 5U);
}

TEST(DispatcherPresence, WhatWasSentInASessionThatIsGoneIsSentAgainSoon) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.sent(id);
    scene.disconnect("meter-7");
    scene.pass(100ms);
    scene.connect("meter-7", 2);
    EXPECT_EQ(scene.asked(id), 1U) << "its node may have kept it and bring it now";
    scene.pass(600ms);
    EXPECT_EQ(scene.asked(id), 2U);
    EXPECT_EQ(scene.of(id).attempts.at(0).fate, Attempt::Fate::lost);
}

TEST(DispatcherPresence, WhatIsDeliveredIsNotSentAgainByAReconnect) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.delivered(id);
    scene.connect("meter-7", 2);
    scene.pass(3s);
    EXPECT_EQ(scene.asked(id), 1U) << "a reboot reconnects";
}

TEST(DispatcherPresence, AnAttemptThatNobodyConfirmedFollowsTheDeviceWhenItComesBack) {
    CommandScene scene;
    const CommandId id = scene.submit();
    scene.disconnect("meter-7");
    scene.pass(10s);
    EXPECT_EQ(scene.asked(id), 1U) << "nobody can bring it now, and asking twice would cost certainty";
    scene.connect("meter-7", 2, "west");
    ASSERT_EQ(scene.asked(id), 1U);
    scene.pass(1ms);
    ASSERT_EQ(scene.requests.size(), 2U);
    EXPECT_EQ(scene.requests[1].cluster, "west");
    EXPECT_EQ(scene.requests[1].request.attempt, 1);
}

TEST(DispatcherPresence, TheNextAttemptGoesWhereTheDeviceHasMoved) {
    CommandScene scene;
    const CommandId id = scene.submit();
    EXPECT_EQ(scene.requests.at(0).cluster, "east");
    scene.connect("meter-7", 2, "west");
    scene.not_sent(id, 1, Reason::device_offline);
    scene.pass(200ms);
    ASSERT_EQ(scene.requests.size(), 2U);
    EXPECT_EQ(scene.requests[1].cluster, "west");
    EXPECT_EQ(scene.requests[1].request.attempt, 2);
}

TEST(DispatcherPresence, RemovedAndDisabledDevicesEndWhatWasNotSent) {
    for (const bool removed : {true, false}) {
        CommandScene scene;
        const CommandId under_way = scene.submit();
        const CommandId waiting = scene.submit();
        scene.places["meter-7"] = {.known = !removed, .disabled = !removed, .cluster = "east"};
        scene.changed("meter-7");
        EXPECT_EQ(scene.of(waiting).state, State::rejected);
        EXPECT_EQ(scene.of(waiting).reason, removed ? Reason::device_unknown : Reason::device_disabled);
        EXPECT_EQ(scene.of(waiting).executed, Executed::no);
        EXPECT_FALSE(is_terminal(scene.of(under_way).state)) << "its answer may be on its way";
        scene.pass(4s);
        EXPECT_EQ(scene.of(under_way).state, State::rejected);
        EXPECT_EQ(scene.of(under_way).executed, Executed::unknown);
    }
}

TEST(DispatcherPresence, AScheduledCommandMeetsTheDeviceAsItIsThen) {
    CommandScene scene;
    Submission asked = with(scene, Offline::fail);
    asked.deliver_at = scene.moment.wall + 10s;
    const CommandId offline = scene.submit(asked);
    scene.connect("meter-8", 1);
    asked.device = "meter-8";
    const CommandId removed = scene.submit(asked);
    scene.disconnect("meter-7");
    scene.places.erase("meter-8");
    scene.changed("meter-8");
    scene.pass(10s);
    EXPECT_EQ(scene.of(offline).state, State::rejected);
    EXPECT_EQ(scene.of(offline).reason, Reason::device_offline);
    EXPECT_EQ(scene.of(removed).state, State::rejected);
    EXPECT_EQ(scene.of(removed).reason, Reason::device_unknown);
}

TEST(DispatcherPresence, ABacklogGoesOutAtItsPaceAndInOrder) {
    auto options = CommandScene::plain();
    options.backlog_pace = 100;
    options.channel_timeout = 1h;
    CommandScene scene(options);
    std::vector<std::string> devices;
    for (int i = 0; i < 300; ++i) {
        devices.push_back("away-" + std::to_string(i));
        scene.connect(devices.back(), 1);
        scene.disconnect(devices.back());
        Submission asked = with(scene, Offline::queue);
        asked.device = devices.back();
        scene.submit(asked);
    }
    for (const std::string& device : devices)
        scene.connect(device, 2);
    EXPECT_LE(scene.all_requests.size(), 11U) << "a tenth of a second's worth at once";
    scene.pass(1s);
    EXPECT_NEAR(static_cast<double>(scene.all_requests.size()), 110, 2);
    scene.pass(2s);
    EXPECT_EQ(scene.all_requests.size(), 300U);
    for (std::size_t i = 1; i < scene.all_requests.size(); ++i)
        EXPECT_LT(scene.all_requests[i - 1].id, scene.all_requests[i].id);
}

TEST(DispatcherPresence, WhatIsNewDoesNotQueueBehindTheBacklogOfOthers) {
    auto options = CommandScene::plain();
    options.backlog_pace = 1;
    CommandScene scene(options);
    for (int i = 0; i < 20; ++i) {
        const std::string device = "away-" + std::to_string(i);
        scene.connect(device, 1);
        scene.disconnect(device);
        Submission asked = with(scene, Offline::queue);
        asked.device = device;
        scene.submit(asked);
        scene.connect(device, 2);
    }
    const CommandId fresh = scene.submit();
    EXPECT_EQ(scene.asked(fresh), 1U);
}

TEST(DispatcherPresence, ALineKeepsItsOrderThroughItsBacklog) {
    auto options = CommandScene::plain();
    options.backlog_pace = 10;
    CommandScene scene(options);
    scene.disconnect("meter-7");
    std::vector<CommandId> ids;
    for (int i = 0; i < 20; ++i)
        ids.push_back(scene.submit(with(scene, Offline::queue)));
    scene.connect("meter-7", 2);
    const CommandId fresh = scene.submit();
    for (const CommandId id : ids) {
        for (int i = 0; i < 30 && scene.asked(id) == 0; ++i)
            scene.pass(10ms);
        ASSERT_EQ(scene.asked(id), 1U);
        EXPECT_EQ(scene.asked(fresh), 0U);
        scene.reply(id);
    }
    EXPECT_EQ(scene.asked(fresh), 1U) << "what came after the device needs no turn";
}

}  // namespace
}  // namespace holdfast::command
