#include "watch/event_line.h"

#include <gtest/gtest.h>

namespace holdfast::watch {
namespace {

std::string line(std::string name, std::string text) {
    return event_line({.level = sentinel::EventLevel::notice, .group = "m", .name = std::move(name), .text = std::move(text)});
}

TEST(EventLine, SaysItInPlainWordsAndAsRedisDoes) {
    EXPECT_EQ(line("+sdown", "master m 127.0.0.1 6379"),
              "m: master 127.0.0.1:6379 does not answer [+sdown master m 127.0.0.1 6379]");
    EXPECT_EQ(line("+sdown", "slave ::1:6380 ::1 6380 @ m 127.0.0.1 6379"),
              "m: replica [::1]:6380 does not answer [+sdown slave ::1:6380 ::1 6380 @ m 127.0.0.1 6379]");
    EXPECT_EQ(line("+switch-master", "m 127.0.0.1 1 127.0.0.1 2"),
              "m: the master is 127.0.0.1:2 now, it was 127.0.0.1:1 [+switch-master m 127.0.0.1 1 127.0.0.1 2]");
    EXPECT_EQ(line("+set", "master m 127.0.0.1 6379 quorum 3"),
              "m: an option of master 127.0.0.1:6379 was changed: quorum 3 [+set master m 127.0.0.1 6379 quorum 3]");
}

TEST(EventLine, SaysWhatItDoesNotKnowAsItIs) {
    EXPECT_EQ(line("+something", "new {0}"), "m: +something new {0}");
    EXPECT_EQ(line("+sdown", "odd {}"), "m: odd {} does not answer [+sdown odd {}]");
    EXPECT_EQ(event_line({.level = sentinel::EventLevel::warning, .group = "", .name = "+new-epoch", .text = "7"}),
              "epoch 7 begins [+new-epoch 7]");
}

}  // namespace
}  // namespace holdfast::watch
