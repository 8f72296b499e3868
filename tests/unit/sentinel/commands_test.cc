#include "sentinel/commands.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "resp/writer.h"
#include "sentinel/config_file.h"
#include "sentinel/instance_fields.h"

namespace holdfast::sentinel {
namespace {

using namespace std::chrono_literals;
using resp::Reply;

constexpr std::string_view my_id = "cccccccccccccccccccccccccccccccccccccccc";
constexpr std::string_view peer_id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const std::string unknown_master = "-ERR No such master with that name";

/// The reply on one line: a status or error with its sign, a number, a bulk string in quotes, an array in brackets.
std::string line(const Reply& reply) {
    switch (reply.kind) {
        case Reply::Kind::status:
            return "+" + reply.text;
        case Reply::Kind::error:
            return "-" + reply.text;
        case Reply::Kind::integer:
            return fmt::to_string(reply.integer);
        case Reply::Kind::bulk:
            return "'" + reply.text + "'";
        case Reply::Kind::null_bulk:
            return "null";
        case Reply::Kind::null_array:
            return "null array";
        case Reply::Kind::array:
            break;
    }
    std::vector<std::string> items;
    for (const Reply& item : reply.items)
        items.push_back(line(item));
    return fmt::format("[{}]", fmt::join(items, " "));
}

/// The names of a reply of names and values by turns.
std::string names(const Reply& reply) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < reply.items.size(); i += 2)
        out.push_back(reply.items[i].text);
    return fmt::format("{}", fmt::join(out, " "));
}

std::string value(const Reply& reply, std::string_view name) {
    for (std::size_t i = 0; i + 1 < reply.items.size(); i += 2) {
        if (reply.items[i].text == name) return reply.items[i + 1].text;
    }
    return "(none)";
}

SavedState saved_state() {
    const auto file = read_config_file(
        "sentinel myid cccccccccccccccccccccccccccccccccccccccc\n"
        "sentinel monitor mymaster 127.0.0.1 6379 2\n"
        "sentinel known-replica mymaster 127.0.0.1 6380\n"
        "sentinel known-sentinel mymaster 127.0.0.1 26380 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
        "sentinel current-epoch 5\n");
    EXPECT_TRUE(file.has_value());
    return file->saved;
}

class Commands : public ::testing::Test {
protected:
    /// The whole answer to words that have no blanks in them; "''" is an empty word.
    Answer ask(std::string_view text) {
        std::vector<std::string> words;
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = std::min(text.find(' ', at), text.size());
            const std::string_view word = text.substr(at, end - at);
            words.emplace_back(word == "''" ? std::string_view() : word);
            at = end + 1;
        }
        auto answered = answer(sentinel, words, world, moment);
        EXPECT_TRUE(answered.has_value()) << text;
        return answered.value_or(Answer{});
    }
    std::string say(std::string_view text) { return line(ask(text).reply); }
    [[nodiscard]] const GroupOptions& options() const { return sentinel.state().groups.at("mymaster").options; }

    Moment moment{.now = Time(100s), .wall = WallTime(1'700'000'000'000ms)};
    Sentinel sentinel{saved_state(), 1, moment};
    CommandWorld world;
};

TEST_F(Commands, RefusesLikeRedis) {
    EXPECT_EQ(say("sentinel"), "-ERR wrong number of arguments for 'sentinel' command");
    EXPECT_EQ(say("sentinel foo bar"), "-ERR unknown subcommand 'foo'. Try SENTINEL HELP.");
    EXPECT_EQ(say("SENTINEL Master"), "-ERR wrong number of arguments for 'sentinel|master' command");
    EXPECT_EQ(say("sentinel masters x"), "-ERR wrong number of arguments for 'sentinel|masters' command");
    EXPECT_EQ(say("role x"), "-ERR wrong number of arguments for 'role' command");
    EXPECT_EQ(say("publish a"), "-ERR wrong number of arguments for 'publish' command");
    const std::vector<std::string> get{"GeT", "x", "y"};
    EXPECT_EQ(line(unknown_command(get)), "-ERR unknown command 'GeT', with args beginning with: 'x' 'y' ");
    EXPECT_FALSE(answer(sentinel, get, world, moment).has_value());
    ASSERT_TRUE(refusal(get).has_value());
    const std::vector<std::string> client{"client", "foo"};
    EXPECT_EQ(line(refusal(client).value_or(Reply{})), "-ERR unknown subcommand 'foo'. Try CLIENT HELP.");
    const std::vector<std::string> ping{"ping"};
    EXPECT_FALSE(refusal(ping).has_value());
}

