#include "sentinel/config_file.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <string>
#include <vector>

#include "sentinel/config_rewrite.h"
#include "state_of_saved.h"

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;

ConfigFile read(std::string_view text) {
    auto file = read_config_file(text);
    EXPECT_TRUE(file.has_value()) << (file ? "" : file.error().message());
    return file ? *file : ConfigFile{};
}

std::string error_of(std::string_view text, const ConfigFileWorld& world = {}) {
    const auto file = read_config_file(text, world);
    return file ? "" : file.error().message();
}

/// The last line of the error: what is wrong.
std::string complaint_about(std::string_view text) {
    const std::string error = error_of(text);
    return error.substr(error.rfind('\n') + 1);
}

TEST(ConfigFile, ReadsWhatAnOperatorWrites) {
    const ConfigFile file = read(
        "port 5000\n"
        "dir \"/tmp/a b\"\n"
        "bind 127.0.0.1 -::1\n"
        "requirepass 's3 cret'\n"
        "user worker on >x ~* +@all\n"
        "tls-port 5001\n"
        "# a comment\n"
        "\n"
        "sentinel down-after-milliseconds mymaster 5000\n"
        "   SENTINEL   Monitor mymaster 127.0.0.1 6379 2\n"
        "sentinel failover-timeout mymaster 60000\n"
        "sentinel parallel-syncs mymaster 3\n"
        "sentinel auth-pass mymaster \"a\\x01 b\"\n"
        "sentinel auth-user mymaster worker\n"
        "sentinel master-reboot-down-after-period mymaster 700\n"
        "sentinel rename-command mymaster config \"\"\n"
        "sentinel announce-ip 10.0.0.1\n"
        "sentinel announce-port 7000\n"
        "sentinel sentinel-user peer\n"
        "sentinel sentinel-pass pp\n"
        "sentinel deny-scripts-reconfig no\n");
    EXPECT_EQ(file.server.port, 5000);
    EXPECT_EQ(file.server.dir, "/tmp/a b");
    EXPECT_EQ(file.server.bind, (std::vector<std::string>{"127.0.0.1", "-::1"}));
    EXPECT_EQ(file.server.users, (std::vector<std::vector<std::string>>{{"worker", "on", ">x", "~*", "+@all"}}));
    EXPECT_EQ(file.server.tls.port, 5001);
    const SentinelOptions& options = file.saved.options;
    EXPECT_EQ(options.port, 5000);
    EXPECT_EQ(options.require_pass, "s3 cret");
    EXPECT_EQ(options.announce, (Address{"10.0.0.1", 7000}));
    EXPECT_EQ(options.peer_user, "peer");
    EXPECT_EQ(options.peer_pass, "pp");
    EXPECT_FALSE(options.deny_scripts_reconfig);
    ASSERT_EQ(file.saved.groups.size(), 1U);
    const SavedGroup& group = file.saved.groups[0];
    EXPECT_EQ(group.name, "mymaster");
    EXPECT_EQ(group.master, (Address{"127.0.0.1", 6379}));
    EXPECT_EQ(group.options.quorum, 2U);
    EXPECT_EQ(group.options.down_after, 5s);
    EXPECT_EQ(group.options.failover_timeout, 60s);
    EXPECT_EQ(group.options.parallel_syncs, 3U);
    EXPECT_EQ(group.options.auth_pass, "a\x01 b");
    EXPECT_EQ(group.options.auth_user, "worker");
    EXPECT_EQ(group.options.reboot_down_after, 700ms);
    EXPECT_EQ(group.options.renamed_commands, (std::map<std::string, std::string>{{"CONFIG", ""}}));
    EXPECT_TRUE(file.warnings.empty());
}

