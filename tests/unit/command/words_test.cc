// The words of a command's life have one name each, and each name one word.

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "command/command.h"
#include "command/job.h"
#include "command/state.h"

namespace holdfast::command {
namespace {

template <class Word, class From>
void expect_names(int count, From from) {
    std::set<std::string_view> seen;
    for (int i = 0; i < count; ++i) {
        const auto word = static_cast<Word>(i);
        const std::string_view name = to_string(word);
        EXPECT_TRUE(seen.insert(name).second) << name;
        EXPECT_EQ(from(name), word);
    }
    EXPECT_EQ(to_string(static_cast<Word>(count)), "unknown_word");
    EXPECT_FALSE(from("unknown_word"));
    EXPECT_FALSE(from(""));
}

TEST(CommandWords, HaveOneNameEach) {
    expect_names<State>(10, state_from);
    expect_names<Executed>(3, executed_from);
    expect_names<Reason>(19, reason_from);
    expect_names<Offline>(3, offline_from);
    expect_names<Order>(2, order_from);
    expect_names<Attempt::Fate>(6, fate_from);
    expect_names<JobState>(5, job_state_from);
}

TEST(CommandWords, EveryReasonHasASentence) {
    std::set<std::string_view> seen;
    for (int i = 0; i < 19; ++i) {
        const std::string_view text = sentence(static_cast<Reason>(i));
        EXPECT_TRUE(seen.insert(text).second) << text;
        EXPECT_GT(text.size(), 8U);
    }
    EXPECT_EQ(to_string(Reason::not_encodable), "not_encodable");
    EXPECT_EQ(to_string(Reason::attempts_exhausted), "attempts_exhausted");
    EXPECT_EQ(to_string(State::timed_out), "timed_out");
}

TEST(CommandWords, TheLastRowIsTerminal) {
    for (const State state : {State::scheduled, State::queued, State::sent, State::delivered})
        EXPECT_FALSE(is_terminal(state));
    for (const State state :
         {State::succeeded, State::failed, State::expired, State::timed_out, State::cancelled, State::rejected})
        EXPECT_TRUE(is_terminal(state));
}

}  // namespace
}  // namespace holdfast::command