TEST_F(Commands, AnswersWhatOthersAsk) {
    EXPECT_EQ(say("PING"), "+PONG");
    EXPECT_EQ(say("PING a"), "'a'");
    EXPECT_EQ(say("PING a b"), "-ERR wrong number of arguments for 'ping' command");
    EXPECT_EQ(say("PUBLISH x y"), "-ERR Only HELLO messages are accepted by Sentinel instances.");
    EXPECT_EQ(say("PUBLISH __sentinel__:hello what"), "1");
    EXPECT_EQ(say("ROLE"), "['sentinel' ['mymaster']]");
    EXPECT_EQ(say("SENTINEL MYID"), fmt::format("'{}'", my_id));
    EXPECT_EQ(say("SENTINEL GET-MASTER-ADDR-BY-NAME mymaster"), "['127.0.0.1' '6379']");
    EXPECT_EQ(say("SENTINEL GET-PRIMARY-ADDR-BY-NAME mymaster"), "['127.0.0.1' '6379']");
    EXPECT_EQ(say("SENTINEL GET-MASTER-ADDR-BY-NAME x"), "null array");
    EXPECT_EQ(say("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 6379 0 *"), "[0 '*' 0]");
    EXPECT_EQ(say("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 1 99 x"), "[0 '*' 0]");
    EXPECT_EQ(say("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 x 0 *"), "-ERR value is not an integer or out of range");
    EXPECT_EQ(say("SENTINEL INFO-CACHE x"), "[]");
    EXPECT_EQ(say("SENTINEL INFO-CACHE mymaster"), "['mymaster' [[0 null] [0 null]]]");
    EXPECT_EQ(say("SENTINEL PENDING-SCRIPTS"), "[]");
    for (const char* of : {"MASTER", "PRIMARY", "REPLICAS", "SLAVES", "SENTINELS", "CKQUORUM", "REMOVE", "FAILOVER"}) {
        EXPECT_EQ(say(fmt::format("SENTINEL {} x", of)), unknown_master);
    }
    EXPECT_EQ(say("SENTINEL RESET x*"), "0");
    EXPECT_EQ(say("SENTINEL CKQUORUM mymaster"),
              "-NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the specified quorum for this master. Not "
              "enough "
              "available Sentinels to reach the majority and authorize a failover");
}

TEST_F(Commands, AVoteWaitsForTheDisk) {
    const Answer vote = ask(fmt::format("SENTINEL IS-MASTER-DOWN-BY-ADDR 127.0.0.1 6379 9 {}", peer_id));
    EXPECT_EQ(line(vote.reply), fmt::format("[0 '{}' 9]", peer_id));
    EXPECT_GT(vote.after_save, 0U);
}

TEST_F(Commands, ShowsInstancesInTheOrderOfRedis) {
    constexpr std::string_view common =
        "name ip port runid flags link-pending-commands link-refcount last-ping-sent last-ok-ping-reply last-ping-reply "
        "down-after-milliseconds ";
    EXPECT_EQ(names(ask("SENTINEL MASTER mymaster").reply),
              fmt::format("{}info-refresh role-reported role-reported-time config-epoch num-slaves num-other-sentinels quorum "
                          "failover-timeout parallel-syncs",
                          common));
    EXPECT_EQ(
        names(ask("SENTINEL REPLICAS mymaster").reply.items.at(0)),
        fmt::format("{}info-refresh role-reported role-reported-time master-link-down-time master-link-status master-host "
                    "master-port slave-priority slave-repl-offset replica-announced",
                    common));
    const Reply peer = ask("SENTINEL SENTINELS mymaster").reply.items.at(0);
    EXPECT_EQ(names(peer), fmt::format("{}last-hello-message voted-leader voted-leader-epoch", common));
    EXPECT_EQ(value(peer, "name"), peer_id);
    EXPECT_EQ(value(peer, "voted-leader"), "?");
    EXPECT_EQ(ask("SENTINEL MASTERS").reply.items.at(0), ask("SENTINEL MASTER mymaster").reply);
}

