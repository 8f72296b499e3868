#include "admin/http_message.h"

#include <gtest/gtest.h>

#include "admin/router.h"

namespace holdfast::admin {
namespace {

using boost::beast::http::verb;

TEST(PercentDecode, ReadsEscapesAndRefusesBrokenOnes) {
    EXPECT_EQ(percent_decode("meter-7", false), "meter-7");
    EXPECT_EQ(percent_decode("a%2Fb%20c", false), "a/b c");
    EXPECT_EQ(percent_decode("gr%C3%BC%C3%9Fe", false), "grüße");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    for (const char* const broken : {"%", "%2", "%zz", "%00", "%ff", "%C0%80", "%ED%A0%80", "a%F5%80%80%80"}) {
        EXPECT_FALSE(percent_decode(broken, false)) << broken;
    }
}

TEST(Query, KeepsTheFirstOfEachNameAndBoundsTheirNumber) {
    const auto query = Query::parse("a=1&b=x%26y&&c&a=2");
    ASSERT_TRUE(query);
    EXPECT_EQ(query->get("a"), "1");
    EXPECT_EQ(query->get("b"), "x&y");
    EXPECT_EQ(query->get("c"), "");
    EXPECT_FALSE(query->get("d"));
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += "a=1&";
    EXPECT_FALSE(Query::parse(many));
    EXPECT_FALSE(Query::parse("a=%zz"));
}

TEST(Router, FindsRoutesByPathAndMethod) {
    const auto match = find_route(route_table(), verb::post, "/api/v1/devices/a%2Fb/move");
    ASSERT_NE(match.route, nullptr);
    EXPECT_EQ(match.route->path, "/api/v1/devices/{id}/move");
    EXPECT_EQ(match.path_values, std::vector<std::string>{"a/b"});
}

TEST(Router, FixedSegmentsWinOverValues) {
    EXPECT_EQ(find_route(route_table(), verb::post, "/api/v1/devices/import").route->path, "/api/v1/devices/import");
    const auto device = find_route(route_table(), verb::get, "/api/v1/devices/import");
    ASSERT_NE(device.route, nullptr);
    EXPECT_EQ(device.path_values, std::vector<std::string>{"import"});
}

TEST(Router, TellsWhichMethodsAPathHas) {
    const auto match = find_route(route_table(), verb::put, "/api/v1/clusters");
    EXPECT_EQ(match.route, nullptr);
    EXPECT_EQ(match.allowed, (std::vector<verb>{verb::get, verb::post}));
    EXPECT_TRUE(find_route(route_table(), verb::get, "/api/v1/nothing").allowed.empty());
    EXPECT_TRUE(find_route(route_table(), verb::get, "/api/v1/devices/").allowed.empty());
    EXPECT_TRUE(find_route(route_table(), verb::get, "/api/v1/devices/%zz").malformed);
}

}  // namespace
}  // namespace holdfast::admin
