// Clusters, nodes, devices, moves and connections through the API.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <set>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;

class FleetApi : public ::testing::Test {
protected:
    FleetApi() { stage.add_clusters(); }

    /// The answer's JSON, which must have this status.
    json::value ask(std::string_view method, std::string_view target, std::string_view body, unsigned status) {
        const RawAnswer answer = client.ask(method, target, body);
        EXPECT_EQ(answer.status, status) << method << ' ' << target << ": " << answer.body;
        return answer.json();
    }
    json::value get(std::string_view target) { return ask("GET", target, {}, 200); }
    std::string refused(std::string_view method, std::string_view target, std::string_view body, unsigned status) {
        const json::value answer = ask(method, target, body, status);
        const auto* const field = answer.as_object().if_contains("field");
        return fmt::format("{}{}", field == nullptr ? "" : std::string(field->as_string().c_str()) + ": ",
                           answer.at("detail").as_string().c_str());
    }

    AdminStage stage;
    RawClient client{stage.port()};
};

TEST_F(FleetApi, ShowsClustersAndNodes) {
    stage.connect("meter-7", "east-1", 1);
    const json::value clusters = get("/api/v1/clusters");
    ASSERT_EQ(clusters.at("items").as_array().size(), 2u);
    const json::value& east = clusters.at("items").at(0);
    EXPECT_EQ(east.at("name"), "east");
    EXPECT_EQ(east.at("nodes").at("up"), 2);
    EXPECT_EQ(east.at("connections"), 1);
    EXPECT_EQ(east.at("devices"), 1);
    EXPECT_EQ(get("/api/v1/clusters/west").at("nodes").at("total"), 1);
    EXPECT_EQ(get("/api/v1/nodes?cluster=east").at("items").as_array().size(), 2u);
    EXPECT_EQ(get("/api/v1/nodes?state=down").at("items").as_array().size(), 0u);
    EXPECT_EQ(get("/api/v1/nodes/east-1").at("state"), "up");
    EXPECT_EQ(refused("GET", "/api/v1/nodes/east-9", {}, 404), "there is no node 'east-9'");
    EXPECT_EQ(refused("GET", "/api/v1/clusters/north", {}, 404), "there is no cluster 'north'");
}

TEST_F(FleetApi, MakesChangesAndRemovesAClusterWithItsNodes) {
    EXPECT_EQ(ask("POST", "/api/v1/clusters", R"({"name":"north","weight":5})", 201).at("weight"), 5);
    EXPECT_EQ(
        ask("POST", "/api/v1/clusters/north/nodes", R"({"name":"north-1","host":"127.0.0.1","port":1999})", 201).at("port"),
        1999);
    EXPECT_EQ(ask("PATCH", "/api/v1/clusters/north", R"({"enabled":false})", 200).at("enabled"), false);
    EXPECT_EQ(ask("PATCH", "/api/v1/nodes/north-1", R"({"weight":7})", 200).at("weight"), 7);
    EXPECT_EQ(get("/api/v1/nodes/north-1").at("port"), 1999);
    EXPECT_EQ(ask("DELETE", "/api/v1/nodes/north-1", {}, 200).at("removed"), true);
    EXPECT_EQ(ask("DELETE", "/api/v1/clusters/north", {}, 200).at("durable"), true);
    ask("GET", "/api/v1/clusters/north", {}, 404);
}

TEST_F(FleetApi, RefusesClustersAndNodesThatCannotBe) {
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({"name":"east"})", 409), "there is a cluster 'east' already");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({})", 422), "/name: 'name' is missing");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({"name":7})", 422), "/name: 'name' must be a string");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({"name":"a b"})", 422).substr(0, 7), "/name: ");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({"name":"n","wieght":1})", 422),
              "/wieght: there is no field 'wieght' here; there are: enabled, name, policy, weight");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", R"({"name":"n","weight":1e9})", 422),
              "/weight: 'weight' must be a whole number from 0 to 10000");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", "{", 400).substr(0, 28), "this is not well-formed JSON");
    EXPECT_EQ(refused("POST", "/api/v1/clusters", "[]", 400), "this must be a JSON object");
    EXPECT_EQ(refused("POST", "/api/v1/clusters/east/nodes", R"({"name":"east-1","host":"h"})", 409),
              "there is a node 'east-1' already");
    EXPECT_EQ(refused("POST", "/api/v1/clusters/east/nodes", R"({"name":"e","host":"a b"})", 422).substr(0, 6), "/host:");
    EXPECT_EQ(refused("POST", "/api/v1/clusters/north/nodes", R"({"name":"e","host":"h"})", 404),
              "there is no cluster 'north'");
}