TEST(InstanceFields, ShowFlagsInTheOrderOfRedis) {
    Group group;
    group.name = "m";
    group.master.name = "m";
    group.master.subjectively_down_since = Time(97s);
    group.master.objectively_down_since = Time(98s);
    group.master.rebooted = true;
    group.step = FailoverStep::select_replica;
    group.forced = true;
    group.options.notification_script = "/a";
    group.options.reconfig_script = "/b";
    const Reply master = fields_of_master(group, Time(100s));
    EXPECT_EQ(value(master, "flags"), "s_down,o_down,master,disconnected,failover_in_progress,force_failover,master_reboot");
    EXPECT_EQ(names(master),
              "name ip port runid flags link-pending-commands link-refcount failover-state last-ping-sent last-ok-ping-reply "
              "last-ping-reply s-down-time o-down-time down-after-milliseconds info-refresh role-reported role-reported-time "
              "config-epoch num-slaves num-other-sentinels quorum failover-timeout parallel-syncs notification-script "
              "client-reconfig-script");
    EXPECT_EQ(value(master, "failover-state"), "select_slave");
    EXPECT_EQ(value(master, "s-down-time"), "3000");
    Instance replica{.role = Role::replica, .name = "127.0.0.1:2", .address = {"127.0.0.1", 2}};
    replica.link = {.command_up = true, .subscription_up = true};
    replica.promoted = true;
    replica.repoint = Repoint::in_progress;
    replica.follows_link_down_for = 4s;
    const Reply shown = fields_of_replica(group, replica, Time(100s));
    EXPECT_EQ(value(shown, "flags"), "slave,promoted,reconf_inprog");
    EXPECT_EQ(value(shown, "master-host"), "?");
    EXPECT_EQ(value(shown, "master-link-status"), "err");
    EXPECT_EQ(value(shown, "master-link-down-time"), "4000");
    Instance peer{.role = Role::peer, .name = "p"};
    peer.link.command_up = true;
    peer.says_down = true;
    peer.voted_leader = "x";
    EXPECT_EQ(value(fields_of_peer(group, peer, Time(100s)), "flags"), "sentinel,master_down");
    EXPECT_EQ(value(fields_of_peer(group, peer, Time(100s)), "voted-leader"), "x");
}

TEST_F(Commands, SetsOptionsOfAGroup) {
    const Answer set = ask("SENTINEL SET mymaster DOWN-AFTER-milliseconds 5000 quorum 1 rename-command config guess");
    EXPECT_EQ(line(set.reply), "+OK");
    EXPECT_GT(set.after_save, 0U);
    EXPECT_EQ(line(set.if_not_saved.value_or(Reply{})), "-ERR Failed to save config file. Check server logs.");
    EXPECT_EQ(options().down_after, 5s);
    EXPECT_EQ(options().quorum, 1U);
    EXPECT_EQ(options().renamed_commands, (std::map<std::string, std::string>{{"CONFIG", "guess"}}));
    EXPECT_EQ(say("SENTINEL SET mymaster rename-command CONFIG config failover-timeout 7000 parallel-syncs 4"), "+OK");
    EXPECT_TRUE(options().renamed_commands.empty());
    EXPECT_EQ(say("SENTINEL SET mymaster auth-pass x auth-user y master-reboot-down-after-period 0"), "+OK");
    EXPECT_EQ(options().auth_pass, "x");
    EXPECT_EQ(say("SENTINEL SET mymaster auth-pass '' primary-reboot-down-after-period 9"), "+OK");
    EXPECT_EQ(options().auth_pass, "");
    EXPECT_EQ(options().reboot_down_after, 9ms);
}

TEST_F(Commands, RefusesOptionsOfAGroupAsAWhole) {
    EXPECT_EQ(say("SENTINEL SET mymaster quorum"), "-ERR wrong number of arguments for 'sentinel|set' command");
    EXPECT_EQ(say("SENTINEL SET x quorum 2"), unknown_master);
    EXPECT_EQ(say("SENTINEL SET mymaster quorum 1 foo 1"), "-ERR Unknown option or number of arguments for SENTINEL SET 'foo'");
    EXPECT_EQ(say("SENTINEL SET mymaster quorum 1 Quorum"),
              "-ERR Unknown option or number of arguments for SENTINEL SET 'Quorum'");
    EXPECT_EQ(options().quorum, 2U);
    for (const char* pair :
         {"quorum 0", "quorum x", "down-after-milliseconds 0", "down-after-milliseconds +5", "failover-timeout -1",
          "parallel-syncs 0", "parallel-syncs 99999999999999999999", "master-reboot-down-after-period -1"}) {
        const std::string_view text = pair;
        const std::size_t blank = text.find(' ');
        EXPECT_EQ(
            say(fmt::format("SENTINEL SET mymaster {}", text)),
            fmt::format("-ERR Invalid argument '{}' for SENTINEL SET '{}'", text.substr(blank + 1), text.substr(0, blank)));
    }
    EXPECT_EQ(say("SENTINEL SET mymaster rename-command config ''"),
              "-ERR Invalid argument '' for SENTINEL SET 'rename-command'");
    EXPECT_EQ(say("SENTINEL SET mymaster rename-command config"),
              "-ERR Unknown option or number of arguments for SENTINEL SET 'rename-command'");
}

