// Reports in any order, twice and late.

#include "command/merge.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <vector>

#include "command/certainty.h"

namespace holdfast::command {
namespace {

using namespace std::chrono_literals;

constexpr WallTime start{std::chrono::milliseconds(1'790'000'000'000)};

Command command_with(std::size_t attempts) {
    Command command;
    command.id = CommandId(1, 1);
    command.device = "meter-7";
    for (std::size_t i = 1; i <= attempts; ++i) {
        Attempt attempt;
        attempt.number = static_cast<std::uint16_t>(i);
        attempt.queued_at = start;
        command.attempts.push_back(attempt);
    }
    command.executed = certainty(command);
    return command;
}

Report about(std::uint16_t attempt, decltype(Report::what) what, WallTime at = start + 1s) {
    return {.id = CommandId(1, 1), .attempt = attempt, .device = "meter-7", .at = at, .what = std::move(what)};
}

bool take(Command& command, const Report& report, bool asked_once = true) {
    return merge(command, report, asked_once, start + 10s);
}

TEST(Merge, AReplyImpliesDeliveryAndDeliveryImpliesSent) {
    Command command = command_with(1);
    EXPECT_TRUE(take(command, about(1, Delivered{})));
    EXPECT_EQ(command.state, State::delivered);
    EXPECT_EQ(command.attempts[0].sent_at, start + 1s);
    EXPECT_EQ(command.attempts[0].fate, Attempt::Fate::delivered);
    // The node's word comes late, and is from before.
    EXPECT_TRUE(take(command, about(1, Sent{.node = "east-1"}, start + 500ms)));
    EXPECT_EQ(command.state, State::delivered);
    EXPECT_EQ(command.attempts[0].sent_at, start + 500ms);
    EXPECT_EQ(command.attempts[0].node, "east-1");
    EXPECT_TRUE(take(command, about(1, Replied{})));
    EXPECT_EQ(command.state, State::succeeded);
    EXPECT_EQ(command.ended_at, start + 10s);
}

TEST(Merge, AfterTheEndNothingChanges) {
    Command command = command_with(2);
    EXPECT_TRUE(take(command, about(2, Replied{.verdict = Replied::Verdict::failed, .detail = "jammed"})));
    const Command ended = command;
    for (const auto& what : std::vector<decltype(Report::what)>{NotSent{}, Sent{.node = "n"}, SendUnclear{}, Delivered{},
                                                                Replied{.result = "later"}}) {
        EXPECT_FALSE(take(command, about(1, what)));
        EXPECT_FALSE(take(command, about(2, what)));
    }
    EXPECT_EQ(command, ended);
    EXPECT_EQ(command.detail, "jammed");
}

TEST(Merge, AReplyToAnEarlierAttemptOrToNoneCounts) {
    for (const std::uint16_t attempt : std::initializer_list<std::uint16_t>{1, 0, 9}) {
        Command command = command_with(3);
        EXPECT_TRUE(take(command, about(attempt, Replied{.result = "r"})));
        EXPECT_EQ(command.state, State::succeeded);
        EXPECT_EQ(command.attempts[attempt == 1 ? 0 : 2].fate, Attempt::Fate::answered);
        for (const Attempt& each : command.attempts)
            EXPECT_TRUE(each.ended_at);
    }
}

TEST(Merge, AChannelsWordAboutAnAttemptThatThereNeverWasIsNothing) {
    Command command = command_with(1);
    EXPECT_FALSE(take(command, about(4, NotSent{})));
    EXPECT_FALSE(take(command, about(4, Sent{})));
    EXPECT_FALSE(take(command, about(0, NotSent{})));
    Command empty = command_with(0);
    EXPECT_FALSE(take(empty, about(1, Replied{})));
}

TEST(Merge, NotSentIsCertainOnlyOfWhatWasAskedOnce) {
    Command once = command_with(1);
    EXPECT_TRUE(take(once, about(1, NotSent{.reason = Reason::node_refused, .detail = "quota"}), true));
    EXPECT_EQ(once.attempts[0].fate, Attempt::Fate::not_sent);
    EXPECT_EQ(once.attempts[0].detail, "quota");
    EXPECT_EQ(once.executed, Executed::no);
    Command twice = command_with(1);
    EXPECT_TRUE(take(twice, about(1, NotSent{}), false));
    EXPECT_EQ(twice.attempts[0].fate, Attempt::Fate::lost);
    EXPECT_EQ(twice.executed, Executed::unknown);
    Command other = command_with(2);
    EXPECT_TRUE(take(other, about(2, NotSent{})));
    EXPECT_EQ(other.executed, Executed::unknown) << "the first may have arrived";
}

TEST(Merge, WhoeverSaysThatItWasSentIsRight) {
    for (const bool sent_first : {true, false}) {
        Command command = command_with(1);
        std::vector<Report> reports{about(1, Sent{.node = "n"}), about(1, NotSent{})};
        if (!sent_first) std::swap(reports[0], reports[1]);
        for (const Report& report : reports)
            static_cast<void>(take(command, report));
        EXPECT_EQ(command.attempts[0].fate, Attempt::Fate::sent);
        EXPECT_EQ(command.state, State::sent);
        EXPECT_EQ(command.executed, Executed::unknown);
    }
}

TEST(Merge, AnUnclearSendTakesTheCertaintyAway) {
    for (const bool unclear_first : {true, false}) {
        Command command = command_with(1);
        std::vector<Report> reports{about(1, SendUnclear{}), about(1, NotSent{})};
        if (!unclear_first) std::swap(reports[0], reports[1]);
        for (const Report& report : reports)
            EXPECT_TRUE(take(command, report));
        EXPECT_EQ(command.executed, Executed::unknown);
    }
}

TEST(Merge, ARejectionIsANoOnlyWhenNothingElseCanHaveArrived) {
    const auto rejected = about(2, Replied{.verdict = Replied::Verdict::rejected});
    Command alone = command_with(2);
    static_cast<void>(take(alone, about(1, NotSent{})));
    EXPECT_TRUE(take(alone, rejected));
    EXPECT_EQ(alone.executed, Executed::no);
    Command other = command_with(2);
    EXPECT_TRUE(take(other, rejected));
    EXPECT_EQ(other.state, State::rejected);
    EXPECT_EQ(other.executed, Executed::unknown);
    Command asked_twice = command_with(1);
    EXPECT_TRUE(take(asked_twice, about(1, Replied{.verdict = Replied::Verdict::rejected}), false));
    EXPECT_EQ(asked_twice.executed, Executed::unknown);
}

TEST(Merge, ALongResultIsCutAndSaysSo) {
    Command command = command_with(1);
    EXPECT_TRUE(take(command, about(1, Replied{.result = std::string(max_result_size + 1, 'x')})));
    EXPECT_EQ(command.result.size(), max_result_size);
    EXPECT_TRUE(command.result_cut);
}

TEST(Merge, TheOrderOfReportsDoesNotMatter) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const std::size_t attempts = 1 + random() % 3;
        std::vector<Report> reports;
        for (std::size_t i = 0; i < 2 + random() % 6; ++i) {
            const auto attempt = static_cast<std::uint16_t>(1 + random() % attempts);
            const WallTime at = start + std::chrono::milliseconds(random() % 1000);
            switch (random() % 3) {
                case 0:
                    reports.push_back(about(attempt, Sent{.node = "n"}, at));
                    break;
                case 1:
                    reports.push_back(about(attempt, Delivered{.by_device = random() % 2 == 0}, at));
                    break;
                default:
                    reports.push_back(about(attempt, NotSent{}, start));
            }
        }
        Command first = command_with(attempts);
        for (const Report& report : reports)
            static_cast<void>(take(first, report));
        // Twice, and in another order.
        reports.insert(reports.end(), reports.begin(), reports.end());
        std::ranges::shuffle(reports, random);
        Command second = command_with(attempts);
        State before = second.state;
        for (const Report& report : reports) {
            static_cast<void>(take(second, report));
            RC_ASSERT(second.state >= before);
            before = second.state;
        }
        RC_ASSERT(first.state == second.state);
        RC_ASSERT(first.executed == second.executed);
        for (std::size_t i = 0; i < attempts; ++i) {
            RC_ASSERT(first.attempts[i].fate == second.attempts[i].fate);
            RC_ASSERT(first.attempts[i].sent_at == second.attempts[i].sent_at);
            RC_ASSERT(first.attempts[i].delivered_at == second.attempts[i].delivered_at);
            RC_ASSERT(first.attempts[i].node == second.attempts[i].node);
        }
        // And whatever came before it, a last word ends it the same way.
        for (Command* command : {&first, &second}) {
            RC_ASSERT(take(*command, about(1, Replied{.result = "r"})));
            RC_ASSERT(command->state == State::succeeded && command->executed == Executed::yes);
        }
    }));
}

}  // namespace
}  // namespace holdfast::command
