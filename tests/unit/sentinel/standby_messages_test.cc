#include "sentinel/standby_messages.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace holdfast::sentinel {
namespace {

using Words = std::vector<std::string>;

StandbyConfiguration east() {
    return {.group = "east", .epoch = 7, .by_order = true, .active = "east-2", .passed_over = {"east-1"}};
}

TEST(StandbyMessages, are_said_in_these_words) {
    const auto text = [](const Words& words) { return fmt::format("{}", fmt::join(words, " ")); };
    EXPECT_EQ(text(format_message(StandbyHello{.sender = "a", .epoch = 9, .configurations = {east(), {.group = "west"}}})),
              "HOLDFAST HELLO 1 a 9 east 7 1 east-2 1 east-1 west 0 0 - 0");
    EXPECT_EQ(text(format_message(StandbyDownQuestion{.sender = "a", .epoch = 9, .configuration = east()})),
              "HOLDFAST DOWN 1 a 9 east 7 1 east-2 1 east-1");
    EXPECT_EQ(
        text(format_message(StandbyVoteRequest{
            .sender = "a", .epoch = 9, .purpose = StandbyPurpose::give_back, .target = "east-1", .configuration = east()})),
        "HOLDFAST VOTE 1 a 9 give-back east-1 east 7 1 east-2 1 east-1");
    EXPECT_EQ(text(format_reply(StandbyHello{.sender = "b", .epoch = 9})), "HELLO 1 b 9");
    EXPECT_EQ(text(format_reply(StandbyDownAnswer{.sender = "b", .epoch = 9, .configuration = east(), .down = true})),
              "DOWN 1 b 9 east 7 1 east-2 1 east-1 1");
    EXPECT_EQ(text(format_reply(StandbyVoteAnswer{.view = {.sender = "b", .epoch = 9, .configuration = east()},
                                                  .vote = {.leader = "a", .epoch = 9}})),
              "VOTE 1 b 9 east 7 1 east-2 1 east-1 0 a 9");
}

TEST(StandbyMessages, are_understood_as_they_were_meant) {
    const auto message = parse_message(format_message(StandbyVoteRequest{
        .sender = "a", .epoch = 9, .purpose = StandbyPurpose::first, .target = "east-1", .configuration = east()}));
    ASSERT_TRUE(message.has_value());
    const auto& request = std::get<StandbyVoteRequest>(*message);
    EXPECT_EQ(request.sender, "a");
    EXPECT_EQ(request.epoch, 9U);
    EXPECT_EQ(request.purpose, StandbyPurpose::first);
    EXPECT_EQ(request.target, "east-1");
    EXPECT_EQ(request.configuration, east());
}

TEST(StandbyMessages, refuse_what_is_not_one) {
    const std::vector<Words> wrong{
        {},
        {"HOLDFAST"},
        {"HOLDFAST", "HELLO"},
        {"HOLDFAST", "HELLO", "2", "a", "9"},
        {"HOLDFAST", "HELLO", "1", "a b", "9"},
        {"HOLDFAST", "HELLO", "1", "-", "9"},
        {"HOLDFAST", "HELLO", "1", "a", "-9"},
        {"HOLDFAST", "HELLO", "1", "a", "9223372036854775807"},
        {"HOLDFAST", "HELLO", "1", "a", "9", "east"},
        {"HOLDFAST", "HELLO", "1", "a", "9", "east", "7", "2", "east-1", "0"},
        {"HOLDFAST", "HELLO", "1", "a", "9", "east", "7", "1", "east-1", "65"},
        {"HOLDFAST", "DOWN", "1", "a", "9", "east", "7", "1", "east-1", "0", "more"},
        {"HOLDFAST", "VOTE", "1", "a", "9", "because", "-", "east", "7", "1", "east-1", "0"},
        {"HOLDFAST", "DOWN", "1", std::string(129, 'a'), "9", "east", "7", "1", "east-1", "0"},
    };
    for (const Words& words : wrong)
        EXPECT_FALSE(parse_message(words).has_value()) << fmt::format("{}", words);
    EXPECT_FALSE(parse_reply({}).has_value());
    EXPECT_FALSE(parse_reply(Words{"VOTE", "1", "b", "9", "east", "7", "1", "east-2", "0", "0", "a"}).has_value());
}

TEST(StandbyMessages, survive_any_words) {
    EXPECT_TRUE(rc::check([] {
        auto words = *rc::gen::container<Words>(rc::gen::oneOf(
            rc::gen::element<std::string>("HOLDFAST", "HELLO", "DOWN", "VOTE", "1", "0", "-", "east", "order", "64", "9"),
            rc::gen::arbitrary<std::string>()));
        if (const auto message = parse_message(words)) {
            words[0] = "HOLDFAST";
            RC_ASSERT(parse_message(format_message(*message)).has_value());
        }
        static_cast<void>(parse_reply(words));
    }));
}

}  // namespace
}  // namespace holdfast::sentinel