TEST_F(Commands, SetsScriptsOnlyWhereThatIsAllowed) {
    EXPECT_TRUE(
        say("SENTINEL SET mymaster notification-script /a").starts_with("-ERR Reconfiguration of scripts path is denied"));
    SentinelOptions options_of_sentinel = sentinel.state().options;
    options_of_sentinel.deny_scripts_reconfig = false;
    sentinel.set_options(options_of_sentinel, moment);
    world.is_executable = [](std::string_view path) { return path == "/a"; };
    EXPECT_EQ(say("SENTINEL SET mymaster notification-script /a client-reconfig-script /a"), "+OK");
    EXPECT_EQ(options().notification_script, "/a");
    EXPECT_EQ(say("SENTINEL SET mymaster notification-script /b"),
              "-ERR Notification script seems non existing or non executable");
    EXPECT_EQ(say("SENTINEL SET mymaster client-reconfig-script /b"),
              "-ERR Client reconfiguration script seems non existing or non executable");
    EXPECT_EQ(say("SENTINEL SET mymaster notification-script ''"), "+OK");
    EXPECT_EQ(options().notification_script, "");
}

TEST_F(Commands, ShowsAndSetsOptionsOfTheSentinel) {
    EXPECT_EQ(say("SENTINEL CONFIG GET a*"), "['announce-hostnames' 'no' 'announce-ip' '' 'announce-port' '0']");
    EXPECT_EQ(say("SENTINEL CONFIG GET RESOLVE-hostnames"), "['resolve-hostnames' 'no']");
    EXPECT_EQ(say("SENTINEL CONFIG GET x"), "[]");
    EXPECT_TRUE(say("SENTINEL CONFIG GET *")
                    .starts_with("['resolve-hostnames' 'no' 'announce-hostnames' 'no' 'announce-ip' '' 'announce-port' '0' "
                                 "'sentinel-user' '' 'sentinel-pass' ''"));
    const std::string misuse = "-ERR Only SENTINEL CONFIG GET <option> / SET <option> <value> are supported.";
    for (const char* words : {"GET", "SET", "SET a", "foo", "SET a b c"})
        EXPECT_EQ(say(fmt::format("SENTINEL CONFIG {}", words)), misuse);
    EXPECT_EQ(say("SENTINEL CONFIG SET x y"), "-ERR Invalid argument 'x' to SENTINEL CONFIG SET");
    EXPECT_EQ(say("SENTINEL CONFIG SET announce-port 70000"),
              "-ERR Invalid value '70000' to SENTINEL CONFIG SET 'announce-port'");
    EXPECT_EQ(say("SENTINEL CONFIG SET resolve-hostnames x"),
              "-ERR Invalid value 'x' to SENTINEL CONFIG SET 'resolve-hostnames'");
    EXPECT_EQ(say("SENTINEL CONFIG SET announce-ip 10.0.0.1 announce-port x"),
              "-ERR Invalid value 'x' to SENTINEL CONFIG SET 'announce-port'");
    EXPECT_EQ(sentinel.state().options.announce, Address{});
    EXPECT_EQ(say("SENTINEL CONFIG SET announce-ip 10.0.0.1 announce-port 7"), "+OK");
    EXPECT_EQ(sentinel.state().options.announce, (Address{"10.0.0.1", 7}));
    EXPECT_EQ(say("SENTINEL CONFIG SET early-suspicion 100"), "+OK");
    EXPECT_EQ(sentinel.state().options.early_suspicion, 100ms);
    EXPECT_EQ(say("SENTINEL CONFIG GET early-suspicion"), "['early-suspicion' '100']");
    EXPECT_EQ(say("SENTINEL CONFIG SET loglevel debug"), "-ERR Invalid argument 'loglevel' to SENTINEL CONFIG SET");
    std::string level;
    world.set_log_level = [&](std::string_view to) { level = to; };
    EXPECT_EQ(say("SENTINEL CONFIG SET LogLevel Debug"), "+OK");
    EXPECT_EQ(level, "debug");
    EXPECT_EQ(say("SENTINEL CONFIG SET loglevel x"), "-ERR Invalid value 'x' to SENTINEL CONFIG SET 'loglevel'");
}

