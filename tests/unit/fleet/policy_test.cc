#include "fleet/policy.h"

#include <gtest/gtest.h>

#include <string>

#include "fleet/records.h"
#include "fleet/suggestion.h"

namespace holdfast::fleet {
namespace {

TEST(Pattern, Matches) {
    struct Case {
        const char* pattern;
        const char* text;
        bool fits;
    };
    for (const Case& c : {Case{"meter-*", "meter-7", true},
                          {"meter-*", "meter-", true},
                          {"meter-*", "meter", false},
                          {"*", "", true},
                          {"", "", true},
                          {"", "a", false},
                          {"?", "", false},
                          {"?", "a", true},
                          {"a*b*c", "aXXbYYc", true},
                          {"a*b*c", "aXXbYY", false},
                          {"*7", "meter-7", true},
                          {"**", "x", true},
                          {"a?c", "abc", true},
                          {"a?c", "ac", false},
                          {"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}})
        EXPECT_EQ(matches(c.pattern, c.text), c.fits) << c.pattern << " on " << c.text;
}

TEST(Policy, IsChecked) {
    EXPECT_TRUE(validate(Policy{}));
    Policy nothing;
    nothing.identify.clear();
    EXPECT_FALSE(validate(nothing));
    Policy twice;
    twice.identify = {IdentityPart::username, IdentityPart::username};
    EXPECT_EQ(validate(twice).error().message(), "devices are identified by username twice; name each part once");
    Policy rule;
    rule.rules = {{.pattern = "", .cluster = "east"}};
    EXPECT_EQ(validate(rule).error().message(), "allocation rule 1 has an empty pattern; \"*\" fits all");
    rule.rules = {{.pattern = "*", .cluster = "ea st"}};
    EXPECT_TRUE(validate(rule).error().is(FleetErrc::invalid));
    Policy room;
    room.max_devices = 0;
    EXPECT_FALSE(validate(room));
}

TEST(Names, AreChecked) {
    for (const char* good : {"east", "east-1", "emqx@10.0.0.1", "A_b.c:1"})
        EXPECT_TRUE(valid_name(good)) << good;
    for (const char* bad : {"", "a b", "a/b", "\xC3\xA4"})
        EXPECT_FALSE(valid_name(bad)) << bad;
    EXPECT_FALSE(valid_name(std::string(max_name_length + 1, 'a')));
    EXPECT_TRUE(valid_tag("blue=1"));
    EXPECT_FALSE(valid_tag("a b"));
    EXPECT_FALSE(valid_device_id(""));
    EXPECT_TRUE(valid_device_id(std::string(65535, 'x')));
    EXPECT_FALSE(valid_device_id(std::string(65536, 'x')));
}

TEST(Suggestion, IsOnlyMadeWhenClose) {
    const std::string_view names[] = {"east", "west", "south"};
    EXPECT_EQ(suggestion("wset", names), "; did you mean \"west\"?");
    EXPECT_EQ(suggestion("wst", names), "; did you mean \"west\"?");
    EXPECT_EQ(suggestion("weest", names), "; did you mean \"west\"?");
    EXPECT_EQ(suggestion("sourh", names), "; did you mean \"south\"?");
    EXPECT_EQ(suggestion("berlin", names), "");
    EXPECT_EQ(suggestion("", names), "");
}

}  // namespace
}  // namespace holdfast::fleet