TEST(ConfigFile, ReadsWhatASentinelWroteInOldFormsToo) {
    const ConfigFile file = read(
        "sentinel myid aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "sentinel monitor m 127.0.0.1 1 1\n"
        "sentinel config-epoch m 4\n"
        "sentinel leader-epoch m 7\n"
        "sentinel known-slave m 127.0.0.1 2\n"
        "sentinel known-replica m 127.0.0.1 2\n"
        "sentinel known-replica m 0:0::1 3\n"
        "sentinel known-sentinel m 127.0.0.1 4\n"
        "sentinel known-sentinel m 127.0.0.1 5 bbbb\n"
        "sentinel current-epoch 6\n"
        "sentinel\n");
    EXPECT_EQ(file.saved.my_id, std::string(40, 'a'));
    EXPECT_EQ(file.saved.current_epoch, 7U);
    const SavedGroup& group = file.saved.groups.at(0);
    EXPECT_EQ(group.config_epoch, 4U);
    EXPECT_EQ(group.leader_epoch, 7U);
    ASSERT_EQ(group.replicas.size(), 2U);
    EXPECT_EQ(group.replicas[1].address, (Address{"::1", 3}));
    ASSERT_EQ(group.peers.size(), 1U);
    EXPECT_EQ(group.peers[0].run_id, "bbbb");
}

TEST(ConfigFile, AnnouncesTheTlsPortWhereInstancesAreReachedByTls) {
    EXPECT_EQ(read("port 1\ntls-port 2\ntls-replication yes\n").saved.options.port, 2);
    EXPECT_EQ(read("port 1\ntls-port 2\n").saved.options.port, 1);
    EXPECT_EQ(read("tls-replication yes\n").saved.options.port, 26379);
}

TEST(ConfigFile, ErrorsNameTheLineAndSayWhatRedisSays) {
    EXPECT_EQ(
        error_of("\n\nsentinel monitor m 127.0.0.1 1 0\n"),
        "Reading the configuration file, at line 3\n>>> 'sentinel monitor m 127.0.0.1 1 0'\nQuorum must be 1 or greater.");
    EXPECT_EQ(config_error_headline("1.0"), "*** FATAL CONFIG FILE ERROR (Holdfast 1.0) ***");
    const std::string monitor = "sentinel monitor m 127.0.0.1 1 1\n";
    const std::string unrecognized = "Unrecognized sentinel configuration statement.";
    EXPECT_EQ(complaint_about("sentinel monitor m 127.0.0.1 1"), unrecognized);
    EXPECT_EQ(complaint_about("sentinel foo"), unrecognized);
    EXPECT_EQ(complaint_about(monitor + "sentinel rename-command m CONFIG \n"), unrecognized);
    EXPECT_EQ(complaint_about("sentinel monitor m 127.0.0.1 70000 1"), "Invalid port number.");
    EXPECT_EQ(complaint_about("sentinel monitor m name 1 1"), "Can't resolve instance hostname.");
    EXPECT_EQ(complaint_about(monitor + monitor), "Duplicate master name.");
    EXPECT_EQ(complaint_about(monitor + "sentinel down-after-milliseconds m 0"), "negative or zero time parameter.");
    EXPECT_EQ(complaint_about(monitor + "sentinel down-after-milliseconds q 1"), "No such master with specified name.");
    EXPECT_EQ(complaint_about(monitor + "sentinel auth-pass m \"a"), "Unbalanced quotes in configuration line");
    EXPECT_EQ(complaint_about(monitor + "sentinel known-replica m 127.0.0.1 2\nsentinel known-replica m 127.0.0.1 2"),
              "Duplicate hostname and port for replica.");
    EXPECT_EQ(complaint_about(monitor + "sentinel known-sentinel m 127.0.0.1 2 a\nsentinel known-sentinel m 127.0.0.1 3 a"),
              "Duplicate runid for sentinel.");
    EXPECT_EQ(complaint_about(monitor + "sentinel rename-command m A B\nsentinel rename-command m a C"),
              "Same command renamed multiple times with rename-command.");
    EXPECT_EQ(complaint_about("sentinel deny-scripts-reconfig maybe"),
              "Please specify yes or no for the deny-scripts-reconfig options.");
    EXPECT_EQ(complaint_about("sentinel resolve-hostnames maybe"),
              "Please specify yes or no for the resolve-hostnames option.");
    EXPECT_EQ(complaint_about("sentinel myid short"), "Malformed Sentinel id in myid option.");
    EXPECT_EQ(complaint_about(monitor + "sentinel master-reboot-down-after-period m -1"), "negative time parameter.");
    EXPECT_EQ(complaint_about("port x"), "argument couldn't be parsed into an integer");
    EXPECT_EQ(complaint_about("port 1 2"), "wrong number of arguments");
    EXPECT_EQ(complaint_about("protected-mode x"), "argument must be 'yes' or 'no'");
    EXPECT_EQ(complaint_about("loglevel x"), "argument(s) must be one of the following: debug, verbose, notice, warning");
    EXPECT_EQ(complaint_about("user a on\nuser a off"),
              "Error in user declaration 'a': Duplicate user found. A user can only be defined once in config files");
}

