#include "net/address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::net {
namespace {

TEST(Address, ReadsWhatPeopleWrite) {
    EXPECT_EQ(parse_host_port("127.0.0.1:1883"), (HostPort{"127.0.0.1", 1883}));
    EXPECT_EQ(parse_host_port("broker.example.com:8883"), (HostPort{"broker.example.com", 8883}));
    EXPECT_EQ(parse_host_port("[::1]:1883"), (HostPort{"::1", 1883}));
    EXPECT_EQ(parse_host_port("localhost", 1883), (HostPort{"localhost", 1883}));
    EXPECT_EQ(parse_host_port("::1", 1883), (HostPort{"::1", 1883}));
    EXPECT_EQ(parse_host_port("[fe80::1%eth0]", 1), (HostPort{"fe80::1%eth0", 1}));
    EXPECT_EQ(parse_host_port("h:0"), (HostPort{"h", 0}));
}

TEST(Address, RefusesWhatIsNoAddress) {
    const std::vector<std::string> bad{
        "",      ":1883",    "host",     "host:",      "host:65536", "host:-1", "host:1883x", "[::1",
        "[::1]", "[::1]x:1", "a b:1883", "host: 1883", "::1",        "[]:1883", "h\n:1",      std::string(300, 'a') + ":1"};
    for (const auto& text : bad) {
        const auto parsed = parse_host_port(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_TRUE(parsed.error().is(NetErrc::bad_address));
        EXPECT_NE(parsed.error().message().find("host:port"), std::string::npos);
    }
}

TEST(Address, WritesWhatItReads) {
    for (const std::string text : {"127.0.0.1:1883", "[::1]:1883", "broker:1"})
        EXPECT_EQ(to_text(*parse_host_port(text)), text);
    EXPECT_EQ(to_text(Endpoint(boost::asio::ip::make_address("::1"), 7)), "[::1]:7");
}

TEST(Address, KnowsNumbersFromNames) {
    EXPECT_TRUE(numeric_endpoint({"127.0.0.1", 1}));
    EXPECT_TRUE(numeric_endpoint({"::1", 1}));
    EXPECT_FALSE(numeric_endpoint({"localhost", 1}));
}

}  // namespace
}  // namespace holdfast::net
