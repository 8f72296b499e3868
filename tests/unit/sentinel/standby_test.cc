// The rules of a sentinel that is alone, and what it refuses. Several of them: tests/sim/standby.

#include "sentinel/standby.h"

#include <gtest/gtest.h>

#include "sentinel/standby_messages.h"

namespace holdfast::sentinel {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class StandbyAlone : public ::testing::Test {
protected:
    [[nodiscard]] Moment moment() const { return {.now = now, .wall = {}}; }
    StandbyGroup group(std::vector<StandbyMember> members = {{"a", 10}, {"b", 20}}) const {
        return {.name = "g", .options = options, .members = std::move(members)};
    }
    void put() { ASSERT_TRUE(standby.put_group(group(), moment()).has_value()); }
    void probe(std::string_view member, bool ok, bool refused = false) {
        standby.probed("g", member, ok, refused, ok ? "" : "silent", moment());
    }
    /// Each member is asked every 100 ms, and answers when it is in `up`.
    void pass(Duration span, const std::vector<std::string>& up, const std::vector<std::string>& all = {"a", "b"}) {
        for (const Time end = now + span; now < end;) {
            now += milliseconds(100);
            for (const std::string& member : all)
                probe(member, std::ranges::find(up, member) != up.end());
            standby.tick(moment());
            for (const StandbyAction& action : standby.take_actions()) {
                if (const auto* to = std::get_if<SwitchTo>(&action)) switches.push_back(*to);
                if (const auto* save = std::get_if<Save>(&action)) standby.saved(save->number, true, moment());
            }
        }
    }
    [[nodiscard]] std::string active() const { return standby.view().front().active; }

