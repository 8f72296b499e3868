// Commands over HTTP.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "admin_stage.h"
#include "raw_client.h"

namespace holdfast::test {
namespace {

namespace json = boost::json;
using command::State;

constexpr std::string_view meter_commands = "/api/v1/devices/meter-7/commands";

std::string text_of(const json::value& value) {
    return value.is_string() ? std::string(value.get_string().c_str()) : json::serialize(value);
}

class CommandApi : public ::testing::Test {
protected:
    RawAnswer post(std::string_view body, std::string_view query = {}, std::string_view fields = {}) {
        return client.ask("POST", fmt::format("{}{}", meter_commands, query), body, fields);
    }
    command::Submission submission() {
        return stage.on_centre([](ScriptedCentre& centre) { return centre.submissions().back(); });
    }
    void await_waiters(std::size_t count) {
        while (stage.on_centre([](ScriptedCentre& centre) { return centre.waiting(); }) != count)
            std::this_thread::yield();
    }

    AdminStage stage;
    RawClient client{stage.port()};
};

TEST_F(CommandApi, TakesACommandAndSaysWhereItIs) {
    const RawAnswer answer = post(R"({"name":"set-rate","data": {"hz":1.0, "a":1e3}})");
    ASSERT_EQ(answer.status, 202u) << answer.body;
    const json::value command = answer.json();
    EXPECT_EQ(answer.field("location"), "/api/v1/commands/" + text_of(command.at("id")));
    EXPECT_EQ(command.at("state"), "queued");
    EXPECT_EQ(command.at("executed"), "no");
    EXPECT_EQ(command.at("reason"), nullptr);
    EXPECT_EQ(command.at("submitted_by"), "admin");
    EXPECT_EQ(command.at("device"), "meter-7");
    // As it was written, not as a parser would write it.
    EXPECT_EQ(submission().payload, R"({"hz":1.0, "a":1e3})");
    EXPECT_EQ(submission().content_type, "application/json");
    EXPECT_FALSE(submission().wait);
    const RawAnswer shown = client.ask("GET", answer.field("location"));
    EXPECT_EQ(shown.status, 200u);
    EXPECT_EQ(shown.body, answer.body);
}

TEST_F(CommandApi, ReadsEveryField) {
    const RawAnswer answer = post(
        R"({"name":"open","payload_base64":"AAH/","content_type":"application/octet-stream","deliver_at":"2096-12-01T08:00:00+01:00",
            "deadline_in":"10m","offline":"wait","order":"none","attempts":7,"answer_timeout":"1500ms","webhook":"http://127.0.0.1/x",
            "idempotency_key":"k"})");
    ASSERT_EQ(answer.status, 202u) << answer.body;
    const command::Submission read = submission();
    EXPECT_EQ(read.payload, std::string("\x00\x01\xff", 3));
    EXPECT_EQ(read.deliver_at, WallTime(std::chrono::seconds(4005183600)));
    EXPECT_EQ(read.deadline_in, std::chrono::minutes(10));
    EXPECT_EQ(read.offline, command::Offline::wait);
    EXPECT_EQ(read.order, command::Order::none);
    EXPECT_EQ(read.attempts, 7);
    EXPECT_EQ(read.answer_timeout, std::chrono::milliseconds(1500));
    EXPECT_EQ(read.webhook, "http://127.0.0.1/x");
    EXPECT_EQ(read.idempotency_key, "k");
    EXPECT_EQ(answer.json().at("payload_base64"), "AAH/");
    EXPECT_EQ(answer.json().at("state"), "scheduled");
}

TEST_F(CommandApi, WaitsForTheEnd) {
    stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(true); });
    const RawAnswer at_once = post(R"({"name":"ping","data":{"n":1}})", "?wait=5s");
    ASSERT_EQ(at_once.status, 200u) << at_once.body;
    EXPECT_EQ(at_once.json().at("state"), "succeeded");
    EXPECT_EQ(at_once.json().at("executed"), "yes");
    EXPECT_EQ(at_once.json().at("result"), (json::object{{"n", 1}}));
    EXPECT_TRUE(submission().wait);

    stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(false); });
    client.send(
        fmt::format("POST {}?wait HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 15\r\n\r\n"
                    "{{\"name\":\"ping\"}}",
                    meter_commands, AdminStage::token));
    await_waiters(1);
    stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().back(), State::failed, "no\nway"); });
    const RawAnswer later = client.read();
    EXPECT_EQ(later.status, 200u);
    EXPECT_EQ(later.json().at("state"), "failed");
    EXPECT_EQ(later.json().at("reason"), "device_failed");
    EXPECT_FALSE(later.json().at("explanation").as_string().empty());
    EXPECT_EQ(later.json().at("result"), "no\nway");
    EXPECT_EQ(later.json().at("attempts").at(0).at("node"), "east-1");
    EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.waiting(); }), 0u);
}

