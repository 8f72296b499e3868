// Commands, jobs and tokens from the command line.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <thread>

#include "cli/time_text.h"
#include "command_line_stage.h"

namespace holdfast::cli {
namespace {

namespace json = boost::json;
using command::State;
using test::ScriptedCentre;

class CommandCommands : public CommandLineStage {
protected:
    CommandCommands() {
        stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(true); });
    }
    command::Submission submission() {
        return stage.on_centre([](ScriptedCentre& centre) { return centre.submissions().back(); });
    }
    void leave_open() {
        stage.on_centre([](ScriptedCentre& centre) { centre.answer_at_once(false); });
    }
};

TEST_F(CommandCommands, PrintsTheIdAtOnce) {
    leave_open();
    const Ended sent = run({"command", "send", "meter-7", "reboot"});
    EXPECT_EQ(sent.code, 0) << sent.err;
    ASSERT_EQ(sent.out.size(), command::CommandId::text_length + 1) << sent.out;
    const std::string id = sent.out.substr(0, sent.out.size() - 1);
    const Ended shown = run({"command", "show", id});
    EXPECT_EQ(shown.code, 0);
    EXPECT_NE(shown.out.find("state          queued\n"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("while offline  queue\n"), std::string::npos) << shown.out;
    EXPECT_EQ(json::parse(run({"command", "send", "meter-7", "reboot", "--json"}).out).at("state"), "queued");
    EXPECT_EQ(run({"command", "show", "nonsense"}).code, 4);
}

TEST_F(CommandCommands, WaitsAndPrintsTheAnswer) {
    const Ended sent = run({"command", "send", "meter-7", "set-rate", "--data", R"({"hz":2.5})", "--wait"});
    EXPECT_EQ(sent.code, 0) << sent.err;
    EXPECT_NE(sent.out.find("set-rate on meter-7 succeeded after "), std::string::npos) << sent.out;
    EXPECT_NE(sent.out.find("(1 attempt).\n{\"hz\":2.5}\n"), std::string::npos) << sent.out;
    EXPECT_TRUE(submission().wait);
    EXPECT_EQ(submission().content_type, "application/json");
    const Ended as_json = run({"--json", "command", "send", "--wait", "5s", "meter-7", "ping"});
    EXPECT_EQ(as_json.code, 0) << as_json.err;
    EXPECT_EQ(json::parse(as_json.out).at("state"), "succeeded");
}

TEST_F(CommandCommands, EndsWithItsOwnCodeWhenItDidNotSucceed) {
    leave_open();
    std::thread device([this] {
        while (stage.on_centre([](ScriptedCentre& centre) { return centre.waiting(); }) == 0)
            std::this_thread::yield();
        stage.on_centre([](ScriptedCentre& centre) { centre.answer(centre.ids().back(), State::failed, "jammed"); });
    });
    const Ended sent = run({"command", "send", "meter-7", "open", "--wait=1m"});
    device.join();
    EXPECT_EQ(sent.code, 6) << sent.err;
    EXPECT_NE(sent.out.find("open on meter-7 failed after "), std::string::npos) << sent.out;
    EXPECT_NE(sent.out.find("\nExecuted: unknown. More: holdfast command show "), std::string::npos) << sent.out;
    EXPECT_NE(sent.out.find("\njammed\n"), std::string::npos) << sent.out;

    std::atomic<bool> enough = false;
    std::thread impatience([this, &enough] {
        while (!enough)
            stage.on_centre([](ScriptedCentre& centre) { centre.end_waits(); });
    });
    const Ended late = run({"command", "send", "meter-7", "open", "--wait", "1ms"});
    enough = true;
    impatience.join();
    EXPECT_EQ(late.code, 7) << late.err;
    EXPECT_NE(late.out.find("open on meter-7 is queued"), std::string::npos) << late.out;
}

TEST_F(CommandCommands, HandsOnEveryOption) {
    leave_open();
    const auto file = directory / "data.json";
    std::ofstream(file) << "[1,2]";
    const Ended sent = run({"command",
                            "send",
                            "meter-7",
                            "open",
                            "--data",
                            "@" + file.string(),
                            "--at",
                            "2096-12-01T08:00Z",
                            "--deadline",
                            "10m",
                            "--offline",
                            "wait",
                            "--order",
                            "none",
                            "--attempts",
                            "3",
                            "--answer-timeout",
                            "2s",
                            "--key",
                            "k",
                            "--webhook",
                            "http://127.0.0.1/hook"});
    ASSERT_EQ(sent.code, 0) << sent.err;
    const command::Submission read = submission();
    EXPECT_EQ(read.payload, "[1,2]");
    EXPECT_EQ(read.deliver_at, parse_rfc3339("2096-12-01T08:00:00Z"));
    EXPECT_EQ(read.deadline_in, std::chrono::minutes(10));
    EXPECT_EQ(read.offline, command::Offline::wait);
    EXPECT_EQ(read.order, command::Order::none);
    EXPECT_EQ(read.attempts, 3);
    EXPECT_EQ(read.answer_timeout, std::chrono::seconds(2));
    EXPECT_EQ(read.idempotency_key, "k");
    EXPECT_EQ(read.webhook, "http://127.0.0.1/hook");
    ASSERT_EQ(run({"command", "send", "meter-7", "say", "--data", "-", "--content-type", "text/plain"}, "hello").code, 0);
    EXPECT_EQ(submission().payload, "hello");
    EXPECT_EQ(submission().content_type, "text/plain");
}

TEST_F(CommandCommands, TellsWhatIsWrongBeforeItSends) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"meter-7"},
                                                                                       {"meter-7", "x", "y"},
                                                                                       {"meter-7", "x", "--data", "{"},
                                                                                       {"meter-7", "x", "--data", "@/nothing"},
                                                                                       {"meter-7", "x", "--at", "noon"},
                                                                                       {"meter-7", "x", "--deadline", "noon"},
                                                                                       {"meter-7", "x", "--wait=noon"},
                                                                                       {"meter-7", "x", "--tag", "floor-3"},
                                                                                       {"meter-7", "x", "--offline", "perhaps"},
                                                                                       {"--devices", "/nothing", "x"}}) {
        std::vector<std::string> all = {"command", "send"};
        all.insert(all.end(), words.begin(), words.end());
        const Ended ended = run(all);
        EXPECT_EQ(ended.code, 2) << fmt::format("{} {}", words.back(), ended.err);
        EXPECT_FALSE(ended.err.empty());
    }
    EXPECT_EQ(run({"command", "send", "no-such", "x"}).code, 4);
    const Ended past = run({"command", "send", "meter-7", "x", "--deadline", "2001-01-01T00:00Z"});
    EXPECT_EQ(past.code, 1);
    EXPECT_EQ(past.err, "holdfast: deadline: it has passed already\n");
}

