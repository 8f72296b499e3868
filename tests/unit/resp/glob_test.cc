#include "resp/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::resp {
namespace {

TEST(Glob, MatchesAsRedisDoes) {
    EXPECT_TRUE(glob_matches("*", ""));
    EXPECT_TRUE(glob_matches("", ""));
    EXPECT_FALSE(glob_matches("", "a"));
    EXPECT_TRUE(glob_matches("+*", "+sdown"));
    EXPECT_FALSE(glob_matches("+*", "-sdown"));
    EXPECT_TRUE(glob_matches("*down", "+odown"));
    EXPECT_TRUE(glob_matches("?[so]down", "+odown"));
    EXPECT_FALSE(glob_matches("?[^so]down", "+odown"));
    EXPECT_TRUE(glob_matches("[a-c]x", "bx"));
    EXPECT_TRUE(glob_matches("[c-a]x", "bx"));
    EXPECT_FALSE(glob_matches("[a-c]x", "dx"));
    EXPECT_TRUE(glob_matches("a\\*b", "a*b"));
    EXPECT_FALSE(glob_matches("a\\*b", "axb"));
    EXPECT_TRUE(glob_matches("a*b*c", "a-b-b-c"));
    EXPECT_FALSE(glob_matches("a*b*c", "a-b-b-d"));
    EXPECT_TRUE(glob_matches("[ab", "a"));
    EXPECT_FALSE(glob_matches("A", "a"));
    EXPECT_TRUE(glob_matches("[\\]]", "]"));
}

TEST(Glob, TakesNoTimeForPatternsThatAreMadeToTakeIt) {
    std::string pattern;
    for (int i = 0; i < 100; ++i)
        pattern += "*a";
    EXPECT_FALSE(glob_matches(pattern + "b", std::string(1000, 'a')));
}

}  // namespace
}  // namespace holdfast::resp