TEST(ConfigFile, ErrorsDoNotShowSecrets) {
    EXPECT_EQ(error_of("sentinel auth-pass m \"secret"),
              "Reading the configuration file, at line 1\n>>> 'sentinel auth-pass (hidden)'\n"
              "Unbalanced quotes in configuration line");
    EXPECT_FALSE(error_of("requirepass s3 cret").contains("s3"));
    EXPECT_FALSE(error_of("user a on >s3\nuser a on >s3").contains("s3"));
}

TEST(ConfigFile, SkipsWhatItDoesNotKnowWithAWarning) {
    const ConfigFile file = read("save 1 1\nhz 10\nio-threads 4\nno-such-thing\n");
    EXPECT_EQ(file.warnings, (std::vector<std::string>{"line 3: 'io-threads' means nothing to a sentinel and is skipped",
                                                       "line 4: 'no-such-thing' means nothing to a sentinel and is skipped"}));
    EXPECT_EQ(read("requirepass x\nuser default on nopass ~* &* +@all\n").warnings.size(), 1U);
    EXPECT_EQ(read("requirepass x\nuser default on >x ~* &* +@all\n").warnings.size(), 0U);
    EXPECT_EQ(read("sentinel monitor m 127.0.0.1 x1 1\n").warnings,
              (std::vector<std::string>{"line 1: 'x1' is not a number, and was read as 0"}));
}

TEST(ConfigFile, AsksTheWorldForScriptsAndIncludedFiles) {
    ConfigFileWorld world;
    world.is_executable = [](std::string_view path) { return path == "/bin/true"; };
    world.include = [](std::string_view path) -> std::optional<std::string> {
        if (path == "loop") return "include loop\n";
        if (path != "other") return std::nullopt;
        return "port 7\nsentinel monitor m 127.0.0.1 1 1\n";
    };
    const auto file = read_config_file("sentinel notification-script m /bin/true\ninclude other\n", world);
    ASSERT_TRUE(file.has_value()) << file.error().message();
    EXPECT_EQ(file->server.port, 7);
    EXPECT_EQ(file->saved.groups.at(0).options.notification_script, "/bin/true");
    EXPECT_TRUE(error_of("include nothing\n", world).ends_with("The included file cannot be read"));
    EXPECT_TRUE(error_of("include loop\n", world).ends_with("The included file cannot be read"));
    EXPECT_TRUE(error_of("sentinel monitor m 127.0.0.1 1 1\nsentinel client-reconfig-script m /x\n", world)
                    .ends_with("Client reconfiguration script seems non existing or non executable."));
}

TEST(ConfigFile, TakesItsOwnSettingsFromComments) {
    EXPECT_EQ(read("# holdfast: early-suspicion 100\n").saved.options.early_suspicion, 100ms);
    EXPECT_EQ(read("# about holdfast: nothing\n").saved.options, SentinelOptions{});
    EXPECT_EQ(complaint_about("# holdfast: eraly-suspicion 100\n"), "Holdfast has no such setting");
    EXPECT_EQ(complaint_about("# holdfast: early-suspicion soon\n"), "It must be between 0 and 3600000 milliseconds");
    EXPECT_EQ(complaint_about("# holdfast: early-suspicion\n"), "A setting of Holdfast is a name and a number of milliseconds");
}

TEST(ConfigFile, OptionsOfTheCommandLineAreLines) {
    const std::vector<std::string> arguments{"--port", "5000", "--sentinel", "monitor",   "m", "127.0.0.1",
                                             "1",      "2",    "--sentinel", "auth-pass", "m", "a b"};
    const std::string lines = lines_of_arguments(arguments);
    EXPECT_EQ(lines, "port 5000\nsentinel monitor m 127.0.0.1 1 2\nsentinel auth-pass m \"a b\"\n");
    const std::vector<std::string> one{"--port 5000"};
    EXPECT_EQ(lines_of_arguments(one), "port 5000\n");
}

