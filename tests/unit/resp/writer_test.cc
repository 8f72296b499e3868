#include "resp/writer.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace holdfast::resp {
namespace {

std::string bytes(const Reply& reply) {
    std::string out;
    append_reply(out, reply);
    return out;
}

TEST(Writer, PutsEveryKindIntoBytes) {
    EXPECT_EQ(bytes(Reply::status("OK")), "+OK\r\n");
    EXPECT_EQ(bytes(Reply::error("ERR no")), "-ERR no\r\n");
    EXPECT_EQ(bytes(Reply::number(-7)), ":-7\r\n");
    EXPECT_EQ(bytes(Reply::bulk(std::string("a\r\n\0b", 5))), std::string("$5\r\na\r\n\0b\r\n", 11));
    EXPECT_EQ(bytes(Reply::null_bulk()), "$-1\r\n");
    EXPECT_EQ(bytes(Reply::null_array()), "*-1\r\n");
    EXPECT_EQ(bytes(Reply::array({Reply::number(0), Reply::bulk("*"), Reply::array({})})), "*3\r\n:0\r\n$1\r\n*\r\n*0\r\n");
}

TEST(Writer, PutsTextForPeopleAsStatuses) {
    constexpr std::array<std::string_view, 2> lines{"HELP", "    Prints this."};
    EXPECT_EQ(bytes(Reply::lines(lines)), "*2\r\n+HELP\r\n+    Prints this.\r\n");
}

TEST(Writer, KeepsALineEndFromEndingAStatus) {
    EXPECT_EQ(bytes(Reply::error("ERR a\r\n+OK")), "-ERR a  +OK\r\n");
}

TEST(Writer, PutsACommandAsAnArrayOfBulkStrings) {
    std::string out;
    append_command(out, std::vector<std::string>{"PUBLISH", "", "x"});
    EXPECT_EQ(out, "*3\r\n$7\r\nPUBLISH\r\n$0\r\n\r\n$1\r\nx\r\n");
}

}  // namespace
}  // namespace holdfast::resp
