// docs/openapi.json, held against the route table and against real answers.

#include "admin/openapi.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fstream>
#include <set>
#include <sstream>

#include "admin/router.h"
#include "admin_stage.h"
#include "json_schema.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;

const json::value& document() {
    static const json::value parsed = json::parse(admin::openapi_document());
    return parsed;
}

std::string lower(std::string text) {
    for (char& c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

std::string name_of(const admin::Route& route) {
    return lower(std::string(boost::beast::http::to_string(route.method))) + " " + std::string(route.path);
}

const json::object& operation(const admin::Route& route) {
    return document()
        .at("paths")
        .at(std::string(route.path))
        .at(lower(std::string(boost::beast::http::to_string(route.method))))
        .as_object();
}

/// Every reference in `value`.
void collect_references(const json::value& value, std::set<std::string>& references) {
    if (value.is_array()) {
        for (const json::value& one : value.get_array())
            collect_references(one, references);
    }
    if (!value.is_object()) return;
    for (const auto& [name, one] : value.get_object()) {
        if (name == "$ref") {
            references.insert(one.as_string().c_str());
        } else {
            collect_references(one, references);
        }
    }
}

TEST(Openapi, IsTheFileInDocs) {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/openapi.json");
    std::stringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), admin::openapi_document());
    EXPECT_EQ(document().at("openapi"), "3.1.0");
}

TEST(Openapi, DocumentsEveryRouteAndNoOther) {
    std::set<std::string> routed;
    for (const admin::Route& route : admin::route_table())
        EXPECT_TRUE(routed.insert(name_of(route)).second) << name_of(route);
    std::set<std::string> documented;
    std::set<std::string> ids;
    for (const auto& [path, methods] : document().at("paths").as_object()) {
        for (const auto& [method, operation] : methods.as_object()) {
            documented.insert(fmt::format("{} {}", std::string_view(method.data(), method.size()),
                                          std::string_view(path.data(), path.size())));
            EXPECT_TRUE(ids.insert(operation.at("operationId").as_string().c_str()).second);
            EXPECT_FALSE(operation.at("summary").as_string().empty());
        }
    }
    EXPECT_EQ(routed, documented);
}

TEST(Openapi, SaysWhoMayCallWhat) {
    for (const admin::Route& route : admin::route_table()) {
        const bool open = operation(route).contains("security");
        EXPECT_EQ(open, route.access == admin::Access::anyone) << name_of(route);
        EXPECT_EQ(operation(route).at("responses").as_object().contains("401"), !open) << name_of(route);
    }
}

TEST(Openapi, SaysWhereATokenMayAllowTooLittle) {
    for (const admin::Route& route : admin::route_table()) {
        const bool reads = needed_scope(route) == access::Scope::read;
        EXPECT_EQ(operation(route).at("responses").as_object().contains("403"), !reads) << name_of(route);
    }
}

TEST(Openapi, HasItsPathParameters) {
    for (const admin::Route& route : admin::route_table()) {
        std::set<std::string> documented;
        if (const auto* const parameters = operation(route).if_contains("parameters")) {
            for (const json::value& parameter : parameters->as_array()) {
                const auto* const reference = parameter.as_object().if_contains("$ref");
                const json::value& one =
                    reference == nullptr ? parameter : *resolve(document(), reference->as_string().c_str());
                if (one.at("in") == "path") documented.insert(one.at("name").as_string().c_str());
            }
        }
        std::set<std::string> in_path;
        const std::string path(route.path);
        for (std::size_t i = path.find('{'); i != std::string::npos; i = path.find('{', i + 1)) {
            in_path.insert(path.substr(i + 1, path.find('}', i) - i - 1));
        }
        EXPECT_EQ(documented, in_path) << name_of(route);
    }
}

TEST(Openapi, PointsAtWhatIsThereAndUsesAllOfIt) {
    std::set<std::string> references;
    collect_references(document(), references);
    for (const std::string& reference : references)
        EXPECT_NE(resolve(document(), reference), nullptr) << reference;
    for (const std::string_view kind : {"schemas", "parameters", "responses"}) {
        for (const auto& [name, value] : document().at("components").at(std::string(kind)).as_object()) {
            const std::string reference = fmt::format("#/components/{}/{}", kind, std::string_view(name.data(), name.size()));
            EXPECT_TRUE(references.contains(reference)) << reference << " is not used";
        }
    }
}

/// Asks a real API and holds each answer against what the document says of its status.
class OpenapiAnswers : public ::testing::Test {
protected:
    OpenapiAnswers() {
        stage.add_clusters();
        stage.add_devices("meter-", 3);
        for (std::uint64_t i = 1; i <= 3; ++i)
            stage.connect(fmt::format("meter-{}", i), "east-1", i);
        stage.on_control([](control::FleetControl& control) {
            fleet::Refused refused;
            refused.device = "stranger";
            refused.source = "127.0.0.1:9";
            refused.reason = fleet::RefuseReason::unknown_device;
            refused.wall = control.moment().wall;
            refused.trace.add(fleet::RefuseReason::unknown_device);
            control.apply([&](fleet::Fleet& fleet, Moment) { fleet.refused(std::move(refused)); });
        });
    }