TEST_F(FleetApi, KeepsDevicesWhoseIdsAreAnyText) {
    const std::string id = "küche/7 %+?#\"";
    const std::string path = "/api/v1/devices/k%C3%BCche%2F7%20%25%2B%3F%23%22";
    ask("POST", "/api/v1/devices", json::serialize(json::object{{"id", id}, {"tags", {"b", "a", "b"}}, {"note", "hello"}}),
        201);
    const json::value device = get(path);
    EXPECT_EQ(device.at("id").as_string(), id);
    EXPECT_EQ(device.at("tags"), (json::array{"a", "b"}));
    EXPECT_EQ(device.at("connected"), false);
    EXPECT_EQ(ask("PATCH", path, R"({"disabled":true,"note":""})", 200).at("disabled"), true);
    EXPECT_EQ(ask("DELETE", path, {}, 200).at("id").as_string(), id);
    ask("GET", path, {}, 404);
    ask("PATCH", path, R"({"note":"x"})", 404);
    ask("DELETE", path, {}, 404);
}

TEST_F(FleetApi, RefusesDevicesThatCannotBe) {
    ask("POST", "/api/v1/devices", R"({"id":"a"})", 201);
    ask("POST", "/api/v1/devices", R"({"id":"a"})", 409);
    EXPECT_EQ(refused("POST", "/api/v1/devices", R"({"id":""})", 422), "/id: 'id' must not be empty");
    EXPECT_EQ(refused("POST", "/api/v1/devices", R"({"id":"b","home":"north"})", 422), "there is no cluster 'north'");
    EXPECT_EQ(refused("POST", "/api/v1/devices", R"({"id":"b","tags":["x y"]})", 422).substr(0, 6), "/tags:");
    EXPECT_EQ(refused("POST", "/api/v1/devices", R"({"id":"b","explicit_cluster":"east","explicit_node":"west-1"})", 422),
              "node 'west-1' is not in cluster 'east'");
}

TEST_F(FleetApi, MovesADeviceAndHasItsConnectionEnded) {
    stage.connect("meter-7", "east-1", 5);
    const json::value before = get("/api/v1/devices/meter-7");
    EXPECT_EQ(before.at("connected"), true);
    EXPECT_EQ(before.at("node"), "east-1");
    EXPECT_EQ(before.at("connection").at("id"), "0-5");
    const json::value moved = ask("POST", "/api/v1/devices/meter-7/move", R"({"to":"west"})", 200);
    EXPECT_EQ(moved.at("cluster"), "east") << "where it still is connected";
    EXPECT_EQ(moved.at("connection").at("ending"), true);
    EXPECT_EQ(moved.at("explicit_cluster"), "west");
    EXPECT_EQ(moved.at("durable"), true);
    ASSERT_EQ(stage.gateway.ended().size(), 1u);
    EXPECT_EQ(stage.gateway.ended()[0], (fleet::EndOrder{fleet::ConnectionId::make(0, 5), fleet::EndCause::moved}));
    EXPECT_EQ(ask("POST", "/api/v1/devices/meter-7/release", {}, 200).at("explicit_cluster"), nullptr);
    EXPECT_EQ(refused("POST", "/api/v1/devices/meter-7/move", R"({"to":"north"})", 422),
              "/to: there is no cluster or node 'north'");
    EXPECT_EQ(refused("POST", "/api/v1/devices/meter-7/move", R"({})", 422), "/to: 'to' is missing");
}

TEST_F(FleetApi, ExplainsKnownAndUnknownDevices) {
    stage.connect("meter-7", "east-1", 5);
    const json::value known = get("/api/v1/devices/meter-7/explain");
    EXPECT_EQ(known.at("known"), true);
    EXPECT_EQ(known.at("now").at("routed"), true);
    EXPECT_FALSE(known.at("now").at("steps").as_array().empty());
    ASSERT_EQ(known.at("connects").as_array().size(), 1u);
    EXPECT_EQ(known.at("connects").at(0).at("node"), "east-1");
    EXPECT_EQ(known.at("connects").at(0).at("latency_ms"), 3.0);
    const json::value unknown = get("/api/v1/devices/nobody/explain");
    EXPECT_EQ(unknown.at("known"), false);
    EXPECT_EQ(unknown.at("device"), nullptr);
    EXPECT_EQ(unknown.at("now").at("routed"), true);
}

