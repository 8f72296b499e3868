#include "mqtt/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace holdfast::mqtt {
namespace {

using namespace std::string_view_literals;

TEST(Topic, NamesHaveNoWildcards) {
    for (const std::string_view good : {"a"sv, "/"sv, "a/b"sv, "//"sv, "$SYS/x"sv, " "sv, "a b"sv})
        EXPECT_TRUE(is_topic_name(good)) << good;
    for (const std::string_view bad : {""sv, "+"sv, "#"sv, "a/#"sv, "a+"sv, "a\0b"sv})
        EXPECT_FALSE(is_topic_name(bad)) << bad;
    EXPECT_TRUE(is_topic_name(std::string(65'535, 'a')));
    EXPECT_FALSE(is_topic_name(std::string(65'536, 'a')));
}

TEST(Topic, FiltersHaveWildcardsInTheirPlaces) {
    for (const std::string_view good : {"#"sv, "+"sv, "a/#"sv, "+/a"sv, "a/+/b"sv, "+/+/#"sv, "/+"sv, "/"sv, "$SYS/#"sv}) {
        EXPECT_TRUE(is_topic_filter(good)) << good;
    }
    for (const std::string_view bad : {""sv, "a#"sv, "#/a"sv, "a/#/b"sv, "a+"sv, "+a"sv, "a/b+"sv, "##"sv, "++"sv, "a\0"sv}) {
        EXPECT_FALSE(is_topic_filter(bad)) << bad;
    }
}

TEST(Topic, SharedFiltersHaveAGroupAndAFilter) {
    EXPECT_EQ(parse_shared("$share/g/a/+"), (SharedSubscription{"g", "a/+"}));
    EXPECT_EQ(parse_shared("$share/g/#"), (SharedSubscription{"g", "#"}));
    EXPECT_EQ(parse_shared("$share/g//"), (SharedSubscription{"g", "/"}));
    for (const std::string_view bad : {"a"sv, "$share"sv, "$share/"sv, "$share/g"sv, "$share/g/"sv, "$share//a"sv,
                                       "$share/+/a"sv, "$share/g#/a"sv, "$share/g/a#"sv}) {
        EXPECT_EQ(parse_shared(bad), std::nullopt) << bad;
    }
    EXPECT_TRUE(is_topic_filter("$share/g", false)) << "an ordinary filter before MQTT 5";
    EXPECT_FALSE(is_topic_filter("$share/g", true) && is_shared("$share/g"));
    EXPECT_FALSE(is_topic_filter("$share/g/a#", true));
    EXPECT_TRUE(is_topic_filter("$share/g/a", true));
}

TEST(Topic, FiltersMatchNames) {
    struct Row {
        std::string_view filter;
        std::string_view topic;
        bool matches;
    };
    constexpr Row rows[] = {
        {"a", "a", true},           {"a", "b", false},
        {"a", "a/b", false},        {"a/b", "a", false},
        {"a/b", "a/b", true},       {"#", "a", true},
        {"#", "a/b/c", true},       {"#", "/", true},
        {"a/#", "a", true},         {"a/#", "a/", true},
        {"a/#", "a/b", true},       {"a/#", "a/b/c", true},
        {"a/#", "ab", false},       {"a/#", "b", false},
        {"+", "a", true},           {"+", "", true},
        {"+", "a/b", false},        {"+", "/a", false},
        {"/+", "/a", true},         {"+/+", "/a", true},
        {"+/+", "a", false},        {"a/+", "a", false},
        {"a/+", "a/", true},        {"a/+/c", "a/b/c", true},
        {"a/+/c", "a//c", true},    {"a/+/c", "a/b/d", false},
        {"a/+/#", "a/b", true},     {"a/+/#", "a", false},
        {"a/b/#", "a", false},      {"sport/tennis/#", "sport/tennis/player1", true},
        {"sport/#", "sport", true}, {"#", "$SYS/x", false},
        {"+/x", "$SYS/x", false},   {"$SYS/#", "$SYS/x", true},
        {"$SYS/+", "$SYS/x", true}, {"$SYS/#", "$SYS", true},
        {"a/#", "a/$x", true},      {"+/$x", "a/$x", true},
        {"/", "/", true},           {"/", "//", false},
        {"a//b", "a//b", true},     {"a/", "a", false},
        {"a", "a/", false},
    };
    for (const Row& row : rows)
        EXPECT_EQ(topic_matches(row.filter, row.topic), row.matches) << row.filter << " " << row.topic;
}

}  // namespace
}  // namespace holdfast::mqtt
