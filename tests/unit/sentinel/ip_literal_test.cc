#include "sentinel/ip_literal.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace holdfast::sentinel {
namespace {

TEST(IpLiteral, WritesAddressesInOneForm) {
    EXPECT_EQ(canonical_ip("127.0.0.1"), "127.0.0.1");
    EXPECT_EQ(canonical_ip("::1"), "::1");
    EXPECT_EQ(canonical_ip("::"), "::");
    EXPECT_EQ(canonical_ip("0:0:0:0:0:0:0:1"), "::1");
    EXPECT_EQ(canonical_ip("2001:DB8:0:0:1:0:0:1"), "2001:db8::1:0:0:1");
    EXPECT_EQ(canonical_ip("1:2:3:4:5:6:7:8"), "1:2:3:4:5:6:7:8");
    EXPECT_EQ(canonical_ip("1:0:3:4:5:6:7:8"), "1:0:3:4:5:6:7:8");
    EXPECT_EQ(canonical_ip("fe80::"), "fe80::");
    EXPECT_EQ(canonical_ip("::ffff:10.0.0.1"), "::ffff:10.0.0.1");
    EXPECT_EQ(canonical_ip("::ffff:a00:1"), "::ffff:10.0.0.1");
}

TEST(IpLiteral, RefusesWhatIsNoAddress) {
    for (const char* text : {"", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.", ":::", "1::2::3", "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1%eth0", "[::1]", ":1", "1:", "::1.2.3", "-1.2.3.4"}) {
        EXPECT_EQ(canonical_ip(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace holdfast::sentinel
