// Following events over the API.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;

std::string follow_request(std::string_view target = "/api/v1/events", std::string_view more = {}) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}\r\n", target, AdminStage::token, more);
}

/// Makes events: each declares or changes a cluster.
void make_events(AdminStage& stage, std::size_t count) {
    stage.on_control([count](control::FleetControl& control) {
        for (std::size_t i = 0; i < count; ++i) {
            control.apply([i](fleet::Fleet& fleet, Moment moment) {
                EXPECT_TRUE(fleet.declare_cluster({.name = "busy", .weight = static_cast<std::uint32_t>(i % 2 + 1)}, moment));
            });
        }
    });
}

std::uint64_t last_seq(AdminStage& stage) {
    return stage.on_control([](control::FleetControl& control) { return control.fleet().events().last_seq(); });
}

TEST(Events, AreFollowedFromNowOn) {
    AdminStage stage;
    make_events(stage, 3);
    RawClient client(stage.port());
    client.send(follow_request());
    const RawAnswer head = client.read_head();
    EXPECT_EQ(head.status, 200u);
    EXPECT_EQ(head.field("content-type"), "text/event-stream");
    EXPECT_EQ(head.field("cache-control"), "no-store");
    (void)client.read_until(": holdfast events\n\n");
    const std::uint64_t before = last_seq(stage);
    // The first of them changes nothing.
    make_events(stage, 2);
    const std::string first = client.read_until("\n\n");
    EXPECT_NE(first.find(fmt::format("id: {}\nevent: cluster_changed\ndata: {{\"id\":{}", before + 1, before + 1)),
              std::string::npos)
        << first;
}

TEST(Events, GoOnBehindTheLastOneSeen) {
    AdminStage stage;
    make_events(stage, 10);
    RawClient by_header(stage.port());
    by_header.send(follow_request("/api/v1/events", "Last-Event-ID: 4\r\n"));
    EXPECT_NE(by_header.read_until("id: 5\n").find("holdfast events"), std::string::npos);
    RawClient by_query(stage.port());
    by_query.send(follow_request("/api/v1/events?since=8"));
    (void)by_query.read_until("id: 9\n");
    RawClient from_another_life(stage.port());
    from_another_life.send(follow_request("/api/v1/events", "Last-Event-ID: 4000000\r\n"));
    (void)from_another_life.read_until("id: 1\n");
}

TEST(Events, TellHowManyWereMissed) {
    StageOptions options;
    options.fleet.events = 16;
    AdminStage stage(options);
    make_events(stage, 40);
    RawClient client(stage.port());
    client.send(follow_request("/api/v1/events?since=4"));
    EXPECT_NE(client.read_until("\n\nid: 25\n").find("event: missed\ndata: {\"missed\":20}"), std::string::npos);
}

TEST(Events, KeepTheConnectionWarm) {
    StageOptions options;
    options.admin.event_heartbeat = std::chrono::milliseconds(5);
    AdminStage stage(options);
    RawClient client(stage.port());
    client.send(follow_request());
    (void)client.read_until(": still here\n\n");
    (void)client.read_until(": still here\n\n");
}

TEST(Events, DropAReaderThatTakesNothing) {
    StageOptions options;
    options.admin.request_timeout = std::chrono::milliseconds(100);
    options.fleet.events = 20'000;
    AdminStage stage(options);
    make_events(stage, 20'000);
    RawClient client(stage.port(), 4096);
    client.send(follow_request("/api/v1/events?since=0"));
    // It reads nothing; the server's side has an end all the same, and forgets it.
    RawClient other(stage.port());
    const auto followers = [&other] {
        const RawAnswer metrics = other.ask("GET", "/metrics");
        return metrics.body.find("holdfast_event_followers 0\n") == std::string::npos;
    };
    while (!followers()) {
    }
    while (followers()) {
    }
}

TEST(Events, NoticeAtOnceThatAReaderLeft) {
    AdminStage stage;
    RawClient other(stage.port());
    {
        RawClient client(stage.port());
        client.send(follow_request());
        (void)client.read_until(": holdfast events\n\n");
        EXPECT_NE(other.ask("GET", "/metrics").body.find("holdfast_event_followers 1\n"), std::string::npos);
    }
    while (other.ask("GET", "/metrics").body.find("holdfast_event_followers 0\n") == std::string::npos) {
    }
}

TEST(Events, HaveSoManyReadersAndNoMore) {
    StageOptions options;
    options.admin.max_event_streams = 1;
    AdminStage stage(options);
    RawClient first(stage.port());
    first.send(follow_request());
    (void)first.read_until(": holdfast events\n\n");
    EXPECT_EQ(RawClient(stage.port()).ask("GET", "/api/v1/events").status, 503u);
}

TEST(Events, EndWithTheServer) {
    auto stage = std::make_unique<AdminStage>();
    RawClient client(stage->port());
    client.send(follow_request());
    (void)client.read_until(": holdfast events\n\n");
    stage.reset();
    EXPECT_TRUE(client.wait_for_end());
}

TEST(Events, AreListedAsJson) {
    StageOptions options;
    options.fleet.events = 16;
    AdminStage stage(options);
    make_events(stage, 20);
    RawClient client(stage.port());
    const auto list = [&client](std::string_view query) {
        return client.ask("GET", fmt::format("/api/v1/events{}", query), {}, "Accept: application/json\r\n").json();
    };
    const json::value first = list("?limit=10");
    EXPECT_EQ(first.at("missed"), 4);
    EXPECT_EQ(first.at("items").at(0).at("id"), 5);
    EXPECT_EQ(first.at("next"), 14);
    const json::value rest = list("?limit=10&since=14");
    EXPECT_EQ(rest.at("items").as_array().size(), 6u);
    EXPECT_EQ(rest.at("next"), nullptr);
    EXPECT_EQ(rest.at("last"), 20);
    EXPECT_EQ(client.ask("GET", "/api/v1/events?since=yesterday").status, 422u);
}

}  // namespace
}  // namespace holdfast::test