    void ask(std::string_view method, std::string_view path, std::string_view target, unsigned status,
             std::string_view body = {}, std::string_view fields = {}) {
        // One that refuses a body ends its connection.
        const RawAnswer answer = RawClient(stage.port()).ask(method, target, body, fields);
        ASSERT_EQ(answer.status, status) << method << ' ' << target << ": " << answer.body;
        const std::string what = fmt::format("{} {}", lower(std::string(method)), path);
        asked.insert(what);
        const json::value& operation = document().at("paths").at(std::string(path)).at(lower(std::string(method)));
        const auto* response = operation.at("responses").as_object().if_contains(std::to_string(status));
        ASSERT_NE(response, nullptr) << what << " does not document status " << status;
        if (const auto* const reference = response->as_object().if_contains("$ref")) {
            response = resolve(document(), reference->as_string().c_str());
        }
        const std::string type = answer.field("content-type").substr(0, answer.field("content-type").find(';'));
        const auto* const content = response->at("content").as_object().if_contains(type);
        ASSERT_NE(content, nullptr) << what << " does not document " << type;
        if (!type.ends_with("json")) return;
        for (const std::string& misfit : misfits(document(), content->at("schema"), answer.json())) {
            ADD_FAILURE() << what << " (" << status << "): " << misfit;
        }
    }
    void get(std::string_view path, std::string_view target) { ask("GET", path, target, 200); }

    /// The number of a move that the API knows.
    std::string first_move() { return json::serialize(client.ask("GET", "/api/v1/moves").json().at("items").at(0).at("id")); }

    void ask_commands() {
        const std::string v1 = "/api/v1";
        const std::string of_device = v1 + "/devices/{id}/commands";
        const std::string body = R"({"name":"ping","data":{"n":1}})";
        ask("POST", of_device, v1 + "/devices/meter-1/commands", 202, body, "Idempotency-Key: k\r\n");
        ask("POST", of_device, v1 + "/devices/meter-1/commands", 202, body, "Idempotency-Key: k\r\n");
        ask("POST", of_device, v1 + "/devices/meter-1/commands", 409, R"({"name":"pong"})", "Idempotency-Key: k\r\n");
        ask("POST", of_device, v1 + "/devices/meter-1/commands", 400, "{}");
        ask("POST", of_device, v1 + "/devices/no-such/commands", 404, body);
        stage.on_centre([](ScriptedCentre& centre) {
            centre.answer(centre.ids().back(), command::State::succeeded, "\xff\xfe");
            centre.answer_at_once(true);
        });
        ask("POST", of_device, v1 + "/devices/meter-1/commands?wait=1s", 200, R"({"name":"x","payload_base64":"AA=="})");
        stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(false); });
        ask("POST", v1 + "/commands", v1 + "/commands", 207, R"([{"device":"a","name":"x"},{"device":"no-b","name":"x"},1])");
        const auto id = stage.on_centre([](ScriptedCentre& centre) { return centre.ids().back(); }).text();
        get(of_device, v1 + "/devices/meter-1/commands");
        get(v1 + "/commands", v1 + "/commands");
        get(v1 + "/commands/summary", v1 + "/commands/summary");
        get(v1 + "/commands/{id}", v1 + "/commands/" + id);
        ask("DELETE", v1 + "/commands/{id}", v1 + "/commands/" + id, 200);
        ask("DELETE", v1 + "/commands/{id}", v1 + "/commands/" + id, 409);
        get(v1 + "/commands/watch", v1 + "/commands/watch?id=" + id);
        ask("POST", v1 + "/jobs", v1 + "/jobs", 202,
            R"({"name":"ping","devices":["a","no-b"],"deadline_in":"10s","attempts":2})");
        get(v1 + "/jobs", v1 + "/jobs");
        const auto job = stage.on_centre([](ScriptedCentre& centre) { return centre.list_jobs(1)->front().id; });
        get(v1 + "/jobs/{id}", v1 + "/jobs/" + job);
        ask("DELETE", v1 + "/jobs/{id}", v1 + "/jobs/" + job, 200);
        get(v1 + "/audit", v1 + "/audit");
        get(v1 + "/poison", v1 + "/poison");
        stage.on_centre([](ScriptedCentre& centre) { centre.refuse_with(Error(command::Errc::too_many, "a sentence")); });
        ask("POST", of_device, v1 + "/devices/meter-1/commands", 429, body);
        stage.on_centre([](ScriptedCentre& centre) { centre.refuse_with(std::nullopt); });
    }

    AdminStage stage{[] {
        StageOptions options;
        options.hooks.shown_settings = [] { return std::vector<settings::ShownSetting>{{"a.b", "1", "file", true}}; };
        options.hooks.reload_settings = [] {
            settings::Reload reload;
            reload.changed.push_back({"a.b", "1", "2"});
            return std::expected<settings::Reload, std::vector<settings::Problem>>(reload);
        };
        return options;
    }()};
    RawClient client{stage.port()};
    std::set<std::string> asked;
};

