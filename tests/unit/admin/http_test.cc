// The API as strangers meet it: tokens, limits, broken HTTP.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

std::string problem_type(const RawAnswer& answer) {
    if (answer.field("content-type") != "application/problem+json") return "not a problem: " + answer.body;
    const auto value = answer.json();
    EXPECT_EQ(value.at("status").as_int64(), answer.status);
    EXPECT_FALSE(value.at("title").as_string().empty());
    EXPECT_FALSE(value.at("detail").as_string().empty());
    return std::string(value.at("type").as_string().c_str()).substr(std::string_view("urn:holdfast:problem:").size());
}

RawAnswer send_and_read(const AdminStage& stage, std::string_view text) {
    RawClient client(stage.port());
    client.send(text);
    return client.read();
}

TEST(Http, NeedsTheTokenForAllButHealthAndTheDocument) {
    AdminStage stage;
    for (const std::string_view path :
         {"/api/v1/clusters", "/metrics", "/api/v1/events", "/api/v1/nothing", "/", "/api/v1/settings"}) {
        const RawAnswer answer = send_and_read(stage, fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
        EXPECT_EQ(answer.status, 401u) << path;
        EXPECT_EQ(problem_type(answer), "unauthorised");
        EXPECT_EQ(answer.field("www-authenticate"), "Bearer realm=\"holdfast\"");
    }
    EXPECT_EQ(send_and_read(stage, "GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n").body, "{\"status\":\"live\"}\n");
    EXPECT_EQ(send_and_read(stage, "GET /api/v1/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n").status, 200u);
}

TEST(Http, TakesTheRightTokenOnly) {
    AdminStage stage;
    const auto with = [&stage](std::string_view authorization) {
        return send_and_read(
                   stage, fmt::format("GET /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n", authorization))
            .status;
    };
    EXPECT_EQ(with(fmt::format("Bearer {}", AdminStage::token)), 200u);
    EXPECT_EQ(with(fmt::format("bearer {}", AdminStage::token)), 200u);
    EXPECT_EQ(with(fmt::format("Bearer {}x", AdminStage::token)), 401u);
    EXPECT_EQ(with(fmt::format("Basic {}", AdminStage::token)), 401u);
    EXPECT_EQ(with(AdminStage::token), 401u);
    EXPECT_EQ(with("Bearer "), 401u);
}

TEST(Http, ServesSeveralRequestsOnOneConnection) {
    AdminStage stage;
    RawClient client(stage.port());
    EXPECT_EQ(client.ask("GET", "/api/v1/clusters").status, 200u);
    EXPECT_EQ(client.ask("GET", "/api/v1/nothing").status, 404u);
    EXPECT_EQ(client.ask("POST", "/api/v1/clusters", R"({"name":"east"})").status, 201u);
    EXPECT_EQ(client.ask("HEAD", "/api/v1/clusters").status, 405u);
    EXPECT_EQ(client.ask("GET", "/api/v1/clusters").status, 200u);
}

TEST(Http, ServesRequestsThatComeTogether) {
    AdminStage stage;
    RawClient client(stage.port());
    const std::string one =
        fmt::format("GET /api/v1/health HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", AdminStage::token);
    client.send(one + one + one);
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.read().status, 200u);
}

TEST(Http, TellsWhatIsNotThere) {
    AdminStage stage;
    RawClient client(stage.port());
    EXPECT_EQ(problem_type(client.ask("GET", "/api/v1/nothing")), "no-such-path");
    const RawAnswer put = client.ask("PUT", "/api/v1/clusters");
    EXPECT_EQ(put.status, 405u);
    EXPECT_EQ(put.field("allow"), "GET, POST");
    EXPECT_EQ(client.ask("BREW", "/api/v1/clusters").status, 405u);
    EXPECT_EQ(problem_type(client.ask("GET", "/api/v1/devices/%zz")), "bad-request");
    EXPECT_EQ(problem_type(client.ask("GET", "/api/v1/devices?lmit=1")), "bad-request");
}