TEST_F(CommandApi, AnswersWithItsFormThenWhenTheWaitIsOver) {
    client.send(
        fmt::format("POST {}?wait=1s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 15\r\n\r\n"
                    "{{\"name\":\"ping\"}}",
                    meter_commands, AdminStage::token));
    await_waiters(1);
    stage.on_centre([](ScriptedCentre& centre) { centre.end_waits(); });
    const RawAnswer answer = client.read();
    EXPECT_EQ(answer.status, 202u);
    EXPECT_EQ(answer.json().at("state"), "queued");
    EXPECT_FALSE(answer.field("location").empty());
}

TEST_F(CommandApi, ForgetsACallerWhoHangsUpAndKeepsTheCommand) {
    {
        RawClient caller(stage.port());
        caller.send(
            fmt::format("POST {}?wait=1h HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 15\r\n\r\n"
                        "{{\"name\":\"ping\"}}",
                        meter_commands, AdminStage::token));
        await_waiters(1);
    }
    await_waiters(0);
    const RawAnswer all = client.ask("GET", "/api/v1/commands");
    ASSERT_EQ(all.json().at("items").as_array().size(), 1u);
    EXPECT_EQ(all.json().at("items").at(0).at("state"), "queued");
}

TEST_F(CommandApi, TakesTheNextRequestForNoHangUp) {
    const std::string get =
        fmt::format("GET /api/v1/health HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", AdminStage::token);
    client.send(
        fmt::format("POST {}?wait=1h HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 15\r\n\r\n"
                    "{{\"name\":\"ping\"}}",
                    meter_commands, AdminStage::token));
    await_waiters(1);
    client.send(get);
    // Two turns of the control thread: it has seen what came.
    stage.on_control([](control::FleetControl&) {});
    stage.on_control([](control::FleetControl&) {});
    EXPECT_EQ(stage.on_centre([](ScriptedCentre& centre) { return centre.waiting(); }), 1u);
    stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().back(), State::succeeded, "{}"); });
    EXPECT_EQ(client.read().status, 200u);
    EXPECT_EQ(client.read().status, 200u);
}

TEST_F(CommandApi, EndsWaitingCallersWhenItStops) {
    auto own = std::make_unique<AdminStage>();
    RawClient caller(own->port());
    caller.send(
        fmt::format("POST {}?wait=1h HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: 15\r\n\r\n"
                    "{{\"name\":\"ping\"}}",
                    meter_commands, AdminStage::token));
    while (own->on_centre([](ScriptedCentre& centre) { return centre.waiting(); }) == 0)
        std::this_thread::yield();
    own.reset();
    EXPECT_TRUE(caller.wait_for_end());
}

TEST_F(CommandApi, RepeatsByKeyAndSaysSo) {
    const RawAnswer first = post(R"({"name":"ping"})", {}, "Idempotency-Key: \"abc\"\r\n");
    const RawAnswer second = post(R"({"name":"ping","idempotency_key":"abc"})");
    EXPECT_EQ(first.status, 202u) << first.body;
    EXPECT_EQ(first.json().at("id"), second.json().at("id"));
    EXPECT_FALSE(first.json().as_object().contains("repeated"));
    EXPECT_EQ(second.json().at("repeated"), true);
    const RawAnswer other = post(R"({"name":"pong"})", {}, "Idempotency-Key: abc\r\n");
    EXPECT_EQ(other.status, 409u);
    EXPECT_EQ(other.json().at("type"), "urn:holdfast:problem:key-conflict");
    EXPECT_EQ(post(R"({"name":"ping","idempotency_key":"x"})", {}, "Idempotency-Key: y\r\n").status, 400u);
}

