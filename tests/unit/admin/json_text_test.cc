// JSON written without a tree, and pieces of JSON taken as they stand.

#include "admin/json_text.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "admin/json_slices.h"
#include "json_text/json_text.h"

namespace holdfast::admin {
namespace {

namespace json = boost::json;

std::string written(std::string_view text) {
    std::string out;
    JsonText(out).text(text);
    return out;
}

TEST(JsonText, PutsCommasWhereTheyBelong) {
    std::string out;
    JsonText text(out);
    text.open_object();
    text.key("a").number(std::uint64_t{1});
    text.key("b").open_array();
    text.text("x");
    text.null();
    text.open_object();
    text.close_object();
    text.close_array();
    text.key("c").boolean(true);
    text.key("d").number(2.5);
    text.key("e").moment(WallTime(std::chrono::milliseconds(1)));
    text.key("f").text_or_null("");
    text.key("g").raw("[1]");
    text.close_object();
    EXPECT_EQ(out, R"({"a":1,"b":["x",null,{}],"c":true,"d":2.5,"e":"1970-01-01T00:00:00.001Z","f":null,"g":[1]})");
}

TEST(JsonText, EscapesAndMends) {
    EXPECT_EQ(written("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
    EXPECT_EQ(written("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
    EXPECT_EQ(written("x\xFFy"), "\"x\xEF\xBF\xBDy\"");
    EXPECT_EQ(written("\xC3"), "\"\xEF\xBF\xBD\"");
    EXPECT_EQ(written(std::string_view("a\0b", 3)), "\"a\\u0000b\"");
    EXPECT_EQ(written("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonText, IsAlwaysReadable) {
    EXPECT_TRUE(rc::check([](const std::string& text) {
        boost::system::error_code error;
        const json::value read = json::parse(written(text), error);
        RC_ASSERT(!error);
        RC_ASSERT(read.is_string());
    }));
}

TEST(JsonText, TellsJsonFromOtherText) {
    for (const std::string_view good : {"{}", "[1,2]", "\"x\"", " 1.5 ", "null", "{\"a\":\n[]}"})
        EXPECT_TRUE(json_text::is_json(good)) << good;
    for (const std::string_view bad : {"", "{", "[1,]", "x", "1 2", "\"\xFF\"", "{'a':1}"})
        EXPECT_FALSE(json_text::is_json(bad)) << bad;
    EXPECT_FALSE(json_text::is_json(std::string(100, '[') + std::string(100, ']')));
    EXPECT_EQ(on_one_line("{\n\"a\":\r\n1}"), "{ \"a\":  1}");
}

TEST(JsonText, KnowsBase64) {
    EXPECT_EQ(to_base64(""), "");
    EXPECT_EQ(to_base64("f"), "Zg==");
    EXPECT_EQ(to_base64("fo"), "Zm8=");
    EXPECT_EQ(to_base64("foo"), "Zm9v");
    EXPECT_EQ(from_base64("Zm8"), "fo");
    for (const std::string_view bad : {"Z", "Zg=", "Zg===", "Z?==", "Zm9v=", "=", "Zg==Zg=="})
        EXPECT_EQ(from_base64(bad), std::nullopt) << bad;
    EXPECT_TRUE(rc::check([](const std::string& bytes) { RC_ASSERT(from_base64(to_base64(bytes)) == bytes); }));
}

TEST(JsonSlices, GiveMembersAsTheyStand) {
    const std::string_view object = R"( {"a" : 1.0 , "data": {"x":"}","y":[1,{"z":"\""}]} ,"b":"c,\\"} )";
    EXPECT_EQ(member_text(object, "a"), "1.0");
    EXPECT_EQ(member_text(object, "data"), R"({"x":"}","y":[1,{"z":"\""}]})");
    EXPECT_EQ(member_text(object, "b"), R"("c,\\")");
    EXPECT_EQ(member_text(object, "x"), std::nullopt);
    EXPECT_EQ(member_text(R"({"a":1,"a":2})", "a"), "2");
    EXPECT_EQ(member_text("[]", "a"), std::nullopt);
    EXPECT_EQ(member_text("{}", "a"), std::nullopt);
}

TEST(JsonSlices, GiveElementsAsTheyStand) {
    EXPECT_EQ(element_texts(R"([1 , {"a":[2,3]},"x,]" ])", 10),
              (std::vector<std::string_view>{"1", R"({"a":[2,3]})", R"("x,]")"}));
    EXPECT_TRUE(element_texts("[ ]", 10).empty());
    EXPECT_EQ(element_texts("[1,2,3,4]", 2).size(), 3u);
}

// Never beyond its end, whatever it is given.
TEST(JsonSlices, SurviveAnything) {
    EXPECT_TRUE(rc::check([] {
        const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("{}[]\",:\\a1 \n")));
        (void)member_text(text, "a");
        RC_ASSERT(element_texts(text, 5).size() <= 6);
    }));
}

}  // namespace
}  // namespace holdfast::admin