TEST_F(Commands, ShowsAndSetsItsTimes) {
    EXPECT_EQ(
        say("SENTINEL DEBUG"),
        "['INFO-PERIOD' '10000' 'PING-PERIOD' '1000' 'ASK-PERIOD' '30' 'PUBLISH-PERIOD' '2000' 'DEFAULT-DOWN-AFTER' '30000' "
        "'DEFAULT-FAILOVER-TIMEOUT' '180000' 'TILT-TRIGGER' '2000' 'TILT-PERIOD' '30000' 'SLAVE-RECONF-TIMEOUT' '10000' "
        "'MIN-LINK-RECONNECT-PERIOD' '15000' 'ELECTION-TIMEOUT' '10000' 'SCRIPT-MAX-RUNTIME' '60000' 'SCRIPT-RETRY-DELAY' "
        "'30000']");
    EXPECT_EQ(say("SENTINEL DEBUG foo 1"), "-ERR Unknown option or number of arguments for SENTINEL DEBUG 'foo'");
    EXPECT_EQ(say("SENTINEL DEBUG info-period"), "-ERR Unknown option or number of arguments for SENTINEL DEBUG 'info-period'");
    EXPECT_EQ(say("SENTINEL DEBUG info-period 0"), "-ERR Invalid argument '0' for SENTINEL DEBUG 'info-period'");
    EXPECT_EQ(say("SENTINEL DEBUG info-period 100 PING-period 200"), "+OK");
    EXPECT_EQ(sentinel.state().options.info_period, 100ms);
    EXPECT_EQ(sentinel.state().options.ping_period, 200ms);
    EXPECT_EQ(say("SENTINEL DEBUG default-down-after 700 default-failover-timeout 800"), "+OK");
    EXPECT_EQ(say("SENTINEL MONITOR a 127.0.0.1 1 1"), "+OK");
    EXPECT_EQ(sentinel.state().groups.at("a").options.down_after, 700ms);
    EXPECT_EQ(sentinel.state().groups.at("a").options.failover_timeout, 800ms);
}

TEST_F(Commands, MonitorsAndRemoves) {
    EXPECT_EQ(say("SENTINEL MONITOR a b c d"), "-ERR Invalid quorum");
    EXPECT_EQ(say("SENTINEL MONITOR a 127.0.0.1 c 1"), "-ERR Invalid port");
    EXPECT_EQ(say("SENTINEL MONITOR a 127.0.0.1 1 0"), "-ERR Quorum must be 1 or greater.");
    EXPECT_EQ(say("SENTINEL MONITOR a b 1 1"), "-ERR Invalid IP address or hostname specified");
    EXPECT_EQ(say("SENTINEL MONITOR a 127.0.0.1 70000 1"), "-ERR Invalid port number.");
    EXPECT_EQ(say("SENTINEL MONITOR mymaster 127.0.0.1 1 1"), "-ERR Duplicate master name.");
    const Answer added = ask("SENTINEL MONITOR a 127.0.0.1 1 1");
    EXPECT_EQ(line(added.reply), "+OK");
    EXPECT_GT(added.after_save, 0U);
    EXPECT_EQ(say("ROLE"), "['sentinel' ['a' 'mymaster']]");
    EXPECT_EQ(say("SENTINEL REMOVE a"), "+OK");
    EXPECT_EQ(say("SENTINEL REMOVE a"), unknown_master);
    EXPECT_EQ(say("SENTINEL RESET my*"), "1");
    EXPECT_EQ(say("SENTINEL FLUSHCONFIG"), "+OK");
}

TEST_F(Commands, FailsOverOnlyWhereThereIsAReplica) {
    EXPECT_EQ(say("SENTINEL FAILOVER mymaster"), "-NOGOODSLAVE No suitable replica to promote");
    EXPECT_EQ(say("SENTINEL FAILOVER mymaster COORDINATED"), "-NOGOODSLAVE No suitable replica to promote");
    EXPECT_TRUE(say("SENTINEL FAILOVER mymaster x").starts_with("-ERR "));
    EXPECT_EQ(say("SENTINEL FAILOVER mymaster COORDINATED x"),
              "-ERR wrong number of arguments for 'sentinel|failover' command");
}