TEST_F(CommandApi, NamesTheFieldThatIsWrong) {
    const auto field = [&](std::string_view body, std::string_view query = {}) {
        RawClient one(stage.port());
        const RawAnswer answer = one.ask("POST", fmt::format("{}{}", meter_commands, query), body);
        EXPECT_EQ(answer.status, 400u) << body << ": " << answer.body;
        const json::value what = answer.json();
        EXPECT_FALSE(what.at("detail").as_string().empty());
        const auto* const named = what.as_object().if_contains("field");
        return named == nullptr ? std::string() : text_of(*named);
    };
    EXPECT_EQ(field("{}"), "/name");
    EXPECT_EQ(field(R"({"name":7})"), "/name");
    EXPECT_EQ(field(R"({"name":"x","deadline":"2001-01-01T00:00:00Z"})"), "/deadline");
    EXPECT_EQ(field(R"({"name":"x","deadline":"soon"})"), "/deadline");
    EXPECT_EQ(field(R"({"name":"x","deadline_in":"soon"})"), "/deadline_in");
    EXPECT_EQ(field(R"({"name":"x","offline":"perhaps"})"), "/offline");
    EXPECT_EQ(field(R"({"name":"x","attempts":0})"), "/attempts");
    EXPECT_EQ(field(R"({"name":"x","data":1,"payload_base64":"AA=="})"), "/payload_base64");
    EXPECT_EQ(field(R"({"name":"x","payload_base64":"?"})"), "/payload_base64");
    EXPECT_EQ(field(R"({"name":"x","colour":"red"})"), "/colour");
    EXPECT_EQ(field(R"({"name":"x"})", "?wait=soon"), "?wait");
    EXPECT_EQ(field(R"({"name":)"), "");
    EXPECT_EQ(field("[]"), "");
}

TEST_F(CommandApi, SaysOfBytesThatAreNoTextThatTheyAreNone) {
    const RawAnswer answer = post("{\"name\":\"\xff\xfe\"}");
    EXPECT_EQ(answer.status, 400u);
    EXPECT_EQ(answer.json().at("detail"), "this is not UTF-8 text, which JSON is");
}

TEST_F(CommandApi, TellsErrorsOfTheCentreByTheirStatus) {
    using command::Errc;
    const std::vector<std::tuple<Errc, unsigned, std::string>> table = {
        {Errc::device_unknown, 404, "device-unknown"}, {Errc::device_disabled, 409, "device-disabled"},
        {Errc::no_cluster, 409, "no-cluster"},         {Errc::deadline_passed, 400, "deadline-passed"},
        {Errc::bad_field, 400, "invalid-value"},       {Errc::too_many, 429, "too-many"},
        {Errc::store_unavailable, 503, "unavailable"}, {Errc::stopping, 503, "stopping"},
        {Errc::not_encodable, 400, "not-encodable"},
    };
    for (const auto& [code, status, type] : table) {
        stage.on_centre([code = code](ScriptedCentre& centre) { centre.refuse_with(Error(code, "deadline: a sentence")); });
        const RawAnswer answer = post(R"({"name":"ping"})");
        EXPECT_EQ(answer.status, status);
        EXPECT_EQ(text_of(answer.json().at("type")), "urn:holdfast:problem:" + type);
        EXPECT_EQ(answer.field("retry-after"), status == 429 || status == 503 ? "1" : "");
    }
}

TEST_F(CommandApi, TakesManyAtOnceEachWithItsStatus) {
    const RawAnswer answer = client.ask(
        "POST", "/api/v1/commands",
        R"([{"device":"a","name":"ping"}, {"device":"no-such","name":"ping"}, {"name":"ping"}, 7, {"device":"b","name":"x","data":[1.0]}])");
    ASSERT_EQ(answer.status, 207u) << answer.body;
    const json::array items = answer.json().at("items").as_array();
    ASSERT_EQ(items.size(), 5u);
    EXPECT_EQ(items[0].at("status"), 202);
    EXPECT_EQ(items[0].at("state"), "queued");
    const std::string id = text_of(items[0].at("id"));
    EXPECT_EQ(client.ask("GET", "/api/v1/commands/" + id).json().at("device"), "a");
    EXPECT_EQ(items[1].at("status"), 404);
    EXPECT_EQ(items[2].at("problem").at("field"), "/device");
    EXPECT_EQ(items[3].at("status"), 400);
    EXPECT_EQ(items[4].at("status"), 202);
    EXPECT_EQ(submission().payload, "[1.0]");
    // One entry of the audit record for all of them.
    const json::array entries = client.ask("GET", "/api/v1/audit?limit=10").json().at("items").as_array();
    ASSERT_EQ(entries.size(), 1u);
    EXPECT_EQ(text_of(entries[0].at("object")), id);
    EXPECT_EQ(text_of(entries[0].at("detail")), "2 commands up to " + text_of(items[4].at("id")) + ", the first ping for a");
    EXPECT_EQ(RawClient(stage.port()).ask("POST", "/api/v1/commands", "[]").status, 400u);
    EXPECT_EQ(RawClient(stage.port()).ask("POST", "/api/v1/commands", "[1").status, 400u);
    std::string many = "[";
    for (int i = 0; i < 1001; ++i)
        many += i == 0 ? "1" : ",1";
    EXPECT_EQ(RawClient(stage.port()).ask("POST", "/api/v1/commands", many + "]").status, 400u);
}