TEST_F(OpenapiAnswers, AreAsDocumented) {
    const std::string v1 = "/api/v1";
    for (const std::string_view path : {"/clusters", "/nodes", "/groups", "/devices", "/moves", "/connections", "/routes",
                                        "/fights", "/refusals", "/health", "/settings", "/openapi.json"}) {
        get(v1 + std::string(path), v1 + std::string(path));
    }
    get("/metrics", "/metrics");
    ask("GET", v1 + "/places", v1 + "/places?since=1", 400);
    ask("GET", v1 + "/events", v1 + "/events", 200, {}, "Accept: application/json\r\n");
    ask("POST", v1 + "/clusters", v1 + "/clusters", 201, R"({"name":"north"})");
    ask("POST", v1 + "/clusters", v1 + "/clusters", 409, R"({"name":"north"})");
    ask("POST", v1 + "/clusters", v1 + "/clusters", 422, R"({})");
    ask("POST", v1 + "/clusters", v1 + "/clusters", 400, R"({)");
    get(v1 + "/clusters/{name}", v1 + "/clusters/east");
    ask("GET", v1 + "/clusters/{name}", v1 + "/clusters/nothing", 404);
    ask("PATCH", v1 + "/clusters/{name}", v1 + "/clusters/north", 200, R"({"weight":1})");
    ask("POST", v1 + "/clusters/{name}/nodes", v1 + "/clusters/north/nodes", 201, R"({"name":"north-1","host":"127.0.0.1"})");
    get(v1 + "/nodes/{name}", v1 + "/nodes/north-1");
    ask("PATCH", v1 + "/nodes/{name}", v1 + "/nodes/north-1", 200, R"({"weight":1})");
    get(v1 + "/groups/{name}", v1 + "/groups/east");
    ask("POST", v1 + "/groups/{name}/failover", v1 + "/groups/east/failover", 409, R"({"to":"east-1"})");
    ask("POST", v1 + "/nodes/{name}/drain", v1 + "/nodes/east-1/drain", 200, R"({"pace":1})");
    get(v1 + "/moves/{id}", v1 + "/moves/" + first_move());
    ask("PATCH", v1 + "/moves/{id}", v1 + "/moves/" + first_move(), 200, R"({"pace":2})");
    ask("DELETE", v1 + "/moves/{id}", v1 + "/moves/" + first_move(), 200);
    ask("POST", v1 + "/nodes/{name}/undrain", v1 + "/nodes/east-1/undrain", 200);
    ask("DELETE", v1 + "/nodes/{name}", v1 + "/nodes/north-1", 200);
    ask("DELETE", v1 + "/clusters/{name}", v1 + "/clusters/north", 200);
    ask("POST", v1 + "/devices", v1 + "/devices", 201, R"({"id":"lock-1","tags":["a"],"explicit_node":"west-1"})");
    ask("POST", v1 + "/devices/import", v1 + "/devices/import", 200, "id,home\nx,east\ny,nowhere\n",
        "Content-Type: text/csv\r\n");
    ask("POST", v1 + "/devices/import", v1 + "/devices/import", 415, "x", "Content-Type: image/png\r\n");
    get(v1 + "/devices/{id}", v1 + "/devices/meter-1");
    ask("PATCH", v1 + "/devices/{id}", v1 + "/devices/lock-1", 200, R"({"note":"x"})");
    ask("POST", v1 + "/devices/{id}/move", v1 + "/devices/meter-1/move", 200, R"({"to":"west"})");
    ask("POST", v1 + "/devices/{id}/release", v1 + "/devices/meter-1/release", 200);
    get(v1 + "/devices/{id}/explain", v1 + "/devices/meter-1/explain");
    ask("DELETE", v1 + "/devices/{id}", v1 + "/devices/lock-1", 200);
    ask("POST", v1 + "/moves", v1 + "/moves", 201, R"({"cluster":"east","to":"west","pace":1})");
    get(v1 + "/connections/{id}", v1 + "/connections/0-2");
    ask("DELETE", v1 + "/connections/{id}", v1 + "/connections/0-2", 202);
    ask_commands();
    ask("POST", v1 + "/settings/reload", v1 + "/settings/reload", 200);
    for (const admin::Route& route : admin::route_table())
        EXPECT_TRUE(asked.contains(name_of(route))) << name_of(route) << " was not asked";
}

}  // namespace
}  // namespace holdfast::test
