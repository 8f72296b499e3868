#include "simulate/command_answerer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace holdfast::simulate {
namespace {

using std::chrono::milliseconds;
using Deed = CommandAnswerer::Deed;

constexpr Time start{std::chrono::seconds(100)};
const std::string front = "holdfast/meter-7/command/";

std::vector<CommandAnswerer::Answer> answers_by(CommandAnswerer& device, Time now) {
    std::vector<CommandAnswerer::Answer> answers;
    while (auto answer = device.due(now))
        answers.push_back(std::move(*answer));
    return answers;
}

TEST(CommandAnswerer, ExecutesAndAnswersAfterAWhile) {
    const AnswerOptions options{.latency = milliseconds(20)};
    CommandAnswerer device(options, "meter-7", 1);
    EXPECT_EQ(device.filter(), front + "#");
    EXPECT_EQ(device.deadline(), Time::max());
    EXPECT_EQ(device.on_message({.topic = front + "a/3"}, start), Deed::executed);
    EXPECT_GE(device.deadline(), start + milliseconds(10));
    EXPECT_LE(device.deadline(), start + milliseconds(30));
    EXPECT_TRUE(answers_by(device, start).empty());
    const auto answers = answers_by(device, start + milliseconds(30));
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].topic, "holdfast/meter-7/reply/a/3");
    EXPECT_EQ(answers[0].payload, R"({"status":"succeeded","execution":1})");
    EXPECT_TRUE(answers[0].correlation.empty());
    EXPECT_EQ(device.deadline(), Time::max());
}

TEST(CommandAnswerer, UsesTheResponseTopicOfMqtt5) {
    const AnswerOptions options{.latency = {}};
    CommandAnswerer device(options, "meter-7", 1);
    const std::string correlation = "a/1";
    ASSERT_EQ(device.on_message({.topic = front + "a", .response_topic = "to/me", .correlation = as_bytes(correlation)}, start),
              Deed::executed);
    const auto answers = answers_by(device, start);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(answers[0].topic, "to/me");
    EXPECT_EQ(as_text(answers[0].correlation), correlation);
}

TEST(CommandAnswerer, WithMemoryItExecutesOnce) {
    const AnswerOptions options{.latency = {}, .memory = 2, .errors = 0.5};
    CommandAnswerer device(options, "meter-7", 3);
    static_cast<void>(device.on_message({.topic = front + "a/1"}, start));
    const std::string first = answers_by(device, start).at(0).payload;
    for (int attempt = 2; attempt < 9; ++attempt) {
        EXPECT_EQ(device.on_message({.topic = front + "a/" + std::to_string(attempt)}, start), Deed::answered_again);
        EXPECT_EQ(answers_by(device, start).at(0).payload, first) << "the same answer";
    }
    EXPECT_EQ(device.executions(), 1U);
    static_cast<void>(device.on_message({.topic = front + "b"}, start));
    static_cast<void>(device.on_message({.topic = front + "c"}, start));
    EXPECT_NE(device.on_message({.topic = front + "a"}, start), Deed::answered_again) << "the oldest was forgotten";
}

TEST(CommandAnswerer, WithoutMemoryItExecutesAgain) {
    const AnswerOptions options{.memory = 0};
    CommandAnswerer device(options, "meter-7", 1);
    EXPECT_EQ(device.on_message({.topic = front + "a"}, start), Deed::executed);
    EXPECT_EQ(device.on_message({.topic = front + "a"}, start), Deed::executed);
    EXPECT_EQ(device.executions(), 2U);
}

TEST(CommandAnswerer, EachKindOfTrouble) {
    const AnswerOptions failing{.latency = {}, .errors = 1};
    CommandAnswerer one(failing, "meter-7", 1);
    EXPECT_EQ(one.on_message({.topic = front + "a"}, start), Deed::failed);
    EXPECT_EQ(answers_by(one, start).at(0).payload, R"({"status":"failed","message":"simulated failure","execution":1})");

    const AnswerOptions silent{.latency = {}, .silence = 1};
    CommandAnswerer two(silent, "meter-7", 1);
    EXPECT_EQ(two.on_message({.topic = front + "a"}, start), Deed::silent);
    EXPECT_TRUE(answers_by(two, start).empty());
    EXPECT_EQ(two.on_message({.topic = front + "a"}, start), Deed::answered_again) << "it was executed";
    EXPECT_EQ(answers_by(two, start).size(), 1U);

    const AnswerOptions repeating{.latency = {}, .duplicates = 1};
    CommandAnswerer three(repeating, "meter-7", 1);
    EXPECT_EQ(three.on_message({.topic = front + "a"}, start), Deed::executed);
    EXPECT_TRUE(answers_by(three, start).at(0).twice);
}

TEST(CommandAnswerer, ACrashLosesAnswersAndSometimesTheMemory) {
    const AnswerOptions crashing{.latency = {}, .crashes = 1};
    CommandAnswerer remembers(crashing, "meter-7", 1);
    EXPECT_EQ(remembers.on_message({.topic = front + "a"}, start), Deed::crashed);
    EXPECT_EQ(remembers.deadline(), Time::max());
    EXPECT_EQ(remembers.on_message({.topic = front + "a"}, start), Deed::answered_again);

    const AnswerOptions forgetting{.latency = {}, .crashes = 1, .forgets = 1};
    CommandAnswerer forgets(forgetting, "meter-7", 1);
    EXPECT_EQ(forgets.on_message({.topic = front + "a"}, start), Deed::crashed);
    EXPECT_EQ(forgets.on_message({.topic = front + "a"}, start), Deed::crashed);
    EXPECT_EQ(forgets.executions(), 2U);
}

TEST(CommandAnswerer, OtherMessagesAreNoCommands) {
    const AnswerOptions options;
    CommandAnswerer device(options, "meter-7", 1);
    for (const std::string& topic :
         {std::string("meter-7/cmd/x"), std::string("holdfast/meter-70/command/a"), front, front + "/1"})
        EXPECT_EQ(device.on_message({.topic = topic}, start), Deed::none) << topic;
    EXPECT_EQ(device.executions(), 0U);
}

TEST(CommandAnswerer, AnswersComeInTheOrderOfTheirTimesAndAreBounded) {
    const AnswerOptions options{.latency = milliseconds(100), .memory = 0};
    CommandAnswerer device(options, "meter-7", 5);
    for (std::size_t number = 0; number < 2 * CommandAnswerer::max_waiting; ++number)
        static_cast<void>(device.on_message({.topic = front + std::to_string(number)}, start));
    const auto answers = answers_by(device, start + milliseconds(200));
    EXPECT_EQ(answers.size(), CommandAnswerer::max_waiting);
    EXPECT_TRUE(std::ranges::is_sorted(answers, {}, &CommandAnswerer::Answer::at));
    EXPECT_EQ(device.executions(), CommandAnswerer::max_waiting) << "what it has no room for it does not do";
}

}  // namespace
}  // namespace holdfast::simulate