    StandbyOptions options{.down_after = seconds(1), .switch_back_after = seconds(5), .settle = seconds(3)};
    Time now{std::chrono::hours(1)};
    Standby standby{"me", {}, 0, 1, moment()};
    std::vector<SwitchTo> switches;
};

TEST_F(StandbyAlone, takes_the_best_at_first) {
    put();
    pass(milliseconds(100), {"a", "b"});
    EXPECT_EQ(active(), "a");
    ASSERT_EQ(switches.size(), 1U);
    EXPECT_EQ(switches[0].from, "");
    EXPECT_EQ(switches[0].epoch, 1U);
}

TEST_F(StandbyAlone, believes_no_epoch_that_cannot_have_been_reached) {
    put();
    const auto hello = [](std::uint64_t epoch, std::uint64_t of_group) {
        return format_message(
            StandbyHello{.sender = "x", .epoch = epoch, .configurations = {{.group = "g", .epoch = of_group, .active = "b"}}});
    };
    EXPECT_FALSE(standby.said(hello(longest_epoch_leap + 1, 0), moment()));
    EXPECT_FALSE(standby.said(hello(1, longest_epoch_leap + 1), moment()));
    EXPECT_FALSE(standby.said(hello(largest_standby_epoch, 0), moment()));
    EXPECT_EQ(standby.current_epoch(), 0U);
    EXPECT_TRUE(standby.said(hello(longest_epoch_leap, longest_epoch_leap), moment()));
    EXPECT_EQ(active(), "b");
}

TEST_F(StandbyAlone, begins_no_election_when_lies_have_used_up_all_epochs) {
    Standby late("me", {}, largest_standby_epoch, 1, moment());
    ASSERT_TRUE(late.put_group(group(), moment()));
    late.probed("g", "a", true, false, "", moment());
    EXPECT_EQ(late.view().front().active, "");
    ASSERT_TRUE(late.failover("g", "a", moment()));
    EXPECT_EQ(late.current_epoch(), largest_standby_epoch);
    EXPECT_EQ(late.view().front().doing, "waits for a member that answers, to make it the active one");
}

TEST_F(StandbyAlone, waits_for_the_best_at_first_as_long_as_it_may_be_silent) {
    put();
    pass(milliseconds(900), {"b"});
    EXPECT_EQ(active(), "");
    pass(milliseconds(300), {"b"});
    EXPECT_EQ(active(), "b");
}

TEST_F(StandbyAlone, replaces_after_down_after_and_says_why) {
    put();
    pass(seconds(1), {"a", "b"});
    pass(milliseconds(900), {"b"});
    EXPECT_EQ(active(), "a");
    pass(milliseconds(300), {"b"});
    ASSERT_EQ(switches.size(), 2U);
    EXPECT_EQ(switches[1].member, "b");
    EXPECT_EQ(switches[1].reason, "a does not answer: silent");
    EXPECT_GT(switches[1].epoch, switches[0].epoch);
}

TEST_F(StandbyAlone, lets_a_switch_settle_before_the_next) {
    put();
    pass(seconds(1), {"a", "b"});
    pass(milliseconds(1200), {"b"});
    ASSERT_EQ(active(), "b");
    pass(milliseconds(2000), {"a"});
    EXPECT_EQ(active(), "b");
    EXPECT_EQ(standby.view().front().doing, "b does not answer; waits until the last switch has settled");
    pass(milliseconds(1200), {"a"});
    EXPECT_EQ(active(), "a");
}

TEST_F(StandbyAlone, gives_back_only_to_who_was_up_without_a_break) {
    options.switch_back = SwitchBack::automatic;
    put();
    pass(seconds(1), {"a", "b"});
    pass(seconds(2), {"b"});
    ASSERT_EQ(active(), "b");
    pass(seconds(4), {"a", "b"});
    pass(milliseconds(200), {"b"});
    pass(milliseconds(4500), {"a", "b"});
    EXPECT_EQ(active(), "b");
    pass(seconds(1), {"a", "b"});
    EXPECT_EQ(active(), "a");
}

TEST_F(StandbyAlone, does_not_undo_what_an_operator_chose) {
    options.switch_back = SwitchBack::automatic;
    put();
    pass(seconds(1), {"a", "b"});
    ASSERT_TRUE(standby.failover("g", "b", moment()).has_value());
    pass(seconds(20), {"a", "b"});
    EXPECT_EQ(active(), "b");
    EXPECT_TRUE(standby.groups().front().by_order);
}

TEST_F(StandbyAlone, never_makes_a_member_of_priority_0_active_by_itself) {
    ASSERT_TRUE(standby.put_group(group({{"a", 10}, {"b", 0}}), moment()).has_value());
    pass(seconds(1), {"a", "b"});
    pass(seconds(5), {"b"});
    EXPECT_EQ(active(), "a");
    EXPECT_TRUE(standby.failover("g", "b", moment()).has_value());
    pass(milliseconds(100), {"b"});
    EXPECT_EQ(active(), "b");
}

TEST_F(StandbyAlone, goes_on_from_what_was_saved) {
    StandbyGroup saved = group();
    saved.active = "b";
    saved.config_epoch = 5;
    saved.voted_epoch = 7;
    ASSERT_TRUE(standby.put_group(saved, moment()).has_value());
    EXPECT_EQ(standby.current_epoch(), 7U);
    pass(seconds(2), {"a", "b"});
    EXPECT_EQ(active(), "b");
    EXPECT_TRUE(switches.empty());
    pass(seconds(2), {"a"});
    ASSERT_EQ(switches.size(), 1U);
    EXPECT_EQ(switches[0].epoch, 8U);
}

TEST_F(StandbyAlone, takes_off_the_time_in_which_it_stood_still) {
    put();
    pass(seconds(1), {"a", "b"});
    pass(milliseconds(500), {"b"});
    now += seconds(30);
    standby.tick(moment());
    EXPECT_EQ(active(), "a");
    pass(milliseconds(300), {"a", "b"});
    EXPECT_EQ(active(), "a");
    EXPECT_EQ(switches.size(), 1U);
}

TEST_F(StandbyAlone, suspects_early_who_refuses_when_it_may) {
    options.early_suspicion = milliseconds(100);
    put();
    pass(seconds(1), {"a", "b"});
    now += milliseconds(10);
    probe("a", false, true);
    now += milliseconds(110);
    standby.tick(moment());
    EXPECT_EQ(active(), "b");
}

TEST_F(StandbyAlone, keeps_what_it_knows_when_options_change) {
    put();
    pass(seconds(1), {"a", "b"});
    options.down_after = milliseconds(300);
    ASSERT_TRUE(standby.put_group(group({{"b", 20}, {"c", 30}}), moment()).has_value());
    pass(seconds(1), {"b", "c"}, {"b", "c"});
    EXPECT_EQ(active(), "b") << "the active one is no member any more";
}

TEST_F(StandbyAlone, refuses_what_cannot_be) {
    EXPECT_TRUE(standby.put_group({.name = "a b"}, moment()).error().is(SentinelErrc::bad_argument));
    EXPECT_EQ(standby.put_group(group({}), moment()).error().message(), "group g: it needs 1 to 64 members");
    EXPECT_EQ(standby.put_group(group({{"a"}, {"a"}}), moment()).error().message(), "group g: the member a is there twice");
    options.quorum = 2;
    EXPECT_EQ(standby.put_group(group(), moment()).error().message(),
              "group g: the quorum of 2 cannot be met: there are 1 sentinels");
    options.quorum = 1;
    put();
    EXPECT_TRUE(standby.failover("x", "", moment()).error().is(SentinelErrc::unknown_group));
    EXPECT_TRUE(standby.failover("g", "x", moment()).error().is(SentinelErrc::bad_argument));
    EXPECT_TRUE(standby.failover("g", "", moment()).error().is(SentinelErrc::no_good_replica));
    pass(seconds(1), {"a"});
    EXPECT_TRUE(standby.failover("g", "a", moment()).error().is(SentinelErrc::bad_argument));
    EXPECT_EQ(standby.failover("g", "b", moment()).error().message(), "b does not answer: silent");
    EXPECT_TRUE(standby.said({"HOLDFAST", "NONSENSE"}, moment()).error().is(SentinelErrc::bad_message));
}

TEST(StandbyAmongPeers, does_not_act_without_a_majority) {
    const Moment start{.now = Time(std::chrono::hours(1)), .wall = {}};
    Standby standby("me", {"10.0.0.2:1", "10.0.0.3:1"}, 0, 1, start);
    ASSERT_TRUE(standby.put_group({.name = "g", .members = {{"a", 10}, {"b", 20}}}, start).has_value());
    standby.probed("g", "a", true, false, "", start);
    standby.probed("g", "b", true, false, "", start);
    for (const StandbyAction& action : standby.take_actions())
        EXPECT_FALSE(std::holds_alternative<SwitchTo>(action));
    EXPECT_TRUE(standby.failover("g", "b", start).error().is(SentinelErrc::no_majority));
}

TEST(StandbyAmongPeers, gives_one_vote_per_epoch_and_waits_until_it_is_saved) {
    const Moment start{.now = Time(std::chrono::hours(1)), .wall = {}};
    Standby standby("me", {"10.0.0.2:1", "10.0.0.3:1"}, 0, 1, start);
    ASSERT_TRUE(standby.put_group({.name = "g", .members = {{"a", 10}}}, start).has_value());
    const auto first = standby.said({"HOLDFAST", "VOTE", "1", "you", "4", "replace", "-", "g", "0", "0", "-", "0"}, start);
    ASSERT_TRUE(first.has_value());
    EXPECT_GT(first->after_save, 0U);
    EXPECT_EQ(first->words.back(), "4");
    EXPECT_EQ(first->words[first->words.size() - 2], "you");
    const auto second = standby.said({"HOLDFAST", "VOTE", "1", "they", "4", "replace", "-", "g", "0", "0", "-", "0"}, start);
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->words[second->words.size() - 2], "you");
    EXPECT_EQ(standby.groups().front().voted_epoch, 4U);
}

}  // namespace
}  // namespace holdfast::sentinel