TEST_F(CommandCommands, ListsCancelsAndWatches) {
    leave_open();
    EXPECT_EQ(run({"command", "ls"}).out, "No such commands.\n");
    const std::string id = run({"command", "send", "meter-7", "reboot"}).out.substr(0, command::CommandId::text_length);
    const Ended listed = run({"command", "ls", "--device", "meter-7", "--state", "queued", "--since", "1h"});
    EXPECT_EQ(listed.code, 0) << listed.err;
    EXPECT_NE(listed.out.find(id + "  meter-7  reboot  queued  no"), std::string::npos) << listed.out;
    EXPECT_EQ(run({"command", "ls", "--state", "gone"}).code, 1);
    EXPECT_EQ(run({"command", "cancel", id}).out, "Command " + id + " is cancelled.\n");
    EXPECT_EQ(run({"command", "cancel", id}).code, 1);
    const Ended watched = run({"command", "watch", id});
    EXPECT_EQ(watched.code, 6);
    EXPECT_NE(watched.out.find(id + "  cancelled  reboot on meter-7"), std::string::npos) << watched.out;
}

TEST_F(CommandCommands, SendsToManyAndTellsTheTally) {
    const Ended sent = run({"command", "send", "--devices", "-", "ping", "--wait"}, "a\nb\r\n\nc\n");
    EXPECT_EQ(sent.code, 0) << sent.err;
    EXPECT_NE(sent.out.find("progress   3 of 3 ended: 3 succeeded\n"), std::string::npos) << sent.out;
    const Ended partly = run({"command", "send", "--devices", "-", "ping", "--wait"}, "a\nno-such\n");
    EXPECT_EQ(partly.code, 6) << partly.err;
    EXPECT_NE(partly.out.find("2 of 2 ended: 1 succeeded, 1 refused\n"), std::string::npos) << partly.out;
    leave_open();
    const Ended started = run({"command", "send", "--tag", "floor-3", "ping", "--pace", "5", "--abort-percent", "10"});
    EXPECT_EQ(started.code, 0) << started.err;
    const std::string id = started.out.substr(0, started.out.size() - 1);
    EXPECT_NE(run({"job", "ls"}).out.find(id), std::string::npos);
    EXPECT_NE(run({"job", "show", id}).out.find("with tag floor-3"), std::string::npos);
    EXPECT_NE(run({"job", "cancel", id}).out.find("cancelled"), std::string::npos);
    EXPECT_EQ(run({"job", "show", "none"}).code, 4);
}

