// The command line against a real API.

#include "cli/command_line.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "admin_stage.h"
#include "command_line_stage.h"

namespace holdfast::cli {
namespace {

using test::AdminStage;
using CommandLine = CommandLineStage;

TEST_F(CommandLine, ListsClustersAndNodes) {
    stage.connect("meter-7", "east-1", 1);
    const Ended clusters = run({"cluster", "ls"});
    EXPECT_EQ(clusters.code, 0) << clusters.err;
    EXPECT_EQ(clusters.out,
              "CLUSTER  NODES   DEVICES  CONNECTED  WEIGHT  SOURCE  NEW DEVICES\n"
              "east     2/2 up        1          1     100  api     yes\n"
              "west     1/1 up        0          0     100  api     yes\n");
    EXPECT_NE(run({"node", "ls", "--cluster", "east"}).out.find("east-2  east     127.0.0.1:1  up"), std::string::npos);
    EXPECT_NE(run({"node", "show", "east-1"}).out.find("state         up, since"), std::string::npos);
}

TEST_F(CommandLine, ShowsMovesAndExplainsADevice) {
    stage.connect("meter-7", "east-1", 1);
    const Ended shown = run({"device", "show", "meter-7"});
    EXPECT_EQ(shown.code, 0);
    EXPECT_NE(shown.out.find("cluster         east\n"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("node            east-1\n"), std::string::npos);
    EXPECT_NE(shown.out.find("connected       yes, since 0 s, from 127.0.0.9:40001, MQTT 5\n"), std::string::npos) << shown.out;
    const Ended moved = run({"device", "move", "meter-7", "--to", "west"});
    EXPECT_EQ(moved.code, 0);
    EXPECT_EQ(moved.out, "meter-7 belongs to west now; it is asked to come back, and lands there.\n");
    const Ended explained = run({"device", "explain", "meter-7"});
    EXPECT_NE(explained.out.find("If meter-7 connects now, it goes to west-1 in west:\n"), std::string::npos) << explained.out;
    EXPECT_NE(explained.out.find("accepted by east-1 (hash)"), std::string::npos) << explained.out;
    EXPECT_NE(run({"device", "show", "meter-7"}).out.find("explicit route  west\n"), std::string::npos);
    EXPECT_EQ(run({"device", "release", "meter-7"}).code, 0);
}

TEST_F(CommandLine, ListsDevicesPageByPage) {
    stage.add_devices("meter-", 2500);
    EXPECT_NE(run({"device", "ls"}).out.find("... and more; see them with --limit 0"), std::string::npos);
    const Ended all = run({"--json", "device", "ls", "--limit", "0"});
    EXPECT_EQ(boost::json::parse(all.out).at("items").as_array().size(), 2500u);
    EXPECT_EQ(run({"device", "ls", "--tag", "none"}).out, "No such devices.\n");
    EXPECT_EQ(boost::json::parse(run({"device", "ls", "--limit", "7", "--json"}).out).at("items").as_array().size(), 7u);
}

TEST_F(CommandLine, AddsChangesAndForgetsDevices) {
    EXPECT_EQ(run({"device", "add", "lock 1/a", "--tag", "blue", "--tag", "old", "--home", "west", "--note", "x"}).code, 0);
    EXPECT_NE(run({"device", "show", "lock 1/a"}).out.find("tags            blue old\n"), std::string::npos);
    EXPECT_NE(run({"device", "set", "lock 1/a", "--disable"}).out.find("refused at CONNECT"), std::string::npos);
    EXPECT_EQ(run({"device", "rm", "lock 1/a"}).out, "Device lock 1/a is forgotten.\n");
    EXPECT_EQ(run({"device", "rm", "lock 1/a"}).code, 4);
}

TEST_F(CommandLine, ImportsFilesAndStandardInput) {
    const auto file = directory / "devices.csv";
    std::ofstream(file) << "id,home\na,east\nb,nowhere\n";
    const Ended checked = run({"device", "import", file, "--dry-run"});
    EXPECT_EQ(checked.code, 1);
    EXPECT_EQ(
        checked.out,
        "line 3 (b): there is no cluster 'nowhere'\nChecked only: 2 records: 1 created, 0 updated, 0 skipped, 1 failed\n");
    EXPECT_EQ(run({"device", "import", "-", "--format", "ndjson"}, "{\"id\":\"x\"}\n{\"id\":\"y\"}\n").code, 0);
    EXPECT_EQ(run({"device", "import", "-", "--format", "ndjson", "--existing", "skip"}, "{\"id\":\"x\"}\n").out,
              "1 records: 0 created, 0 updated, 1 skipped, 0 failed\n");
    EXPECT_EQ(run({"device", "import", "-"}, "").code, 2);
    EXPECT_EQ(run({"device", "import", (directory / "none.csv").string()}).code, 1);
    EXPECT_EQ(run({"device", "import", "-", "--format", "csv"}, "name\nx\n").code, 1);
}

TEST_F(CommandLine, DrainsAndWatchesMoves) {
    stage.connect("meter-7", "east-1", 1);
    EXPECT_NE(run({"node", "drain", "east-1", "--pace", "1"}).out.find("Node east-1 drains: 1 connected."), std::string::npos);
    EXPECT_NE(run({"move", "ls"}).out.find("1/s"), std::string::npos);
    EXPECT_EQ(run({"node", "undrain", "east-1"}).out, "Node east-1 takes devices again; it is up.\n");
    EXPECT_EQ(run({"move", "start", "--cluster", "east", "--to", "west"}).code, 0);
    EXPECT_EQ(run({"move", "start", "--to", "west"}).code, 2);
    EXPECT_EQ(run({"move", "start", "--cluster", "east", "--to", "west", "--release"}).code, 2);
    EXPECT_EQ(run({"move", "show", "99"}).code, 4);
}

TEST_F(CommandLine, ListsAndEndsConnections) {
    stage.connect("meter-7", "east-1", 1);
    EXPECT_NE(run({"connection", "ls"}).out.find("0-1         meter-7  east-1"), std::string::npos)
        << run({"connection", "ls"}).out;
    EXPECT_EQ(run({"connection", "end", "0-1"}).out, "Connection 0-1 is being ended.\n");
    EXPECT_EQ(run({"connection", "end", "0-9"}).code, 4);
    EXPECT_EQ(run({"fight", "ls"}).out, "No device fights over an id.\n");
    EXPECT_EQ(run({"refusal", "ls"}).out, "No CONNECT was refused.\n");
}

TEST_F(CommandLine, ShowsWhatHappened) {
    const Ended all = run({"events"});
    EXPECT_EQ(all.code, 0) << all.err;
    EXPECT_NE(all.out.find("node_up"), std::string::npos) << all.out;
    EXPECT_EQ(run({"events", "--since", "1h"}).out, all.out);
    EXPECT_EQ(run({"events", "--limit", "1"}).out, all.out.substr(all.out.rfind('\n', all.out.size() - 2) + 1));
    EXPECT_EQ(run({"events", "--since", "yesterday"}).code, 2);
    const Ended followed = run({"events", "--follow", "--since", "0", "--count", "2", "--json"});
    EXPECT_EQ(followed.code, 0);
    EXPECT_EQ(boost::json::parse(followed.out.substr(0, followed.out.find('\n'))).at("id"), 1);
}

TEST_F(CommandLine, TellsHowHoldfastIs) {
    EXPECT_NE(run({"health"}).out.find("status     ok\n"), std::string::npos);
    EXPECT_EQ(run({"health"}).code, 0);
    stage.store.hold("the disk is full");
    EXPECT_EQ(run({"health"}).code, 1);
    EXPECT_EQ(run({"health", "--json"}).code, 1);
    EXPECT_NE(run({"cluster", "set", "east", "--weight", "7"}).err.find("done, but not stored yet: the disk is full"),
              std::string::npos);
    variables.erase("HOLDFAST_TOKEN");
    EXPECT_EQ(run({"health"}).out, "Holdfast is live; give a token to see more.\n");
}

TEST_F(CommandLine, EndsWithACodeThatSaysWhy) {
    EXPECT_EQ(run({"device", "show", "nobody"}).code, 4);
    EXPECT_EQ(run({"device", "show", "nobody"}).err.substr(0, 10), "holdfast: ");
    EXPECT_EQ(run({"cluster", "add", "east"}).code, 1);
    EXPECT_EQ(run({"--token", "wrong-token-wrong-token", "cluster", "ls"}).code, 5);
    variables.erase("HOLDFAST_TOKEN");
    const Ended without = run({"cluster", "ls"});
    EXPECT_EQ(without.code, 5);
    EXPECT_NE(without.err.find("no admin token: give it by --token or HOLDFAST_TOKEN"), std::string::npos);
    EXPECT_EQ(run({"cluster", "ls", "--api", "127.0.0.1:x"}).code, 2);
}

TEST_F(CommandLine, SaysWhenNoHoldfastAnswers) {
    // A port that was free a moment ago and is not listened on.
    const std::uint16_t port = [] {
        boost::asio::io_context io;
        return boost::asio::ip::tcp::acceptor(io, {boost::asio::ip::make_address("127.0.0.1"), 0}).local_endpoint().port();
    }();
    const Ended ended = run({"--api", fmt::format("127.0.0.1:{}", port), "cluster", "ls"});
    EXPECT_EQ(ended.code, 3);
    EXPECT_EQ(ended.err,
              fmt::format("holdfast: no Holdfast answers at 127.0.0.1:{}; start one with: holdfast up --demo\n", port));
}

TEST_F(CommandLine, HelpsWithWhatIsMisspelt) {
    const Ended misspelt = run({"device", "sho", "meter-7"});
    EXPECT_EQ(misspelt.code, 2);
    EXPECT_NE(misspelt.err.find("Did you mean 'show'?"), std::string::npos) << misspelt.err;
    EXPECT_NE(misspelt.err.find("See: holdfast device --help"), std::string::npos) << misspelt.err;
    EXPECT_EQ(run({"--api", "x", "clutser", "ls"}).err,
              "holdfast: there is no 'clutser' in 'holdfast'\nDid you mean 'cluster'?\nSee: holdfast --help\n");
    EXPECT_EQ(run({"group", "--sentinel", "127.0.0.1:1", "shwo", "m"}).err,
              "holdfast: there is no 'shwo' in 'holdfast group'\nDid you mean 'show'?\nSee: holdfast group --help\n");
    EXPECT_EQ(run({"cluster", "ls", "--wat"}).code, 2);
    EXPECT_EQ(run({"device", "move", "meter-7"}).code, 2);
    EXPECT_EQ(run({}).code, 2);
    EXPECT_NE(run({}).out.find("Exit codes:"), std::string::npos);
    const Ended help = run({"device", "move", "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.out.find("--to"), std::string::npos);
}

TEST_F(CommandLine, HandsItsArgumentsToTheProgramsThatRunHere) {
    EXPECT_EQ(run({"up", "--demo", "--data-dir", "/d", "--set", "gateway.threads=2", "--set", "log.level=debug"}).code, 17);
    ASSERT_TRUE(up);
    EXPECT_TRUE(up->demo);
    EXPECT_EQ(up->data_dir, "/d");
    EXPECT_EQ(up->sets, (std::vector<std::string>{"gateway.threads=2", "log.level=debug"}));
    EXPECT_EQ(run({"simulate", "--devices", "7", "--to", "127.0.0.1:99", "--profile", "flaky", "--qos", "1", "--mqtt", "3.1.1",
                   "--duration", "5s"})
                  .code,
              18);
    ASSERT_TRUE(simulation);
    EXPECT_EQ(simulation->devices, 7u);
    EXPECT_EQ(simulation->to.port, 99);
    EXPECT_EQ(simulation->profile, simulate::Profile::flaky);
    EXPECT_EQ(simulation->qos, mqtt::QoS::at_least_once);
    EXPECT_EQ(simulation->version, mqtt::Version::v311);
    EXPECT_EQ(simulation->duration, std::chrono::seconds(5));
    EXPECT_EQ(run({"simulate", "--profile", "lazy"}).code, 2);
    EXPECT_EQ(run({"sentinel", "/s.conf", "--port", "5000", "--token", "x"}).code, 21);
    ASSERT_TRUE(sentinel);
    EXPECT_EQ(sentinel->config_file, "/s.conf");
    EXPECT_EQ(sentinel->overrides, (std::vector<std::string>{"--port", "5000", "--token", "x"}));
}

TEST_F(CommandLine, ChecksSettings) {
    const auto file = directory / "holdfast.toml";
    std::ofstream(file) << "[gateway]\nthreds = 2\n";
    const Ended wrong = run({"config", "check", file});
    EXPECT_EQ(wrong.code, 1);
    EXPECT_NE(wrong.out.find("threads"), std::string::npos) << wrong.out;
    std::ofstream(file) << "[gateway]\nthreads = 2\n";
    EXPECT_EQ(run({"config", "check", "--config", file}).code, 0);
    EXPECT_NE(run({"config", "show", file}).out.find("gateway.threads"), std::string::npos);
    EXPECT_NE(run({"config", "reference"}).out.find("gateway.threads"), std::string::npos);
}

TEST_F(CommandLine, CompletesInEveryShell) {
    for (const char* const shell : {"bash", "zsh", "fish"}) {
        const Ended ended = run({"completion", shell});
        EXPECT_EQ(ended.code, 0);
        EXPECT_NE(ended.out.find("undrain"), std::string::npos) << shell;
        EXPECT_NE(ended.out.find("pace"), std::string::npos) << shell;
    }
    EXPECT_EQ(run({"completion", "csh"}).code, 2);
    const auto file = directory / "completion.bash";
    std::ofstream(file) << run({"completion", "bash"}).out
                        << "\nCOMP_WORDS=(holdfast node dr); COMP_CWORD=2; _holdfast; echo \"${COMPREPLY[@]}\"\n";
    std::FILE* const shell = ::popen(fmt::format("bash {} 2>&1", file.string()).c_str(), "r");
    ASSERT_NE(shell, nullptr);
    std::array<char, 200> line{};
    const bool read = std::fgets(line.data(), line.size(), shell) != nullptr;
    ::pclose(shell);
    ASSERT_TRUE(read);
    EXPECT_STREQ(line.data(), "drain\n");
}

TEST_F(CommandLine, TellsItsVersion) {
    EXPECT_EQ(run({"version"}).out.substr(0, 9), "holdfast ");
}

}  // namespace
}  // namespace holdfast::cli