TEST_F(FleetApi, DrainsANodeAtAPace) {
    for (std::uint64_t i = 1; i <= 20; ++i)
        stage.connect(fmt::format("meter-{}", i), "east-1", i);
    const json::value drained = ask("POST", "/api/v1/nodes/east-1/drain", R"({"pace":1})", 200);
    EXPECT_EQ(drained.at("state"), "draining");
    const std::string job = json::serialize(drained.at("job"));
    const json::value move = get("/api/v1/moves/" + job);
    EXPECT_EQ(move.at("cause"), "drained");
    EXPECT_EQ(move.at("state"), "running");
    EXPECT_EQ(ask("PATCH", "/api/v1/moves/" + job, R"({"pace":5})", 200).at("pace"), 5.0);
    EXPECT_EQ(get("/api/v1/moves").at("items").as_array().size(), 1u);
    EXPECT_EQ(ask("POST", "/api/v1/nodes/east-1/undrain", {}, 200).at("state"), "up");
    EXPECT_NE(get("/api/v1/moves/" + job).at("state"), "running");
    ask("GET", "/api/v1/moves/77", {}, 404);
    ask("GET", "/api/v1/moves/x", {}, 404);
    ask("POST", "/api/v1/nodes/nobody/drain", {}, 404);
    EXPECT_EQ(refused("POST", "/api/v1/nodes/east-1/drain", R"({"pace":-1})", 422).substr(0, 6), "/pace:");
}

TEST_F(FleetApi, MovesManyDevices) {
    for (std::uint64_t i = 1; i <= 20; ++i)
        stage.connect(fmt::format("meter-{}", i), "east-1", i);
    const json::value job = ask("POST", "/api/v1/moves", R"({"cluster":"east","percent":50,"to":"west","pace":0})", 201);
    EXPECT_EQ(job.at("cause"), "moved");
    EXPECT_EQ(refused("POST", "/api/v1/moves", R"({"to":"west"})", 422).substr(0, 9), "/cluster:");
    EXPECT_EQ(refused("POST", "/api/v1/moves", R"({"cluster":"east"})", 422).substr(0, 4), "/to:");
    EXPECT_EQ(refused("POST", "/api/v1/moves", R"({"cluster":"north","to":"west"})", 422),
              "/cluster: there is no cluster 'north'");
    ask("POST", "/api/v1/moves", R"({"tag":"blue","to":null})", 201);
}

TEST_F(FleetApi, ListsAndEndsConnections) {
    for (std::uint64_t i = 1; i <= 5; ++i)
        stage.connect(fmt::format("meter-{}", i), i % 2 == 0 ? "east-2" : "east-1", i);
    EXPECT_EQ(get("/api/v1/connections").at("items").as_array().size(), 5u);
    EXPECT_EQ(get("/api/v1/connections?node=east-2").at("items").as_array().size(), 2u);
    EXPECT_EQ(get("/api/v1/connections?device=meter-3").at("items").at(0).at("id"), "0-3");
    EXPECT_EQ(get("/api/v1/connections?source=127.0.0.9:40004").at("items").as_array().size(), 1u);
    EXPECT_EQ(get("/api/v1/connections/0-3").at("device"), "meter-3");
    EXPECT_EQ(ask("DELETE", "/api/v1/connections/0-3", {}, 202).at("ending"), true);
    ASSERT_EQ(stage.gateway.ended().size(), 1u);
    EXPECT_EQ(stage.gateway.ended()[0].cause, fleet::EndCause::ended_by_operator);
    for (const std::string_view none : {"0-99", "x", "1-", "-1", "0-0"})
        ask("DELETE", fmt::format("/api/v1/connections/{}", none), {}, 404);
}

TEST_F(FleetApi, GivesDevicesInPagesWithoutLossOrRepetition) {
    stage.add_devices("meter-", 777);
    std::set<std::string> seen;
    std::string cursor;
    std::size_t items = 0;
    do {
        const json::value page = get(fmt::format("/api/v1/devices?limit=50{}", cursor.empty() ? "" : "&cursor=" + cursor));
        EXPECT_LE(page.at("items").as_array().size(), 50u);
        for (const json::value& device : page.at("items").as_array()) {
            seen.insert(device.at("id").as_string().c_str());
            ++items;
        }
        cursor = page.at("next").is_null() ? "" : page.at("next").as_string().c_str();
    } while (!cursor.empty());
    EXPECT_EQ(seen.size(), 777u);
    EXPECT_EQ(items, 777u);
}

TEST_F(FleetApi, FindsDevicesByWhatIsAsked) {
    stage.add_devices("meter-", 3000);
    stage.connect("meter-7", "east-1", 1);
    ask("POST", "/api/v1/devices", R"({"id":"lock-1","tags":["blue"],"home":"west"})", 201);
    const auto ids = [this](std::string_view query) {
        std::vector<std::string> found;
        const json::value page = get(fmt::format("/api/v1/devices?{}", query));
        for (const json::value& device : page.at("items").as_array())
            found.emplace_back(device.at("id").as_string().c_str());
        return found;
    };
    EXPECT_EQ(ids("tag=blue"), std::vector<std::string>{"lock-1"});
    EXPECT_EQ(ids("prefix=lock"), std::vector<std::string>{"lock-1"});
    EXPECT_EQ(ids("connected=true"), std::vector<std::string>{"meter-7"});
    EXPECT_EQ(ids("cluster=west&prefix=lock"), std::vector<std::string>{"lock-1"});
    EXPECT_EQ(ids("cluster=east&prefix=lock").size(), 0u);
    EXPECT_EQ(ids("node=east-1&connected=true"), std::vector<std::string>{"meter-7"});
    EXPECT_EQ(ids("tag=blue&connected=true").size(), 0u);
    EXPECT_EQ(ids("limit=10").size(), 10u);
    EXPECT_EQ(ids("limit=1000000").size(), 1000u);
    for (const std::string_view wrong : {"limit=0", "limit=x", "cursor=-", "connected=maybe"}) {
        ask("GET", fmt::format("/api/v1/devices?{}", wrong), {}, 422);
    }
}