TEST_F(CommandApi, ListsByDeviceStateAndTimePageByPage) {
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(post(R"({"name":"ping"})").status, 202u);
        EXPECT_EQ(client.ask("POST", "/api/v1/devices/other/commands", R"({"name":"ping"})").status, 202u);
    }
    stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().front(), State::succeeded, "{}"); });
    const auto size = [&](std::string_view query) {
        const RawAnswer answer = client.ask("GET", fmt::format("/api/v1/commands{}", query));
        EXPECT_EQ(answer.status, 200u) << answer.body;
        return answer.json().at("items").as_array().size();
    };
    EXPECT_EQ(size(""), 10u);
    EXPECT_EQ(size("?device=other"), 5u);
    EXPECT_EQ(size("?state=succeeded"), 1u);
    EXPECT_EQ(size("?state=succeeded&state=queued"), 10u);
    EXPECT_EQ(size("?state=succeeded,failed"), 1u);
    EXPECT_EQ(size("?from=2090-01-01T00:00:00Z"), 0u);
    EXPECT_EQ(size("?until=2090-01-01T00:00:00Z"), 10u);
    EXPECT_EQ(client.ask("GET", fmt::format("{}?limit=2", meter_commands)).json().at("items").as_array().size(), 2u);
    std::size_t seen = 0;
    std::string cursor;
    do {
        const json::value page =
            client.ask("GET", fmt::format("/api/v1/commands?limit=3{}{}", cursor.empty() ? "" : "&cursor=", cursor)).json();
        seen += page.at("items").as_array().size();
        cursor = page.at("next").is_null() ? std::string() : text_of(page.at("next"));
    } while (!cursor.empty());
    EXPECT_EQ(seen, 10u);
    for (const std::string_view wrong : {"?state=gone", "?from=yesterday", "?before=x", "?limit=0", "?colour=red"})
        EXPECT_EQ(client.ask("GET", fmt::format("/api/v1/commands{}", wrong)).status, 400u) << wrong;
}

TEST_F(CommandApi, CancelsOnce) {
    const std::string place = post(R"({"name":"ping"})").field("location");
    const RawAnswer cancelled = client.ask("DELETE", place);
    EXPECT_EQ(cancelled.status, 200u);
    EXPECT_EQ(cancelled.json().at("state"), "cancelled");
    EXPECT_EQ(client.ask("DELETE", place).status, 409u);
    EXPECT_EQ(client.ask("DELETE", "/api/v1/commands/00000000000000000000000001").status, 404u);
    EXPECT_EQ(client.ask("GET", "/api/v1/commands/nonsense").status, 404u);
    EXPECT_EQ(client.ask("GET", place + "?wait=1s").json().at("state"), "cancelled");
}

TEST_F(CommandApi, KeepsAnAuditRecord) {
    EXPECT_EQ(post(R"({"name":"ping"})").status, 202u);
    const json::value entry = client.ask("GET", "/api/v1/audit?limit=1").json().at("items").at(0);
    EXPECT_EQ(entry.at("who"), "admin");
    EXPECT_EQ(entry.at("action"), "command.submit");
    EXPECT_TRUE(text_of(entry.at("source")).starts_with("http 127.0.0.1:"));
}

TEST_F(CommandApi, ShowsTheCentreAndWhatNobodyCouldUse) {
    EXPECT_EQ(post(R"({"name":"ping"})").status, 202u);
    const json::value summary = client.ask("GET", "/api/v1/commands/summary").json();
    EXPECT_EQ(summary.at("commands").at("total"), 1);
    EXPECT_EQ(summary.at("commands").at("by_state").at("queued"), 1);
    EXPECT_EQ(summary.at("centre").at("channels").at(0).at("cluster"), "east");
    EXPECT_EQ(client.ask("GET", "/api/v1/health").json().at("commands").at("name"), "centre");
    EXPECT_EQ(client.ask("GET", "/api/v1/poison").json().at("items").at(0).at("payload_base64"), "AQI=");
}

TEST(CommandApiWithoutCentre, SaysThatThereIsNone) {
    StageOptions options;
    options.with_centre = false;
    AdminStage stage(options);
    for (const auto& [method, target] : {std::pair("POST", "/api/v1/devices/x/commands"), std::pair("GET", "/api/v1/commands"),
                                         std::pair("GET", "/api/v1/jobs"), std::pair("GET", "/api/v1/commands/watch"),
                                         std::pair("GET", "/api/v1/audit"), std::pair("GET", "/api/v1/poison")}) {
        const RawAnswer answer = RawClient(stage.port()).ask(method, target, *method == 'P' ? "{}" : "");
        EXPECT_EQ(answer.status, 503u) << target;
        EXPECT_EQ(answer.json().at("detail"), "this process has no command centre");
    }
}

}  // namespace
}  // namespace holdfast::test