TEST_F(Commands, SimulatesFailures) {
    EXPECT_EQ(say("SENTINEL SIMULATE-FAILURE HELP"), "['crash-after-election' 'crash-after-promotion']");
    EXPECT_EQ(say("SENTINEL SIMULATE-FAILURE x"), "-ERR Unknown failure simulation specified");
    EXPECT_EQ(say("SENTINEL SIMULATE-FAILURE crash-after-election CRASH-after-promotion"), "+OK");
    EXPECT_TRUE(ask("INFO sentinel").reply.text.contains("sentinel_simulate_failure_flags:3\r\n"));
}

TEST_F(Commands, ShowsInfo) {
    world.process = [] {
        ProcessFacts facts;
        facts.version = "1.2";
        facts.started = Time(40s);
        facts.tcp_port = 5000;
        facts.scripts = {{.words = {"/s", "a"}, .running = true, .process_id = 7, .started = Time(99s), .retries = 1},
                         {.words = {"/t"}, .due = Time(130s)}};
        return facts;
    };
    EXPECT_EQ(say("INFO a b"), "''");
    EXPECT_EQ(ask("INFO SENTINEL").reply.text,
              "# Sentinel\r\nsentinel_masters:1\r\nsentinel_tilt:0\r\nsentinel_tilt_since_seconds:-1\r\n"
              "sentinel_running_scripts:1\r\nsentinel_scripts_queue_length:2\r\nsentinel_simulate_failure_flags:0\r\n"
              "master0:name=mymaster,status=ok,address=127.0.0.1:6379,slaves=1,sentinels=2\r\n");
    const std::string all = ask("INFO").reply.text;
    EXPECT_EQ(all, ask("INFO everything").reply.text);
    EXPECT_EQ(all, ask("INFO default clients").reply.text);
    EXPECT_TRUE(all.starts_with("# Server\r\nredis_version:7.0.15\r\n"));
    EXPECT_TRUE(all.contains("\r\nholdfast_version:1.2\r\n"));
    EXPECT_TRUE(all.contains("\r\nuptime_in_seconds:60\r\n"));
    EXPECT_TRUE(all.contains("\r\n\r\n# Clients\r\n"));
    EXPECT_LT(all.find("# Stats"), all.find("# CPU"));
    EXPECT_EQ(say("SENTINEL PENDING-SCRIPTS"),
              "[['argv' ['/s' 'a'] 'flags' 'running' 'pid' '7' 'run-time' '1000' 'retry-num' '1'] "
              "['argv' ['/t'] 'flags' 'scheduled' 'pid' '0' 'run-delay' '30000' 'retry-num' '0']]");
}

TEST_F(Commands, ShowsCommands) {
    EXPECT_EQ(say("COMMAND COUNT"), "15");
    EXPECT_EQ(ask("COMMAND").reply.items.size(), 15U);
    EXPECT_EQ(ask("COMMAND LIST").reply.items.size(), 72U);
    EXPECT_EQ(
        say("COMMAND INFO ping nope"),
        "[['ping' -1 [+fast] 0 0 0 [+@fast +@connection] ['request_policy:all_shards' 'response_policy:all_succeeded'] [] []] "
        "null]");
    EXPECT_EQ(say("COMMAND INFO SENTINEL|SET"), "[['sentinel|set' -5 [+admin] 0 0 0 [+@admin +@slow +@dangerous] [] [] []]]");
    EXPECT_EQ(say("COMMAND LIST FILTERBY PATTERN pS*"), "['psubscribe']");
    EXPECT_EQ(say("COMMAND LIST FILTERBY ACLCAT fast"), "['auth' 'hello' 'ping' 'publish' 'role']");
    EXPECT_EQ(say("COMMAND LIST FOO"), "-ERR syntax error");
    EXPECT_EQ(say("COMMAND GETKEYS sentinel masters"), "-ERR The command has no key arguments");
    EXPECT_EQ(say("COMMAND GETKEYS get x"), "-ERR Invalid command specified");
    EXPECT_EQ(say("COMMAND FOO"), "-ERR unknown subcommand 'FOO'. Try COMMAND HELP.");
    EXPECT_EQ(ask("SENTINEL HELP").reply.items.at(0).kind, Reply::Kind::status);
}

}  // namespace
}  // namespace holdfast::sentinel
