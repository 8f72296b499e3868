// Jobs over HTTP.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;

TEST(JobApi, StartsShowsAndStopsJobs) {
    AdminStage stage;
    RawClient client(stage.port());
    const RawAnswer started = client.ask(
        "POST", "/api/v1/jobs",
        R"({"name":"ping","data":{"n":1.50},"devices":["a","b","no-c"],"pace":10,"abort_percent":20,"abort_after":5,"deadline_in":"1m"})");
    ASSERT_EQ(started.status, 202u) << started.body;
    const json::value job = started.json();
    EXPECT_EQ(started.field("location"), fmt::format("/api/v1/jobs/{}", job.at("id").as_string().c_str()));
    EXPECT_EQ(job.at("state"), "running");
    EXPECT_EQ(job.at("devices"), 3);
    EXPECT_EQ(job.at("submitted"), 3);
    EXPECT_EQ(job.at("refused"), 1);
    EXPECT_EQ(job.at("under_way"), 2);
    EXPECT_EQ(job.at("ended").at("succeeded"), 0);
    EXPECT_EQ(job.at("abort_percent"), 20);
    EXPECT_EQ(job.at("command").at("name"), "ping");
    EXPECT_NE(started.body.find("\"data\":{\"n\":1.50}"), std::string::npos) << started.body;
    EXPECT_EQ(client.ask("GET", started.field("location")).body, started.body);
    EXPECT_EQ(client.ask("GET", "/api/v1/jobs").json().at("items").as_array().size(), 1u);
    const std::string commands = fmt::format("/api/v1/commands?job={}", job.at("id").as_string().c_str());
    EXPECT_EQ(client.ask("GET", commands).json().at("items").as_array().size(), 2u);
    EXPECT_EQ(client.ask("DELETE", started.field("location")).json().at("state"), "cancelled");
    EXPECT_EQ(client.ask("DELETE", started.field("location")).status, 409u);
    EXPECT_EQ(client.ask("GET", "/api/v1/jobs/none").status, 404u);
}

TEST(JobApi, WantsATagOrAList) {
    AdminStage stage;
    for (const std::string_view body :
         {R"({"name":"ping"})", R"({"name":"ping","tag":"x","devices":["a"]})", R"({"name":"ping","devices":[7]})",
          R"({"name":"ping","tag":"x","abort_percent":101})"}) {
        EXPECT_EQ(RawClient(stage.port()).ask("POST", "/api/v1/jobs", body).status, 400u) << body;
    }
    EXPECT_EQ(RawClient(stage.port()).ask("POST", "/api/v1/jobs", R"({"name":"ping","tag":"x"})").status, 202u);
}

TEST(JobApi, TakesLongLists) {
    AdminStage stage;
    std::string devices;
    for (int i = 0; i < 100'000; ++i)
        devices += fmt::format("{}\"no-meter-{:07}\"", i == 0 ? "" : ",", i);
    const RawAnswer answer =
        RawClient(stage.port()).ask("POST", "/api/v1/jobs", fmt::format(R"({{"name":"ping","devices":[{}]}})", devices));
    ASSERT_EQ(answer.status, 202u);
    EXPECT_EQ(answer.json().at("devices"), 100'000);
}

}  // namespace
}  // namespace holdfast::test
