#include "admin/import_records.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "admin/json_fields.h"

namespace holdfast::admin {
namespace {

using Lines = std::vector<std::pair<std::uint64_t, std::string>>;

Lines split(ImportFormat format, std::string_view text, std::size_t piece, std::size_t max = 1000) {
    RecordSplitter splitter(format, max);
    Lines lines;
    const auto drain = [&] {
        while (const auto record = splitter.next())
            lines.emplace_back(record->line, record->too_long ? "<too long>" : record->text);
    };
    for (std::size_t i = 0; i < text.size(); i += piece) {
        splitter.push(text.substr(i, piece));
        drain();
    }
    splitter.finish();
    drain();
    return lines;
}

TEST(RecordSplitter, CutsAtNewlinesAndCountsLines) {
    const Lines expected = {{1, "a"}, {3, "b"}, {4, "c"}};
    for (const std::size_t piece : {1u, 2u, 3u, 100u})
        EXPECT_EQ(split(ImportFormat::ndjson, "a\r\n\nb\nc", piece), expected);
}

TEST(RecordSplitter, KeepsNewlinesBetweenQuotesInCsvOnly) {
    const std::string text = "id,note\n\"x\",\"two\nlines\"\ny,\n";
    EXPECT_EQ(split(ImportFormat::csv, text, 1), (Lines{{1, "id,note"}, {2, "\"x\",\"two\nlines\""}, {4, "y,"}}));
    EXPECT_EQ(split(ImportFormat::ndjson, text, 1).size(), 4u);
}

TEST(RecordSplitter, PassesOverAByteOrderMark) {
    EXPECT_EQ(split(ImportFormat::csv, "\xEF\xBB\xBFid\nx\n", 1), (Lines{{1, "id"}, {2, "x"}}));
}

TEST(RecordSplitter, TellsOverlongRecordsAndGoesOn) {
    EXPECT_EQ(split(ImportFormat::ndjson, "aaaaaaaaaaaa\nb\n", 3, 5), (Lines{{1, "<too long>"}, {2, "b"}}));
    EXPECT_EQ(split(ImportFormat::csv, "\"never closed, and so on\nb\n", 3, 5), (Lines{{1, "<too long>"}, {2, "b"}}));
}

RC_GTEST_PROP(RecordSplitter, GivesTheSameHoweverTheTextArrives, (const std::string& text)) {
    const auto piece = *rc::gen::inRange<std::size_t>(1, 20);
    for (const ImportFormat format : {ImportFormat::csv, ImportFormat::ndjson}) {
        RC_ASSERT(split(format, text, piece, 8) == split(format, text, text.size() + 1, 8));
    }
}

TEST(SplitCsv, ReadsQuotedFields) {
    EXPECT_EQ(split_csv("a, b ,\"c,d\",\"say \"\"hi\"\"\",").value(),
              (std::vector<std::string>{"a", "b", "c,d", "say \"hi\"", ""}));
    EXPECT_EQ(split_csv("").value(), std::vector<std::string>{""});
    EXPECT_FALSE(split_csv("\"open"));
    EXPECT_FALSE(split_csv("\"a\"b"));
    EXPECT_FALSE(split_csv("a\"b"));
}

TEST(CsvObject, MakesWhatThePostTakes) {
    const auto object = csv_object({"id", "tags", "disabled", "note"}, {"m", "a; b;;c", "yes", ""});
    ASSERT_TRUE(object);
    EXPECT_EQ(object->at("id"), "m");
    EXPECT_EQ(object->at("tags").as_array().size(), 3u);
    EXPECT_EQ(object->at("disabled"), true);
    EXPECT_FALSE(object->contains("note"));
    EXPECT_EQ(csv_object({"id", "home"}, {"m"}).error(), "there are 1 fields, but 2 columns");
    EXPECT_EQ(csv_object({"disabled"}, {"maybe"}).error(), "'disabled' must be true or false");
}

TEST(JsonFields, TellsTheFirstComplaintWithItsPlace) {
    auto fields = JsonFields::parse(R"({"weight": -1, "naem": "x"})");
    EXPECT_FALSE(fields.whole("weight", 0, 100));
    EXPECT_FALSE(fields.text("name", 10));
    const auto refusal = fields.refusal();
    ASSERT_TRUE(refusal);
    EXPECT_EQ(refusal->status, 422u);
    EXPECT_NE(refusal->body.find(R"("field":"/weight")"), std::string::npos) << refusal->body;
}

TEST(JsonFields, RefusesUnknownFields) {
    auto fields = JsonFields::parse(R"({"naem": "x"})");
    EXPECT_FALSE(fields.text("name", 10));
    EXPECT_EQ(fields.complaint(), "there is no field 'naem' here; there are: name");
}

TEST(JsonFields, RefusesTextThatIsNoText) {
    auto fields = JsonFields::parse(R"({"a": "x\u0000y", "b": ["1", 2]})");
    EXPECT_FALSE(fields.text("a", 10));
    EXPECT_EQ(fields.complaint(), "'a' must be text without U+0000");
    auto others = JsonFields::parse(R"({"b": ["1", 2]})");
    EXPECT_FALSE(others.texts("b", 5, 5));
    EXPECT_NE(others.refusal()->body.find("/b/1"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::admin
