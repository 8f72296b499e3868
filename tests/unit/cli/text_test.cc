#include <gtest/gtest.h>

#include "cli/text_table.h"
#include "cli/time_text.h"
#include "net/sse_reader.h"

namespace holdfast::cli {
namespace {

using std::chrono::milliseconds;

TEST(TextTable, AlignsWhatIsSeen) {
    TextTable table({{"NAME"}, {"COUNT", TextTable::Align::right}, {"STATE"}});
    table.add({{"a"}, {"7"}, {"up", Tone::good}});
    table.add({{"grüße"}, {"12345"}, {"down", Tone::bad}});
    EXPECT_EQ(table.render(false),
              "NAME   COUNT  STATE\n"
              "a          7  up\n"
              "grüße  12345  down\n");
    EXPECT_NE(table.render(true).find("\x1b[32mup\x1b[0m"), std::string::npos);
}

TEST(TextTable, EscapesWhatCouldMoveTheCursor) {
    EXPECT_EQ(printable("a\x1b[2Jb"), "a\\x1b[2Jb");
    EXPECT_EQ(printable("two\nlines\t"), "two\\x0alines\\x09");
    EXPECT_EQ(printable("\xff\xfe"), "\\xff\\xfe");
    EXPECT_EQ(printable("right\u202Eleft"), "right\\u202eleft");
    EXPECT_EQ(printable("küche 漢字"), "küche 漢字");
    EXPECT_EQ(columns("漢字"), 4u);
    EXPECT_EQ(columns("e\u0301"), 1u);
}

TEST(TextTable, FillsRowsThatAreShort) {
    TextTable table({{"A"}, {"B"}});
    EXPECT_TRUE(table.empty());
    table.add({{"x"}});
    EXPECT_EQ(table.render(false), "A  B\nx\n");
}

TEST(Fields, StandInOneColumn) {
    EXPECT_EQ(render_fields({{"id", {"meter-7"}}, {"connected", {"yes", Tone::good}}}, false),
              "id         meter-7\nconnected  yes\n");
}

TEST(Times, AreReadAsTheApiWritesThem) {
    const auto time = parse_rfc3339("2026-11-21T22:14:08.123Z");
    ASSERT_TRUE(time);
    EXPECT_EQ(time->time_since_epoch(), milliseconds(1795299248123));
    EXPECT_EQ(*parse_rfc3339("2026-11-21T22:14:08Z"), *time - milliseconds(123));
    for (const char* const wrong : {"", "2026-11-21", "2026-13-21T22:14:08Z", "2026-02-30T22:14:08Z", "2026-11-21T24:14:08Z",
                                    "2026-11-21T22:14:08", "2026-11-21T22:14:08.Z", "2026-11-21T22:14:08+1:00"}) {
        EXPECT_FALSE(parse_rfc3339(wrong)) << wrong;
    }
}

TEST(Times, AreSaidAsPeopleSayThem) {
    EXPECT_EQ(in_words(milliseconds(-5)), "0 s");
    EXPECT_EQ(in_words(milliseconds(59'999)), "59 s");
    EXPECT_EQ(in_words(std::chrono::minutes(3)), "3 min");
    EXPECT_EQ(in_words(std::chrono::hours(47)), "47 h");
    EXPECT_EQ(in_words(std::chrono::hours(72)), "3 d");
    const WallTime now = *parse_rfc3339("2026-11-21T22:17:08Z");
    EXPECT_EQ(since_words("2026-11-21T22:14:08Z", now), "since 3 min");
    EXPECT_EQ(ago_words("2026-11-21T22:14:08Z", now), "3 min ago");
    EXPECT_EQ(since_words("", now), "-");
}

TEST(Times, TakeSpans) {
    EXPECT_EQ(parse_span("90s"), std::chrono::seconds(90));
    EXPECT_EQ(parse_span("5m"), std::chrono::minutes(5));
    EXPECT_EQ(parse_span("1d"), std::chrono::hours(24));
    for (const char* const wrong : {"", "s", "5", "5x", "-5m", "99999999999m"})
        EXPECT_FALSE(parse_span(wrong)) << wrong;
}

TEST(SseReader, ReadsEventsHoweverTheyArrive) {
    const std::string stream =
        ": hello\r\nretry: 5\r\n\r\nid: 1\r\nevent: node_down\r\ndata: {\"a\":1}\r\n\r\ndata: x\ndata: y\n\n: still\n\n";
    for (const std::size_t piece : {1u, 3u, 100u}) {
        net::SseReader reader;
        std::vector<net::SseReader::Event> events;
        for (std::size_t i = 0; i < stream.size(); i += piece) {
            reader.push(stream.substr(i, piece));
            while (auto event = reader.next())
                events.push_back(*event);
        }
        ASSERT_EQ(events.size(), 2u);
        EXPECT_EQ(events[0].id, "1");
        EXPECT_EQ(events[0].event, "node_down");
        EXPECT_EQ(events[0].data, "{\"a\":1}");
        EXPECT_EQ(events[1].id, "1") << "the last id stays";
        EXPECT_EQ(events[1].event, "message");
        EXPECT_EQ(events[1].data, "x\ny");
    }
}

}  // namespace
}  // namespace holdfast::cli
