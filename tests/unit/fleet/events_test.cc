#include "fleet/events.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "fleet/narrator.h"

namespace holdfast::fleet {
namespace {

using std::chrono::seconds;

Moment at(int s) {
    return {Time(seconds(s)), WallTime(seconds(s))};
}

TEST(Events, AreNumberedAndResumable) {
    EventLog log(4);
    EXPECT_TRUE(log.after(0, 10).events.empty());
    for (int i = 1; i <= 3; ++i)
        EXPECT_EQ(log.add({}, EventKind::node_up, Severity::info, "n", "s").seq, static_cast<std::uint64_t>(i));
    EXPECT_EQ(log.after(0, 10).events.size(), 3U);
    EXPECT_EQ(log.after(1, 1).events[0].seq, 2U);
    EXPECT_EQ(log.after(3, 10).events.size(), 0U);
    for (int i = 0; i < 6; ++i)
        log.add({}, EventKind::node_up, Severity::info, "n", "s");
    const auto page = log.after(2, 10);
    EXPECT_EQ(page.missed, 3U) << "3, 4 and 5 were forgotten";
    EXPECT_EQ(page.events.front().seq, 6U);
    EXPECT_EQ(page.events.back().seq, 9U);
    EXPECT_EQ(log.last_seq(), 9U);
    EXPECT_TRUE(log.after(1000, 10).events.empty());
}

TEST(Events, EachKindHasItsName) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < event_kind_count; ++i)
        names.insert(to_string(static_cast<EventKind>(i)));
    EXPECT_EQ(names.size(), event_kind_count);
    EXPECT_EQ(to_string(EventKind::summary), "summary");
    EXPECT_EQ(to_string(EventKind::device_fight), "device_fight");
    EXPECT_EQ(names.count("unknown"), 0U);
}

TEST(Narrator, SumsUpWhatComesTooOften) {
    Narrator narrator(100, 10, at(0));
    int told = 0;
    for (int i = 0; i < 1000; ++i) {
        if (!narrator.may_tell(at(1), EventKind::device_connected)) continue;
        narrator.tell(at(1), EventKind::device_connected, Severity::info, "a", "a connected");
        ++told;
    }
    EXPECT_EQ(told, 10);
    EXPECT_EQ(narrator.next(), Time(seconds(2)));
    EXPECT_EQ(narrator.take().size(), 10U);
    narrator.tick(at(1));
    EXPECT_FALSE(narrator.has_untaken());
    narrator.tick(at(2));
    const auto events = narrator.take();
    ASSERT_EQ(events.size(), 1U);
    EXPECT_EQ(events[0].kind, EventKind::summary);
    EXPECT_EQ(events[0].sentence, "and 990 more devices connected");
    EXPECT_FALSE(narrator.next());
    EXPECT_TRUE(narrator.may_tell(at(2), EventKind::node_up)) << "each kind has its own rate";
}

}  // namespace
}  // namespace holdfast::fleet