TEST(ConfigRewrite, KeepsLinesOfTheUserAndAddsWhatIsNew) {
    const std::string old_text =
        "# head comment   \r\n"
        "port 27009\n"
        "\t# indented comment\n"
        "sentinel announce-ip   10.0.0.9\n"
        "\n\n\n"
        "SENTINEL monitor \"m1\" 127.0.0.1 27101 2\n"
        "sentinel down-after-milliseconds m1 60000\n"
        "sentinel parallel-syncs m1 1\n"
        "sentinel known-slave m1 127.0.0.1 27102\n"
        "sentinel deny-scripts-reconfig yes\n"
        "loglevel notice\n";
    State state = state_of(read(old_text).saved);
    state.my_id = std::string(40, 'c');
    EXPECT_EQ(rewrite_config_file(old_text, state),
              "# head comment\n"
              "port 27009\n"
              "# indented comment\n"
              "sentinel announce-ip \"10.0.0.9\"\n"
              "\n"
              "sentinel monitor m1 127.0.0.1 27101 2\n"
              "sentinel down-after-milliseconds m1 60000\n"
              "\n"
              "sentinel known-replica m1 127.0.0.1 27102\n"
              "sentinel deny-scripts-reconfig yes\n"
              "loglevel notice\n"
              "\n"
              "# Generated by CONFIG REWRITE\n"
              "sentinel myid cccccccccccccccccccccccccccccccccccccccc\n"
              "sentinel config-epoch m1 0\n"
              "sentinel leader-epoch m1 0\n"
              "sentinel current-epoch 0\n");
}

/// What redis-sentinel 7.0.15 made of this file, without the directives of the server that it adds.
TEST(ConfigRewrite, WritesWhatRedisSentinelWrites) {
    const std::string rest =
        "sentinel announce-port 7777\n"
        "\n"
        "sentinel sentinel-user su\n"
        "sentinel sentinel-pass sp\n"
        "sentinel deny-scripts-reconfig yes\n"
        "sentinel resolve-hostnames no\n"
        "sentinel announce-hostnames no\n"
        "sentinel monitor m1 127.0.0.1 27101 2\n"
        "sentinel down-after-milliseconds m1 60000\n"
        "sentinel failover-timeout m1 170000\n"
        "sentinel parallel-syncs m1 3\n"
        "sentinel notification-script m1 /bin/true\n"
        "sentinel client-reconfig-script m1 /bin/true\n"
        "sentinel auth-pass m1 pw\n"
        "sentinel auth-user m1 usr\n"
        "sentinel master-reboot-down-after-period m1 500\n"
        "sentinel config-epoch m1 4\n"
        "sentinel leader-epoch m1 5\n"
        "sentinel known-replica m1 127.0.0.1 27102\n"
        "sentinel known-sentinel m1 127.0.0.1 27202 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "sentinel rename-command m1 CONFIG guess\n"
        "sentinel current-epoch 9\n";
    const std::string old_text = "# head\nport 27009\nsentinel announce-ip 10.0.0.9\n\n" + rest;
    State state = state_of(read(old_text).saved);
    state.my_id = std::string(40, 'c');
    EXPECT_EQ(rewrite_config_file(old_text, state),
              "# head\nport 27009\nsentinel announce-ip \"10.0.0.9\"\n\n" + rest +
                  "\n# Generated by CONFIG REWRITE\nsentinel myid cccccccccccccccccccccccccccccccccccccccc\n");
}

