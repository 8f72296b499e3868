#include "watch/groups_file.h"

#include <gtest/gtest.h>

#include "watch/service_probe.h"

namespace holdfast::watch {
namespace {

TEST(GroupsFile, keeps_what_must_be_remembered) {
    const GroupsMemory memory{.current_epoch = 12,
                              .groups = {{.name = "east",
                                          .active = "east-2",
                                          .config_epoch = 9,
                                          .voted_epoch = 12,
                                          .by_order = true,
                                          .passed_over = {"east-1"}},
                                         {.name = "west"}}};
    const std::string text = format_groups(memory);
    EXPECT_EQ(text.substr(text.find('\n') + 1),
              "epoch 12\n"
              "group east 9 12 1 east-2 east-1\n"
              "group west 0 0 0 -\n"
              "end\n");
    const auto read = parse_groups(text);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->current_epoch, 12U);
    ASSERT_EQ(read->groups.size(), 2U);
    EXPECT_EQ(read->groups[0].active, "east-2");
    EXPECT_EQ(read->groups[0].config_epoch, 9U);
    EXPECT_EQ(read->groups[0].voted_epoch, 12U);
    EXPECT_TRUE(read->groups[0].by_order);
    EXPECT_EQ(read->groups[0].passed_over, std::vector<std::string>{"east-1"});
    EXPECT_EQ(read->groups[1].active, "");
}

TEST(GroupsFile, is_not_believed_when_it_is_broken) {
    EXPECT_TRUE(parse_groups("").has_value());
    EXPECT_FALSE(parse_groups("epoch 12\n").has_value()) << "without its end";
    EXPECT_FALSE(parse_groups("epoch x\nend\n").has_value());
    EXPECT_FALSE(parse_groups("group east 9\nend\n").has_value());
    EXPECT_FALSE(parse_groups("something\nend\n").has_value());
}

TEST(ServiceProbe, reads_the_status_of_an_answer) {
    EXPECT_EQ(http_status("HTTP/1.1 204 No Content\r\n"), 204U);
    EXPECT_EQ(http_status("HTTP/1.0 500"), 500U);
    EXPECT_EQ(http_status("HTTP/1.1 2x4 No"), 0U);
    EXPECT_EQ(http_status("HTTP/1.1"), 0U);
    EXPECT_EQ(http_status("220 mail.example.com ESMTP"), 0U);
}

}  // namespace
}  // namespace holdfast::watch
