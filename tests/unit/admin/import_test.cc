// Bulk imports over the API.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;

class ImportApi : public ::testing::Test {
protected:
    ImportApi() { stage.add_clusters(); }

    RawAnswer import(std::string_view text, std::string_view type = "text/csv", std::string_view query = {}) {
        // A refused import ends its connection, as its rest is not read.
        return RawClient(stage.port())
            .ask("POST", fmt::format("/api/v1/devices/import{}", query), text, fmt::format("Content-Type: {}\r\n", type));
    }
    std::size_t devices() {
        return stage.on_control([](control::FleetControl& control) { return control.fleet().devices().size(); });
    }

    AdminStage stage;
    RawClient client{stage.port()};
};

TEST_F(ImportApi, TakesCsv) {
    const RawAnswer answer = import("id,home,tags,note\nmeter-1,east,blue;old,\"says \"\"hi\"\", and more\"\nmeter-2,,,\n");
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.json().at("created"), 2);
    EXPECT_EQ(answer.json().at("durable"), true);
    const json::value device = client.ask("GET", "/api/v1/devices/meter-1").json();
    EXPECT_EQ(device.at("home"), "east");
    EXPECT_EQ(device.at("tags"), (json::array{"blue", "old"}));
    EXPECT_EQ(device.at("note"), "says \"hi\", and more");
}

TEST_F(ImportApi, TellsErrorsByLineAndGoesOn) {
    const json::value result = import("id,home\na,east\nb,north\n,east\na,west\n\nc\nd,west\n").json();
    EXPECT_EQ(result.at("records"), 6);
    EXPECT_EQ(result.at("created"), 2);
    EXPECT_EQ(result.at("failed"), 4);
    const json::array& errors = result.at("errors").as_array();
    ASSERT_EQ(errors.size(), 4u);
    EXPECT_EQ(errors[0], (json::object{{"line", 3}, {"id", "b"}, {"detail", "there is no cluster 'north'"}}));
    EXPECT_EQ(errors[1].at("line"), 4);
    EXPECT_EQ(errors[2], (json::object{{"line", 5}, {"id", "a"}, {"detail", "there is a device of this id already"}}));
    EXPECT_EQ(errors[3], (json::object{{"line", 7}, {"id", nullptr}, {"detail", "there are 1 fields, but 2 columns"}}));
    EXPECT_EQ(devices(), 2u);
}

TEST_F(ImportApi, TakesNdjson) {
    const json::value result =
        import("{\"id\":\"a\",\"tags\":[\"x\"]}\nnonsense\n[]\n{\"id\":\"b\",\"hmoe\":\"east\"}\n{\"id\":\"c\"}",
               "application/x-ndjson")
            .json();
    EXPECT_EQ(result.at("created"), 2);
    ASSERT_EQ(result.at("errors").as_array().size(), 3u);
    EXPECT_EQ(result.at("errors").at(0).at("line"), 2);
    EXPECT_EQ(std::string(result.at("errors").at(2).at("detail").as_string().c_str()).substr(0, 24),
              "there is no field 'hmoe'");
}

TEST_F(ImportApi, OnlyChecksInADryRun) {
    const json::value result = import("id,home\na,east\na,east\nb,north\n", "text/csv", "?dry_run=true").json();
    EXPECT_EQ(result.at("dry_run"), true);
    EXPECT_EQ(result.at("created"), 1);
    EXPECT_EQ(result.at("failed"), 2);
    EXPECT_EQ(devices(), 0u);
}

TEST_F(ImportApi, SkipsOrUpdatesWhatIsThere) {
    import("id,note,tags\na,first,x\n");
    EXPECT_EQ(import("id,note\na,second\n", "text/csv", "?existing=skip").json().at("skipped"), 1);
    EXPECT_EQ(client.ask("GET", "/api/v1/devices/a").json().at("note"), "first");
    EXPECT_EQ(import("id,note,explicit_cluster\na,third,west\n", "text/csv", "?existing=update").json().at("updated"), 1);
    const json::value device = client.ask("GET", "/api/v1/devices/a").json();
    EXPECT_EQ(device.at("note"), "third");
    EXPECT_EQ(device.at("explicit_cluster"), "west");
    EXPECT_EQ(device.at("tags"), (json::array{"x"})) << "what is not named stays";
}

TEST_F(ImportApi, RefusesWhatCannotBeReadAtAll) {
    EXPECT_EQ(import("id\na\n", "image/png").status, 415u);
    EXPECT_EQ(import("id,colour\na,blue\n").status, 422u);
    EXPECT_EQ(import("home\neast\n").status, 422u);
    EXPECT_EQ(import("id\na\n", "text/csv", "?existing=maybe").status, 422u);
    EXPECT_EQ(import("id\na\n", "text/csv", "?dryrun=true").status, 400u);
    EXPECT_EQ(import("", "text/csv").json().at("records"), 0);
    EXPECT_EQ(devices(), 0u);
}

TEST_F(ImportApi, ReadsAsItArrives) {
    std::string head = fmt::format(
        "POST /api/v1/devices/import HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        AdminStage::token);
    client.send(head + "3\r\nid\n\r\n");
    constexpr std::size_t count = 5'000;
    for (std::size_t i = 0; i < count; ++i) {
        const std::string line = fmt::format("meter-{}\n", i);
        // Cut in the middle of lines.
        client.send(fmt::format("{:x}\r\n{}\r\n{:x}\r\n{}\r\n", 4, line.substr(0, 4), line.size() - 4, line.substr(4)));
    }
    client.send("0\r\n\r\n");
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 200u) << answer.body;
    EXPECT_EQ(answer.json().at("created"), count);
    EXPECT_EQ(devices(), count);
}

TEST_F(ImportApi, BoundsLinesAndTheWhole) {
    StageOptions options;
    options.admin.max_import_line_bytes = 100;
    options.admin.max_import_bytes = 1000;
    AdminStage small(options);
    RawClient asking(small.port());
    const RawAnswer answer =
        asking.ask("POST", "/api/v1/devices/import", "id\n" + std::string(200, 'x') + "\nb\n", "Content-Type: text/csv\r\n");
    EXPECT_EQ(answer.json().at("created"), 1);
    EXPECT_EQ(answer.json().at("errors").at(0).at("detail"), "the line is longer than 100 bytes");
    EXPECT_EQ(asking.ask("POST", "/api/v1/devices/import", std::string(1001, 'x'), "Content-Type: text/csv\r\n").status, 413u);
}

TEST_F(ImportApi, TellsNoMoreErrorsThanFit) {
    std::string text = "id,home\n";
    for (int i = 0; i < 1500; ++i)
        text += "x,nowhere\n";
    const json::value result = import(text).json();
    EXPECT_EQ(result.at("failed"), 1500);
    EXPECT_EQ(result.at("errors").as_array().size(), 1000u);
    EXPECT_EQ(result.at("errors_not_shown"), 500);
}

}  // namespace
}  // namespace holdfast::test
