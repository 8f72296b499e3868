#include "settings/load.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "loading.h"

namespace holdfast::settings {
namespace {

using namespace std::chrono_literals;
using testing::environment_of;
using testing::file;
using testing::problems;
using Lines = std::vector<std::string>;

TEST(Load, FillsInTheDefaults) {
    const auto loaded = load(file(""));
    ASSERT_TRUE(loaded);
    const Settings& s = loaded->settings;
    EXPECT_EQ(s.gateway.listen, (std::vector<Address>{{"0.0.0.0", 1883}}));
    EXPECT_EQ(s.gateway.connect_deadline, 10s);
    EXPECT_EQ(s.gateway.connect_max_size.bytes, 256U * 1024);
    EXPECT_EQ(s.gateway.idle_grace, 1.5);
    EXPECT_EQ(s.fleet.identify, (std::vector<IdentityPart>{IdentityPart::client_id}));
    EXPECT_EQ(s.fleet.enrolment, Enrolment::open);
    EXPECT_EQ(s.paths.data_dir, "/home/kim/.local/state/holdfast");
    EXPECT_EQ(s.storage.path, "/home/kim/.local/state/holdfast/fleet.db");
    EXPECT_EQ(s.admin.token_file, "/home/kim/.local/state/holdfast/admin.token");
    EXPECT_TRUE(loaded->sources.empty());
}

TEST(Load, ReadsAWholeFile) {
    const auto loaded = load(file(R"(
log.level = "debug"
[gateway]
listen = ["127.0.0.1:0", "[::1]:0"]
threads = 2
connect_rate = 2500
idle_grace = 2
high_watermark = 131072
[fleet]
identify = ["username", "client_id"]
enrolment = "closed"
sticky = false
[storage]
path = "~/fleet.db"
[[cluster]]
name = "east"
source = "local"
policy = "active-standby"
nodes = 3
base_port = 21883
[[cluster]]
name = "west"
weight = 200
[[cluster.node]]
name = "west-a"
address = "10.0.0.1:1883"
[[cluster.node]]
name = "west-b"
address = "10.0.0.2:1883"
weight = 50
priority = 5
[[allocation.rule]]
prefix = "meter-"
cluster = "east"
[[allocation.rule]]
match = "username"
pattern = "*@west"
cluster = "west"
)"));
    ASSERT_TRUE(loaded) << loaded.error().front().text();
    const Settings& s = loaded->settings;
    EXPECT_EQ(s.log.level, LogLevel::debug);
    EXPECT_EQ(s.gateway.listen, (std::vector<Address>{{"127.0.0.1", 0}, {"::1", 0}}));
    EXPECT_EQ(s.gateway.connect_rate, 2500.0);
    EXPECT_EQ(s.gateway.idle_grace, 2.0);
    EXPECT_EQ(s.gateway.high_watermark.bytes, 131072U);
    EXPECT_EQ(s.fleet.identify, (std::vector<IdentityPart>{IdentityPart::username, IdentityPart::client_id}));
    EXPECT_FALSE(s.fleet.sticky);
    EXPECT_EQ(s.storage.path, "/home/kim/fleet.db");
    ASSERT_EQ(s.clusters.size(), 2U);
    EXPECT_EQ(s.clusters[0], (ClusterSettings{"east", ClusterSource::local, ClusterPolicy::active_standby, 100, 3, 21883, {}}));
    EXPECT_EQ(s.clusters[1].node,
              (std::vector<NodeSettings>{{"west-a", {"10.0.0.1", 1883}, 100, 100}, {"west-b", {"10.0.0.2", 1883}, 50, 5}}));
    EXPECT_EQ(s.allocation_rules, (std::vector<AllocationRuleSettings>{{RuleSubject::device_id, "meter-", "", "east"},
                                                                       {RuleSubject::username, "", "*@west", "west"}}));
    EXPECT_EQ(loaded->sources.at("gateway.threads"), Source::file);
}

TEST(Load, TellsTheClosestNameOfAMistypedOne) {
    EXPECT_EQ(
        problems("[gateway]\nmax_conections = 5\n"),
        (Lines{
            "holdfast.toml:2:1: there is no setting \"gateway.max_conections\"; did you mean \"gateway.max_connections\"?"}));
    EXPECT_EQ(problems("[gatway]\nthreads = 1\n"),
              (Lines{"holdfast.toml:1:2: there is no section \"gatway\"; did you mean [gateway]?"}));
    EXPECT_EQ(problems("[log]\nmax_devices = 5\n"),
              (Lines{"holdfast.toml:2:1: there is no setting \"log.max_devices\"; did you mean \"fleet.max_devices\"?"}));
    EXPECT_EQ(problems("[[clusters]]\nname = \"a\"\n"),
              (Lines{"holdfast.toml:1:3: there is no section \"clusters\"; did you mean [[cluster]]?"}));
    EXPECT_EQ(problems("[gateway]\nzebra = 5\n"), (Lines{"holdfast.toml:2:1: there is no setting \"gateway.zebra\""}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"a\"\nwieght = 1\n"),
              (Lines{"holdfast.toml:3:1: [[cluster]] has no setting \"wieght\"; did you mean \"weight\"?"}));
}

TEST(Load, TellsAWrongKind) {
    EXPECT_EQ(problems("[gateway]\nthreads = \"two\"\n"),
              (Lines{"holdfast.toml:2:11: gateway.threads is \"two\", but must be a whole number from 0 to 256 threads"}));
    EXPECT_EQ(
        problems("[gateway]\nconnect_deadline = 10\n"),
        (Lines{
            "holdfast.toml:2:20: gateway.connect_deadline is 10, but must be a duration from 100ms to 10m, such as \"1.5s\" or "
            "\"200ms\""}));
    EXPECT_EQ(
        problems("[gateway]\nconnect_deadline = \"10 seconds\"\n"),
        (Lines{
            "holdfast.toml:2:20: gateway.connect_deadline is \"10 seconds\", but must be a duration from 100ms to 10m, such as "
            "\"1.5s\" or \"200ms\""}));
    EXPECT_EQ(problems("[fleet]\nsticky = \"yes\"\n"),
              (Lines{"holdfast.toml:2:10: fleet.sticky is \"yes\", but must be true or false"}));
    EXPECT_EQ(problems("[admin]\nlisten = \"localhost\"\n"),
              (Lines{"holdfast.toml:2:10: admin.listen is \"localhost\", but must be an address with a port, such as "
                     "\"127.0.0.1:1883\" or \"[::1]:1883\""}));
    EXPECT_EQ(problems("[gateway]\nlisten = \"0.0.0.0:1883\"\n"),
              (Lines{"holdfast.toml:2:10: gateway.listen is \"0.0.0.0:1883\", but must be a list of 1 to 64 addresses, such as "
                     "[\"0.0.0.0:1883\", \"[::]:1883\"]"}));
    EXPECT_EQ(problems("[gateway]\nlisten = [1883]\n"),
              (Lines{"holdfast.toml:2:11: gateway.listen has 1883 in it, but must be a list of 1 to 64 addresses, such as "
                     "[\"0.0.0.0:1883\", \"[::]:1883\"]"}));
    EXPECT_EQ(problems("[gateway]\nthreads = 1.5\n"),
              (Lines{"holdfast.toml:2:11: gateway.threads is 1.5, but must be a whole number from 0 to 256 threads"}));
    EXPECT_EQ(problems("log = 5\n"), (Lines{"holdfast.toml:1:7: log is 5, but must be a section: [log]"}));
    EXPECT_EQ(problems("cluster = 5\n"),
              (Lines{"holdfast.toml:1:1: cluster must be a list of tables: write [[cluster]] above each"}));
    EXPECT_EQ(problems("[cluster]\nname = \"a\"\n"),
              (Lines{"holdfast.toml:1:2: cluster must be a list of tables: write [[cluster]] above each"}));
    EXPECT_EQ(problems("[paths]\ndata_dir = 1979-05-27\n"),
              (Lines{"holdfast.toml:2:12: paths.data_dir is a date or time, but must be text of at most 4096 characters"}));
}

TEST(Load, TellsTheBoundsAndTheUnit) {
    EXPECT_EQ(
        problems("[gateway]\nmax_connections = 0\n"),
        (Lines{"holdfast.toml:2:19: gateway.max_connections is 0, but must be a whole number from 1 to 10000000 connections"}));
    EXPECT_EQ(problems("[gateway]\nidle_grace = 0.5\n"),
              (Lines{"holdfast.toml:2:14: gateway.idle_grace is 0.5, but must be a number from 1 to 10 times the keep alive"}));
    EXPECT_EQ(problems("[gateway]\nconnect_deadline = \"1ms\"\n"),
              (Lines{"holdfast.toml:2:20: gateway.connect_deadline is \"1ms\", but must be a duration from 100ms to 10m, such "
                     "as \"1.5s\" or "
                     "\"200ms\""}));
    EXPECT_EQ(problems("[gateway]\nconnect_max_size = \"1TiB\"\n"),
              (Lines{"holdfast.toml:2:20: gateway.connect_max_size is \"1TiB\", but must be a size from 64 to 16MiB, such as "
                     "\"64KiB\""}));
    EXPECT_EQ(
        problems("[gateway]\nlisten = []\n"),
        (Lines{
            "holdfast.toml:2:10: gateway.listen is empty, but must be a list of 1 to 64 addresses, such as [\"0.0.0.0:1883\", "
            "\"[::]:1883\"]"}));
    EXPECT_EQ(problems("[gateway]\nidle_grace = nan\n").size(), 1U);
    EXPECT_EQ(problems("[gateway]\nidle_grace = inf\n").size(), 1U);
    EXPECT_EQ(problems("[gateway]\nthreads = -9223372036854775808\n").size(), 1U);
}

TEST(Load, TellsTheChoices) {
    EXPECT_EQ(problems("[log]\nlevel = \"warn\"\n"), (Lines{"holdfast.toml:2:9: log.level is \"warn\", but must be one of "
                                                            "\"debug\", \"info\", \"warning\", \"error\"; did you mean "
                                                            "\"warning\"?"}));
    EXPECT_EQ(problems("[fleet]\nidentify = [\"clientid\"]\n"),
              (Lines{"holdfast.toml:2:12: fleet.identify is \"clientid\", but must be a list of 1 to 4 different parts of "
                     "\"client_id\", "
                     "\"username\", \"common_name\", \"password\"; did you mean \"client_id\"?"}));
}

TEST(Load, TellsContradictions) {
    EXPECT_EQ(problems("[gateway]\nlow_watermark = \"1MiB\"\n"),
              (Lines{"holdfast.toml:2:1: gateway.low_watermark is 1MiB, but must be less than gateway.high_watermark, which is "
                     "256KiB"}));
    EXPECT_EQ(problems("[probe]\nsuspect_after = 5\n"),
              (Lines{"holdfast.toml:2:1: probe.suspect_after is 5, but must not be more than probe.down_after, which is 3"}));
    EXPECT_EQ(problems("[admin]\nlisten = \"0.0.0.0:8080\"\n"),
              (Lines{"holdfast.toml:2:1: admin.listen is \"0.0.0.0:8080\", which other machines can reach; set "
                     "admin.allow_remote = true if "
                     "that is meant, or use a loopback address such as \"127.0.0.1:8080\""}));
    EXPECT_EQ(problems("[admin]\nlisten = \"127.evil.example:8080\"\n").size(), 1U);
    EXPECT_TRUE(problems("[admin]\nlisten = \"0.0.0.0:8080\"\nallow_remote = true\n").empty());
    EXPECT_EQ(problems("[fleet]\nidentify = [\"username\", \"username\"]\n"),
              (Lines{"holdfast.toml:2:1: fleet.identify names \"username\" twice"}));
}

TEST(Load, TellsWhatIsWrongWithClusters) {
    EXPECT_EQ(problems("[[cluster]]\nweight = 1\n"), (Lines{"holdfast.toml:1:1: this [[cluster]] has no name"}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"east\"\n"),
              (Lines{"holdfast.toml:2:1: cluster \"east\" has no nodes; add [[cluster.node]] tables under it, or set source = "
                     "\"local\""}));
    EXPECT_EQ(
        problems("[[cluster]]\nname = \"a b\"\nsource = \"local\"\n"),
        (Lines{
            "holdfast.toml:2:1: cluster.name is \"a b\", but a name has only letters, digits, and the characters . _ - @ :"}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"a\"\nsource = \"local\"\n[[cluster]]\nname = \"a\"\nsource = \"local\"\n"),
              (Lines{"holdfast.toml:5:1: there are two clusters of the name \"a\""}));
    EXPECT_EQ(
        problems("[[cluster]]\nname = \"a\"\nsource = \"local\"\nbase_port = 2000\n[[cluster]]\nname = \"b\"\nsource = "
                 "\"local\"\nbase_port = 2001\n"),
        (Lines{"holdfast.toml:8:1: clusters \"a\" and \"b\" would both have a node on port 2001; move one cluster.base_port"}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"a\"\nsource = \"local\"\n[[cluster]]\nname = \"b\"\n[[cluster.node]]\nname = "
                       "\"a-2\"\naddress = \"h:1\"\n"),
              (Lines{"holdfast.toml:7:1: cluster \"b\" has a node \"a-2\", but cluster \"a\" has one of that name already; "
                     "node names are "
                     "unique in the whole fleet"}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"b\"\nnodes = 3\n[[cluster.node]]\nname = \"b-1\"\naddress = \"h:1\"\n"),
              (Lines{"holdfast.toml:3:1: cluster.nodes is for clusters with source = \"local\"; cluster \"b\" is static"}));
    EXPECT_EQ(
        problems("[[cluster]]\nname = \"b\"\nsource = \"local\"\n[[cluster.node]]\nname = \"b-1\"\naddress = \"h:1\"\n"),
        (Lines{
            "holdfast.toml:5:1: cluster \"b\" is local, so Holdfast makes its nodes; set nodes = 1 instead of [[cluster.node]] "
            "tables"}));
    EXPECT_EQ(problems("[[cluster]]\nname = \"b\"\n[[cluster.node]]\nname = \"b-1\"\naddress = \"h:0\"\n"),
              (Lines{"holdfast.toml:5:1: cluster.node.address is \"h:0\", but a node needs a port"}));
}

TEST(Load, TellsWhatIsWrongWithRules) {
    EXPECT_EQ(problems("[[allocation.rule]]\ncluster = \"east\"\n"),
              (Lines{"holdfast.toml:1:1: an allocation rule needs a prefix or a pattern that is not empty"}));
    EXPECT_EQ(problems("[[allocation.rule]]\nprefix = \"a\"\npattern = \"b\"\ncluster = \"east\"\n"),
              (Lines{"holdfast.toml:3:1: an allocation rule has either a prefix or a pattern, not both"}));
}

TEST(Load, TellsWhereTheFileIsNotToml) {
    const Lines lines = problems("[gateway]\nthreads = \n");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("holdfast.toml:2:11: this is not TOML: ")) << lines[0];
    EXPECT_EQ(problems("[log]\nlevel = \"info\"\nlevel = \"info\"\n").size(), 1U);
    EXPECT_EQ(problems(std::string("[log]\nlevel = \"\xFF\"\n")).size(), 1U);
    EXPECT_EQ(problems(std::string(max_file_size + 1, '#')).size(), 1U);
}

TEST(Load, TellsAllProblemsAtOnceButNotWithoutEnd) {
    EXPECT_EQ(problems("[gateway]\nthreads = -1\nmax_candidates = 0\n[log]\nlevel = 3\n").size(), 3U);
    std::string text = "[gateway]\n";
    for (int i = 0; i < 100; ++i)
        text += fmt::format("zebra_{} = 1\n", i);
    const Lines lines = problems(text);
    ASSERT_EQ(lines.size(), max_problems);
    EXPECT_EQ(lines.back(), "holdfast.toml: 76 more problems");
}

TEST(Load, LetsTheCommandLineWinOverTheEnvironmentOverTheFile) {
    Inputs inputs = file("[gateway]\nthreads = 1\nmax_candidates = 4\nmax_connections = 7\n");
    inputs.environment = environment_of({{"HOLDFAST_GATEWAY_THREADS", "2"}, {"HOLDFAST_GATEWAY_MAX_CANDIDATES", "5"}});
    inputs.overrides = {"gateway.threads=3", "gateway.listen=127.0.0.1:1, [::1]:2"};
    const auto loaded = load(inputs);
    ASSERT_TRUE(loaded) << loaded.error().front().text();
    EXPECT_EQ(loaded->settings.gateway.threads, 3U);
    EXPECT_EQ(loaded->settings.gateway.max_candidates, 5U);
    EXPECT_EQ(loaded->settings.gateway.max_connections, 7U);
    EXPECT_EQ(loaded->settings.gateway.listen, (std::vector<Address>{{"127.0.0.1", 1}, {"::1", 2}}));
    EXPECT_EQ(loaded->sources.at("gateway.threads"), Source::command_line);
    EXPECT_EQ(loaded->sources.at("gateway.max_candidates"), Source::environment);
    EXPECT_EQ(loaded->sources.at("gateway.max_connections"), Source::file);
}

TEST(Load, TellsWhatIsWrongOutsideTheFile) {
    Inputs inputs;
    inputs.environment = environment_of({{"HOLDFAST_LOG_LEVEL", "loud"}});
    inputs.overrides = {"gateway.threads", "gateway.thread=1", "gateway.threads=-1", "cluster.name=a"};
    EXPECT_EQ(
        problems(inputs),
        (Lines{"HOLDFAST_LOG_LEVEL: log.level is \"loud\", but must be one of \"debug\", \"info\", \"warning\", \"error\"",
               "--set gateway.threads: this has no value; write it as section.name=value, for instance log.level=debug",
               "--set gateway.thread: there is no setting \"gateway.thread\"; did you mean \"gateway.threads\"?",
               "--set gateway.threads: gateway.threads is -1, but must be a whole number from 0 to 256 threads",
               "--set cluster.name: lists of tables can only be set in the settings file"}));
}

TEST(Load, NeverRepeatsASecret) {
    const Lines lines = problems(fmt::format("[probe]\npassword = \"{}\"\n", std::string(70000, 'x')));
    EXPECT_EQ(
        lines,
        (Lines{
            "holdfast.toml:2:12: probe.password has a value that does not fit; it must be text of at most 65535 characters"}));
    EXPECT_EQ(
        problems("[probe]\npassword = 1234\n"),
        (Lines{
            "holdfast.toml:2:12: probe.password has a value that does not fit; it must be text of at most 65535 characters"}));
}

TEST(Load, FindsTheDataDirectory) {
    Inputs inputs;
    inputs.environment = environment_of({{"XDG_STATE_HOME", "/var/state"}});
    EXPECT_EQ(load(inputs)->settings.paths.data_dir, "/var/state/holdfast");
    inputs.environment = environment_of({{"XDG_STATE_HOME", "relative"}});
    EXPECT_EQ(load(inputs)->settings.paths.data_dir, "/home/kim/.local/state/holdfast");
    inputs.environment = {};
    EXPECT_EQ(
        problems(inputs),
        (Lines{"paths.data_dir is not set, and neither XDG_STATE_HOME nor HOME says where to keep data; set paths.data_dir"}));
    inputs.overrides = {"paths.data_dir=/srv"};
    EXPECT_EQ(load(inputs)->settings.storage.path, "/srv/fleet.db");
}

TEST(Load, EscapesAndClipsWhatItRepeats) {
    const Lines lines = problems("[log]\nlevel = \"" + std::string(500, 'a') + "\"\n");
    EXPECT_LT(lines.at(0).size(), 250U);
    EXPECT_EQ(problems("[log]\n\"a\\nb\" = 1\n"), (Lines{"holdfast.toml:2:1: there is no setting \"log.a\\x0Ab\""}));
}

RC_GTEST_PROP(Load, TellsAProblemOrLoadsWhateverIsChangedInAFile, ()) {
    std::string text =
        "[gateway]\nlisten = [\"0.0.0.0:1\"]\nconnect_deadline = \"10s\"\n[[cluster]]\nname = \"a\"\n[[cluster.node]]\nname = "
        "\"a-1\"\n"
        "address = \"h:1\"\n[[allocation.rule]]\nprefix = \"m\"\ncluster = \"a\"\n";
    const auto changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto what = *rc::gen::element<char>('\n', '[', ']', '"', '=', '.', '1', 'a', '\0', '\xff', '{', ' ');
        if (*rc::gen::arbitrary<bool>()) {
            text[at] = what;
        } else {
            text.insert(at, 1, what);
        }
    }
    const auto loaded = load(file(text));
    if (loaded) return;
    RC_ASSERT(!loaded.error().empty());
    for (const Problem& problem : loaded.error()) {
        RC_ASSERT(!problem.sentence.empty());
        RC_ASSERT(problem.place.starts_with("holdfast.toml"));
        RC_ASSERT(problem.sentence.size() < 500U);
    }
}

TEST(ReadSettingsFile, SaysWhyItCannot) {
    const auto missing = read_settings_file("/nonexistent/holdfast.toml");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error().message(), "cannot read the settings file /nonexistent/holdfast.toml: No such file or directory");
    EXPECT_TRUE(missing.error().is(SettingsErrc::unreadable_file));
    EXPECT_FALSE(read_settings_file("/proc"));
}

}  // namespace
}  // namespace holdfast::settings