TEST_F(FleetApi, TellsWhenAChangeIsNotStoredYet) {
    StageOptions options;
    options.control.durable_wait = std::chrono::milliseconds(20);
    AdminStage slow(options);
    slow.store.hold("the disk is full");
    RawClient other(slow.port());
    const RawAnswer answer = other.ask("POST", "/api/v1/clusters", R"({"name":"east"})");
    EXPECT_EQ(answer.status, 201u);
    EXPECT_EQ(answer.json().at("durable"), false);
    EXPECT_EQ(answer.json().at("durable_detail"), "the disk is full");
    const json::value health = other.ask("GET", "/api/v1/health").json();
    EXPECT_EQ(health.at("status"), "degraded");
    EXPECT_EQ(health.at("store").at("ok"), false);
}

TEST_F(FleetApi, AnswersAsSoonAsTheStoreHasIt) {
    stage.store.hold("busy");
    RawClient other(stage.port());
    other.send(
        fmt::format("POST /api/v1/clusters HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 16\r\n\r\n{}",
                    AdminStage::token, R"({"name":"north"})"));
    // The change is in effect before it is stored.
    while (client.ask("GET", "/api/v1/clusters/north").status != 200) {
    }
    stage.store.release();
    const RawAnswer answer = other.read();
    EXPECT_EQ(answer.status, 201u);
    EXPECT_EQ(answer.json().at("durable"), true);
}

TEST_F(FleetApi, CountsForPrometheus) {
    stage.connect("meter-7", "east-1", 5);
    const RawAnswer answer = client.ask("GET", "/metrics");
    EXPECT_EQ(answer.status, 200u);
    EXPECT_EQ(answer.field("content-type").substr(0, 10), "text/plain");
    for (const std::string_view line :
         {"holdfast_connections{cluster=\"east\",node=\"east-1\"} 1\n",
          "holdfast_node_state{cluster=\"east\",node=\"east-1\",state=\"up\"} 1\n",
          "holdfast_connects_accepted_total{route=\"hash\"} 1\n", "holdfast_connect_latency_seconds_count 1\n",
          "holdfast_connect_latency_seconds_bucket{le=\"0.005\"} 1\n",
          "holdfast_connect_latency_seconds_bucket{le=\"0.0025\"} 0\n",
          "holdfast_connects_refused_total{reason=\"rate_limited\"} 0\n", "holdfast_gateway_accepted_total 7\n",
          "holdfast_store_ok 1\n", "holdfast_devices{cluster=\"east\"} 1\n"}) {
        EXPECT_NE(answer.body.find(line), std::string::npos) << line;
    }
}

TEST_F(FleetApi, ShowsAndReloadsSettings) {
    StageOptions options;
    options.hooks.shown_settings = [] {
        return std::vector<settings::ShownSetting>{{"probe.password", "(set)", "file", true}};
    };
    bool broken = false;
    options.hooks.reload_settings = [&broken]() -> std::expected<settings::Reload, std::vector<settings::Problem>> {
        if (broken) return std::unexpected(std::vector<settings::Problem>{{"a.toml:3", "no such setting"}});
        settings::Reload reload;
        reload.changed.push_back({"gateway.connect_rate", "1", "2"});
        return reload;
    };
    AdminStage other(options);
    RawClient asking(other.port());
    EXPECT_EQ(asking.ask("GET", "/api/v1/settings").json().at("items").at(0).at("value"), "(set)");
    EXPECT_EQ(asking.ask("POST", "/api/v1/settings/reload").json().at("changed").at(0).at("to"), "2");
    broken = true;
    const RawAnswer refused_reload = asking.ask("POST", "/api/v1/settings/reload");
    EXPECT_EQ(refused_reload.status, 422u);
    EXPECT_NE(refused_reload.body.find("a.toml:3: no such setting"), std::string::npos);
    EXPECT_EQ(client.ask("POST", "/api/v1/settings/reload").status, 503u);
}

}  // namespace
}  // namespace holdfast::test
