#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "cli/plain_json.h"
#include "cli/sentinel_place.h"
#include "cli/sentinel_replies.h"
#include "support/scratch_directory.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;
using resp::Reply;

/// A list of names and values, as sentinels answer it.
Reply texts(std::initializer_list<std::string_view> words) {
    Reply all = Reply::array({});
    for (const std::string_view word : words)
        all.items.push_back(Reply::bulk(std::string(word)));
    return all;
}

Reply with(Reply fields, std::string name, Reply value) {
    fields.items.push_back(Reply::bulk(std::move(name)));
    fields.items.push_back(std::move(value));
    return fields;
}

TEST(SentinelReplies, GiveGroupsInTheApisForm) {
    const Reply first =
        with(with(texts({"name", "east-1", "state", "down", "detail", "refused"}), "priority", Reply::number(10)),
             "passed-over", Reply::number(1));
    const Reply second = with(with(texts({"name", "east-2", "state", "up", "detail", ""}), "priority", Reply::number(20)),
                              "passed-over", Reply::number(0));
    const Reply group = with(with(texts({"name", "east", "active", "east-2", "doing", ""}), "epoch", Reply::number(7)),
                             "members", Reply::array({first, second}));
    EXPECT_EQ(
        plain_json(groups_of_reply(Reply::array({group}))),
        R"([{"name":"east","policy":"active-standby","active":"east-2","epoch":7,"doing":null,"members":[)"
        R"({"name":"east-1","state":"down","active":false,"priority":10,"connections":null,"detail":"refused","passed_over":true},)"
        R"({"name":"east-2","state":"up","active":true,"priority":20,"connections":null,"detail":null,"passed_over":false}]}])");
}

TEST(SentinelReplies, GiveARedisMasterAsAGroup) {
    const Reply master =
        texts({"name", "m", "ip", "10.0.0.1", "port", "6379", "flags", "s_down,o_down,master,failover_in_progress",
               "role-reported", "slave", "config-epoch", "3", "failover-state", "wait_promotion"});
    const Reply well = texts({"name", "x", "ip", "::1", "port", "6380", "flags", "slave", "role-reported", "slave",
                              "master-link-status", "ok", "slave-priority", "100"});
    const Reply cut_off = texts({"ip", "10.0.0.3", "port", "6379", "flags", "slave,disconnected", "role-reported", "master",
                                 "master-link-status", "err", "slave-priority", "0"});
    EXPECT_EQ(
        plain_json(group_of_master(master, Reply::array({well, cut_off}))),
        R"({"name":"m","policy":"redis","active":"10.0.0.1:6379","epoch":3,"doing":"failover: wait_promotion","members":[)"
        R"({"name":"10.0.0.1:6379","state":"down","active":true,"priority":null,"connections":null,)"
        R"("detail":"master, says that it is a replica, s_down, o_down, failover_in_progress"},)"
        R"({"name":"[::1]:6380","state":"up","active":false,"priority":100,"connections":null,"detail":"replica, link ok"},)"
        R"({"name":"10.0.0.3:6379","state":"suspect","active":false,"priority":0,"connections":null,)"
        R"("detail":"replica, says that it is a master, link err, disconnected"}]})");
}

TEST(SentinelReplies, MakeNothingUpOfAnAnswerThatIsNone) {
    EXPECT_EQ(plain_json(groups_of_reply(Reply::null_bulk())), "[]");
    EXPECT_EQ(plain_json(groups_of_reply(Reply::array({Reply::number(1)}))),
              R"([{"name":"","policy":"active-standby","active":null,"epoch":0,"doing":null,"members":[]}])");
    const auto odd =
        group_of_master(texts({"name", "m", "port", "70000", "config-epoch", "-1", "flags", ",,", "odd"}), Reply::bulk("x"));
    EXPECT_EQ(odd.at("active"), ":0");
    EXPECT_EQ(odd.at("epoch"), 0);
}

using Option = std::string SentinelPlaceOptions::*;

/// With only these given.
SentinelPlaceOptions given(std::initializer_list<std::pair<Option, std::string>> values) {
    SentinelPlaceOptions options;
    for (const auto& [option, value] : values)
        options.*option = value;
    return options;
}

class SentinelPlaces : public ::testing::Test {
protected:
    Environment environment = [this](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
    std::string file(std::string_view name, std::string_view text, fs::perms mode = fs::perms::owner_read) {
        const fs::path path = scratch.path() / name;
        std::ofstream(path) << text;
        fs::permissions(path, mode);
        return path.string();
    }
    std::map<std::string, std::string> variables;
    test::ScratchDirectory scratch;
};

TEST_F(SentinelPlaces, AreNamedByTheCommandLineFirst) {
    EXPECT_EQ(find_sentinel_address({}, {}, environment), "");
    variables["HOLDFAST_SENTINEL"] = "there:1";
    EXPECT_EQ(find_sentinel_address({}, {}, environment), "there:1");
    PlaceOptions api;
    api.api = "127.0.0.1:8080";
    EXPECT_EQ(find_sentinel_address({}, api, environment), "");
    EXPECT_EQ(find_sentinel_address(given({{&SentinelPlaceOptions::address, "here:1"}}), api, environment), "here:1");
}

TEST_F(SentinelPlaces, TakePasswordsFromFilesAndTheEnvironment) {
    variables["HOLDFAST_SENTINEL_PASSWORD"] = "from outside";
    variables["HOLDFAST_SENTINEL_USER"] = "someone";
    const auto plain = find_sentinel("[::1]", {}, environment);
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->address, (net::HostPort{.host = "::1", .port = 26379}));
    EXPECT_EQ(plain->login.password, "from outside");
    EXPECT_EQ(plain->login.user, "someone");
    const auto of_file =
        find_sentinel("h", given({{&SentinelPlaceOptions::password_file, file("p", "a b \r\nmore")}}), environment);
    ASSERT_TRUE(of_file);
    EXPECT_EQ(of_file->login.password, "a b ");
}

TEST_F(SentinelPlaces, RefuseWhatCannotBeUsed) {
    EXPECT_TRUE(find_sentinel("h:x", {}, environment).error().is(PlaceErrc::malformed_address));
    const auto sentence = [this](const SentinelPlaceOptions& options) {
        const auto place = find_sentinel("h:1", options, environment);
        return place || !place.error().is(PlaceErrc::unusable_file) ? std::string("taken") : place.error().message();
    };
    EXPECT_NE(sentence(given({{&SentinelPlaceOptions::password_file, "/nowhere/p"}})).find("cannot read /nowhere/p: "),
              std::string::npos);
    EXPECT_NE(sentence(given({{&SentinelPlaceOptions::password_file,
                               file("seen", "x", fs::perms::owner_read | fs::perms::group_read)}}))
                  .find("chmod 600"),
              std::string::npos);
    EXPECT_NE(sentence(given({{&SentinelPlaceOptions::password_file, file("empty", "\n")}})).find("does not hold a password"),
              std::string::npos);
    EXPECT_EQ(sentence(given({{&SentinelPlaceOptions::cert_file, "c"}})), "--sentinel-cert and --sentinel-key go together");
    EXPECT_NE(sentence(given({{&SentinelPlaceOptions::cert_file, "c"}, {&SentinelPlaceOptions::key_file, "k"}}))
                  .find("needs --sentinel-ca"),
              std::string::npos);
    EXPECT_NE(sentence(given({{&SentinelPlaceOptions::ca_file, "/nowhere/ca"}})).find("/nowhere/ca"), std::string::npos);
}

}  // namespace
}  // namespace holdfast::cli