TEST(Http, RefusesWhatIsNotHttp) {
    AdminStage stage;
    for (const std::string_view text :
         {"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
          "GET / HTTP/1.1\r\nbroken header\r\n\r\n", "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
          "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
        RawClient client(stage.port());
        client.send(text);
        const RawAnswer answer = client.read();
        EXPECT_TRUE(answer.status == 400 || answer.status == 0) << text << " got " << answer.status;
        EXPECT_TRUE(client.wait_for_end()) << text;
    }
    EXPECT_EQ(send_and_read(
                  stage, fmt::format("GET clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", AdminStage::token))
                  .status,
              400u);
}

TEST(Http, BoundsTheHeader) {
    StageOptions options;
    options.admin.max_header_bytes = 2048;
    AdminStage stage(options);
    RawClient client(stage.port());
    client.send(fmt::format("GET /api/v1/health HTTP/1.1\r\nX-Long: {}\r\n\r\n", std::string(4096, 'x')));
    EXPECT_EQ(client.read().status, 431u);
    EXPECT_TRUE(client.wait_for_end());
}

TEST(Http, BoundsTheBodyByItsLengthAndByItsPieces) {
    StageOptions options;
    options.admin.max_body_bytes = 1000;
    AdminStage stage(options);
    {
        RawClient client(stage.port());
        EXPECT_EQ(problem_type(client.ask("POST", "/api/v1/clusters", std::string(1001, ' '))), "too-large");
        EXPECT_TRUE(client.wait_for_end());
    }
    RawClient client(stage.port());
    client.send(fmt::format(
        "POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nTransfer-Encoding: chunked\r\n\r\n",
        AdminStage::token));
    for (int i = 0; i < 3; ++i)
        client.send("190\r\n" + std::string(400, ' ') + "\r\n");
    EXPECT_EQ(client.read().status, 413u);
}

TEST(Http, DoesNotWaitForABodyWithoutAToken) {
    AdminStage stage;
    RawClient client(stage.port());
    client.send("POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n");
    EXPECT_EQ(client.read().status, 401u);
    EXPECT_TRUE(client.wait_for_end());
}

TEST(Http, AsksForABodyThatWaitsToBeAsked) {
    AdminStage stage;
    RawClient client(stage.port());
    client.send(
        fmt::format("POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nExpect: 100-continue\r\n"
                    "Content-Length: 15\r\n\r\n",
                    AdminStage::token));
    EXPECT_EQ(client.read().status, 100u);
    client.send(R"({"name":"east"})");
    EXPECT_EQ(client.read().status, 201u);
}

TEST(Http, EndsConnectionsThatDoNotAskInTime) {
    StageOptions options;
    options.admin.idle_timeout = std::chrono::milliseconds(30);
    AdminStage stage(options);
    RawClient silent(stage.port());
    RawClient slow(stage.port());
    slow.send("GET /api/v1/hea");
    EXPECT_TRUE(silent.wait_for_end());
    EXPECT_TRUE(slow.wait_for_end());
}

TEST(Http, EndsABodyThatDoesNotComeInTime) {
    StageOptions options;
    options.admin.request_timeout = std::chrono::milliseconds(30);
    AdminStage stage(options);
    RawClient client(stage.port());
    client.send(
        fmt::format("POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{",
                    AdminStage::token));
    EXPECT_TRUE(client.wait_for_end());
}

TEST(Http, TurnsAwayMoreConnectionsThanItMayHave) {
    StageOptions options;
    options.admin.max_connections = 2;
    AdminStage stage(options);
    RawClient first(stage.port());
    RawClient second(stage.port());
    EXPECT_EQ(first.ask("GET", "/api/v1/health").status, 200u);
    EXPECT_EQ(second.ask("GET", "/api/v1/health").status, 200u);
    RawClient third(stage.port());
    const RawAnswer answer = third.read();
    EXPECT_EQ(answer.status, 503u);
    EXPECT_EQ(problem_type(answer), "busy");
    first.shut_down();
    EXPECT_TRUE(first.wait_for_end());
    RawClient fourth(stage.port());
    EXPECT_EQ(fourth.ask("GET", "/api/v1/health").status, 200u);
}

TEST(Http, EndsAConnectionAfterItsShareOfRequests) {
    StageOptions options;
    options.admin.max_requests_per_connection = 2;
    AdminStage stage(options);
    RawClient client(stage.port());
    EXPECT_EQ(client.ask("GET", "/api/v1/health").status, 200u);
    EXPECT_EQ(client.ask("GET", "/api/v1/health").status, 200u);
    EXPECT_TRUE(client.wait_for_end());
}

TEST(AdminServer, WithoutAFleetSaysSoAndDoesTheRest) {
    StageOptions options;
    options.with_fleet = false;
    AdminStage stage(options);
    RawClient client(stage.port());
    for (const char* const path : {"/api/v1/devices", "/api/v1/nodes/x", "/api/v1/events", "/api/v1/places"}) {
        const auto answer = client.ask("GET", path);
        EXPECT_EQ(answer.status, 503u) << path;
        EXPECT_NE(answer.body.find("this process has no fleet"), std::string::npos) << path;
    }
    const auto health = client.ask("GET", "/api/v1/health");
    EXPECT_EQ(health.status, 200u);
    EXPECT_EQ(health.body.find("gateway"), std::string::npos);
    EXPECT_EQ(client.ask("GET", "/metrics").status, 200u);
    EXPECT_EQ(client.ask("GET", "/api/v1/commands").status, 200u);
}

TEST(AdminServer, ListensOnLoopbackOnlyUnlessToldOtherwise) {
    boost::asio::io_context io;
    const runtime::SystemClock clock;
    control::FleetControl control(io, clock,
                                  std::make_unique<fleet::Fleet>(fleet::FleetImage{}, fleet::Policy{}, fleet::FleetOptions{},
                                                                 Moment{clock.now(), clock.wall()}),
                                  nullptr);
    admin::AdminOptions options;
    options.port = 0;
    admin::Api api{.io = io, .clock = clock, .control = &control, .keeper = nullptr, .directory = nullptr, .options = options};
    const auto start = [&](std::string address, bool allow_remote) {
        options.address = std::move(address);
        options.allow_remote = allow_remote;
        access::Tokens tokens(std::string(AdminStage::token), {});
        admin::AdminServer server(io, api, tokens, options);
        return server.start();
    };
    const auto remote = start("0.0.0.0", false);
    ASSERT_FALSE(remote);
    EXPECT_TRUE(remote.error().is(admin::AdminErrc::remote_not_allowed));
    EXPECT_TRUE(start("0.0.0.0", true));
    EXPECT_TRUE(start("127.0.0.2", false));
    EXPECT_TRUE(start("not-an-address", false).error().is(admin::AdminErrc::bad_address));
    EXPECT_TRUE(start("192.0.2.1", true).error().is(admin::AdminErrc::cannot_listen));
}

}  // namespace
}  // namespace holdfast::test