TEST_F(CommandCommands, MakesAndTakesTokens) {
    const Ended made = run({"token", "create", "app", "--scope", "read"});
    EXPECT_EQ(made.code, 0) << made.err;
    EXPECT_TRUE(made.out.starts_with("hf_"));
    EXPECT_EQ(run({"token", "create", "app"}).code, 1);
    EXPECT_EQ(run({"token", "create", "a b"}).code, 2);
    EXPECT_EQ(run({"token", "ls"}).out, "TOKEN  SCOPE\nadmin  admin\napp    read\n");
    EXPECT_EQ(json::parse(run({"token", "create", "other", "--json"}).out).at("scope"), "command");
    EXPECT_EQ(std::filesystem::status(directory / "tokens").permissions(), std::filesystem::perms(0600));
    std::ifstream file(directory / "tokens");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(text.find(made.out.substr(3, 20)), std::string::npos);
    EXPECT_EQ(run({"token", "rm", "app"}).code, 0);
    EXPECT_EQ(run({"token", "rm", "app"}).code, 4);
    variables["HOLDFAST_DATA_DIR"] = "/nothing/here";
    EXPECT_EQ(run({"token", "ls"}).code, 2);
}

TEST_F(CommandCommands, SaysWhatATokenMayNot) {
    ASSERT_EQ(run({"token", "create", "reader", "--scope", "read"}).code, 0);
    const std::string secret =
        json::parse(run({"--json", "token", "create", "reader-2", "--scope", "read"}).out).at("token").as_string().c_str();
    variables["HOLDFAST_TOKEN"] = secret;
    const Ended refused = run({"command", "send", "meter-7", "ping"});
    EXPECT_EQ(refused.code, 5);
    // The stage's API looks at no token file; a stranger's token is all it sees.
    EXPECT_FALSE(refused.err.empty());
}

TEST(MomentText, IsLocalUnlessItHasAZone) {
    ::setenv("TZ", "Europe/Berlin", 1);
    ::tzset();
    EXPECT_EQ(parse_moment("2026-12-01T08:00"), parse_rfc3339("2026-12-01T07:00:00Z"));
    EXPECT_EQ(parse_moment("2026-07-01 08:00:30.5"), parse_rfc3339("2026-07-01T06:00:30.500Z"));
    EXPECT_EQ(parse_moment("2026-12-01T08:00Z"), parse_rfc3339("2026-12-01T08:00:00Z"));
    EXPECT_EQ(parse_moment("2026-12-01T08:00+05:30"), parse_rfc3339("2026-12-01T02:30:00Z"));
    ::unsetenv("TZ");
    ::tzset();
    for (const std::string_view bad : {"", "noon", "2026-12-01", "2026-12-01T25:00", "2026-12-01T08:00x"})
        EXPECT_EQ(parse_moment(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace holdfast::cli