TEST(ConfigRewrite, DropsLinesOfGroupsThatAreNoMoreAndOfDefaults) {
    const std::string old_text =
        "sentinel monitor a 127.0.0.1 1 1\n"
        "sentinel auth-pass a secret\n"
        "sentinel monitor b 127.0.0.1 2 1\n"
        "sentinel down-after-milliseconds b 5000\n"
        "# Generated by CONFIG REWRITE\n"
        "sentinel known-replica a 127.0.0.1 3\n"
        "sentinel announce-port 5\n"
        "end-of-file\n";
    State state = state_of(read(old_text).saved);
    state.my_id = std::string(40, 'c');
    state.groups.erase("a");
    state.groups.at("b").options.down_after = 30s;
    state.options.announce.port = 0;
    EXPECT_EQ(rewrite_config_file(old_text, state),
              "\n"
              "sentinel monitor b 127.0.0.1 2 1\n"
              "\n"
              "# Generated by CONFIG REWRITE\n"
              "\n"
              "end-of-file\n"
              "\n"
              "sentinel myid cccccccccccccccccccccccccccccccccccccccc\n"
              "sentinel config-epoch b 0\n"
              "sentinel leader-epoch b 0\n"
              "sentinel current-epoch 0\n");
}

TEST(ConfigRewrite, LinesOfEachGroupStayWhereTheyAre) {
    const std::string old_text =
        "sentinel monitor b 127.0.0.1 2 1\n"
        "sentinel monitor a 127.0.0.1 1 1\n"
        "sentinel known-replica b 127.0.0.1 9\n"
        "sentinel known-replica b 127.0.0.1 8\n"
        "sentinel known-replica a 127.0.0.1 7\n";
    State state = state_of(read(old_text).saved);
    state.my_id = std::string(40, 'c');
    const std::string text = rewrite_config_file(old_text, state);
    EXPECT_TRUE(text.starts_with(old_text)) << text;
}

TEST(ConfigRewrite, NamesTheNewMasterFromThePromotionOn) {
    State state = state_of(read("sentinel monitor m 127.0.0.1 1 1\nsentinel known-replica m 127.0.0.1 2\n"
                                "sentinel known-replica m 127.0.0.1 3\n")
                               .saved);
    Group& group = state.groups.at("m");
    group.chosen = "127.0.0.1:2";
    group.step = FailoverStep::wait_promotion;
    EXPECT_TRUE(rewrite_config_file("", state).contains("sentinel monitor m 127.0.0.1 1 1\n"));
    group.step = FailoverStep::repoint_replicas;
    const std::string text = rewrite_config_file("", state);
    EXPECT_TRUE(text.contains("sentinel monitor m 127.0.0.1 2 1\n"));
    EXPECT_TRUE(text.contains("sentinel known-replica m 127.0.0.1 1\n"));
    EXPECT_TRUE(text.contains("sentinel known-replica m 127.0.0.1 3\n"));
    EXPECT_FALSE(text.contains("sentinel known-replica m 127.0.0.1 2\n"));
}

TEST(ConfigRewrite, ReadsTheNamesOfValkeyAndWritesThoseOfRedis) {
    const std::string old_text = "sentinel primary-reboot-down-after-period m 700\nsentinel monitor m 127.0.0.1 1 1\n";
    const State state = state_of(read(old_text).saved);
    EXPECT_EQ(state.groups.at("m").options.reboot_down_after, 700ms);
    EXPECT_TRUE(rewrite_config_file(old_text, state).starts_with("sentinel master-reboot-down-after-period m 700\n"));
}

TEST(ConfigRewrite, ReplacesUsersOnlyWhereTheyAreGiven) {
    const State state = state_of(read("").saved);
    const std::string old_text = "user a on >x\nloglevel debug\nuser b off\n";
    EXPECT_TRUE(rewrite_config_file(old_text, state).starts_with(old_text));
    ServerLines server{.users = std::vector<std::string>{"user c on"}, .loglevel = "warning"};
    EXPECT_TRUE(rewrite_config_file(old_text, state, server).starts_with("user c on\nloglevel warning\n\n"));
}

TEST(ConfigRewrite, TurnsALineThatCannotBeReadIntoAComment) {
    EXPECT_TRUE(rewrite_config_file("x \"y\n", State{}).starts_with("# ??? x \"y\n"));
}

