#include "net/listen.h"

#include <gtest/gtest.h>

#include <string>

#include "net/free_port.h"

namespace holdfast::net {
namespace {

const auto loopback = boost::asio::ip::address(boost::asio::ip::address_v4::loopback());

TEST(Listen, SaysWhoHoldsThePort) {
    IoContext io;
    auto first = open_listener(io, {loopback, 0}, {}, "the gateway", "gateway.listen");
    ASSERT_TRUE(first);
    const auto endpoint = first->local_endpoint();
    EXPECT_FALSE(can_listen(endpoint));
    const auto second = open_listener(io, endpoint, {}, "the gateway", "gateway.listen");
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().is(NetErrc::port_in_use));
    const std::string& sentence = second.error().message();
    EXPECT_NE(sentence.find("port " + std::to_string(endpoint.port()) + " is in use (held by net_test, process "),
              std::string::npos)
        << sentence;
    EXPECT_NE(sentence.find("gateway.listen"), std::string::npos);
}

TEST(Listen, SharesAPortOnRequest) {
    IoContext io;
    auto first = open_listener(io, {loopback, 0}, {.share_port = true}, "the gateway", "gateway.listen");
    ASSERT_TRUE(first);
    EXPECT_TRUE(open_listener(io, first->local_endpoint(), {.share_port = true}, "the gateway", "gateway.listen"));
    EXPECT_FALSE(open_listener(io, first->local_endpoint(), {}, "the gateway", "gateway.listen"));
}

TEST(Listen, SaysThatAnAddressIsNotHere) {
    IoContext io;
    // A documentation address (RFC 5737), which no machine has.
    const auto listener =
        open_listener(io, {boost::asio::ip::make_address("192.0.2.1"), 0}, {}, "the gateway", "gateway.listen");
    ASSERT_FALSE(listener);
    EXPECT_TRUE(listener.error().is(NetErrc::address_not_here)) << listener.error().message();
}

TEST(Listen, PicksLastingPorts) {
    const auto port = pick_lasting_port(loopback, 12345, [](std::uint16_t) { return false; });
    ASSERT_TRUE(port);
    EXPECT_GE(*port, 20'000);
    EXPECT_LT(*port, 32'000);
    const auto other = pick_lasting_port(loopback, 12345, [port](std::uint16_t candidate) { return candidate == *port; });
    ASSERT_TRUE(other);
    EXPECT_NE(*other, *port);
    EXPECT_FALSE(pick_lasting_port(loopback, 1, [](std::uint16_t) { return true; }));
}

}  // namespace
}  // namespace holdfast::net