void expect_same(const SavedState& read, const SavedState& expected) {
    EXPECT_EQ(read.my_id, expected.my_id);
    EXPECT_EQ(read.current_epoch, expected.current_epoch);
    EXPECT_EQ(read.options, expected.options);
    const State left = state_of(read);
    const State right = state_of(expected);
    ASSERT_EQ(left.groups.size(), right.groups.size());
    for (const auto& [name, group] : right.groups) {
        ASSERT_TRUE(left.groups.contains(name)) << name;
        const Group& other = left.groups.at(name);
        EXPECT_EQ(other.options, group.options);
        EXPECT_EQ(other.master.address, group.master.address);
        EXPECT_EQ(other.config_epoch, group.config_epoch);
        EXPECT_EQ(other.leader_epoch, group.leader_epoch);
        const auto addresses = [](const std::map<std::string, Instance>& instances) {
            std::map<std::string, Address> out;
            for (const auto& [key, instance] : instances)
                out[key] = instance.address;
            return out;
        };
        EXPECT_EQ(addresses(other.replicas), addresses(group.replicas));
        EXPECT_EQ(addresses(other.peers), addresses(group.peers));
    }
}

std::string any_word() {
    return *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
}
std::string any_name() {
    return *rc::gen::nonEmpty(rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::inRange('a', 'd'), rc::gen::elementOf(std::string(" \"'\\#\n\t\x01\xc3")))));
}
Address any_address() {
    return {.host = *rc::gen::elementOf(std::vector<std::string>{"127.0.0.1", "::1", "10.1.2.3", "fe80::2:0:0:1"}),
            .port = *rc::gen::inRange<std::uint16_t>(1, 5)};
}
Duration any_time() {
    return std::chrono::milliseconds(*rc::gen::inRange(1, 200'000));
}

SavedGroup any_group() {
    SavedGroup group;
    group.name = any_name();
    group.master = any_address();
    group.config_epoch = *rc::gen::inRange(0U, 50U);
    group.leader_epoch = *rc::gen::inRange(0U, 50U);
    GroupOptions& options = group.options;
    options.quorum = *rc::gen::inRange(1U, 9U);
    options.down_after = any_time();
    options.failover_timeout = any_time();
    options.parallel_syncs = *rc::gen::inRange(0U, 5U);
    options.auth_user = any_word();
    options.auth_pass = any_word();
    options.notification_script = any_word();
    options.reboot_down_after = any_time();
    options.renamed_commands["CONFIG"] = any_word();
    for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
        const Address address = any_address();
        const auto same = [&](const SavedInstance& other) { return other.address == address; };
        if (address != group.master && std::ranges::none_of(group.replicas, same))
            group.replicas.push_back({.address = address});
    }
    for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
        group.peers.push_back({.address = any_address(), .run_id = std::string(40, static_cast<char>('a' + count))});
    }
    return group;
}

TEST(ConfigRewrite, WhatIsWrittenIsReadAgain) {
    EXPECT_TRUE(rc::check("read(rewrite(x)) == x, over any older file", [] {
        SavedState saved;
        saved.my_id = std::string(40, 'f');
        saved.current_epoch = *rc::gen::inRange(50U, 99U);
        saved.options.announce = {.host = any_word(), .port = *rc::gen::arbitrary<std::uint16_t>()};
        saved.options.peer_user = any_word();
        saved.options.peer_pass = any_word();
        saved.options.deny_scripts_reconfig = *rc::gen::arbitrary<bool>();
        saved.options.resolve_hostnames = *rc::gen::arbitrary<bool>();
        saved.options.announce_hostnames = *rc::gen::arbitrary<bool>();
        saved.options.early_suspicion = any_time();
        const State older = state_of({.groups = {any_group(), any_group()}});
        for (int count = *rc::gen::inRange(0, 4); count > 0; --count) {
            SavedGroup group = any_group();
            const auto same = [&](const SavedGroup& other) { return other.name == group.name; };
            if (std::ranges::none_of(saved.groups, same)) saved.groups.push_back(std::move(group));
        }
        const State state = state_of(saved);
        const std::string first = rewrite_config_file("", state);
        const std::string over_older = rewrite_config_file(rewrite_config_file("# mine\n", older), state);
        for (const std::string& text : {first, over_older}) {
            const auto file = read_config_file(text);
            RC_ASSERT(file.has_value());
            expect_same(file->saved, saved);
            const std::string again = rewrite_config_file(text, state_of(file->saved));
            RC_ASSERT(rewrite_config_file(again, state) == again);
        }
        RC_ASSERT_FALSE(::testing::Test::HasFailure());
    }));
}

}  // namespace
}  // namespace holdfast::sentinel
