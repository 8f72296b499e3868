// What a token allows.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "access/token_file.h"
#include "admin/router.h"
#include "admin_stage.h"
#include "raw_client.h"
#include "support/scratch_directory.h"

namespace holdfast::test {
namespace {

class Scopes : public ::testing::Test {
protected:
    Scopes() {
        options.token_file = directory / "tokens";
        stage.emplace(options);
    }

    std::string make(std::string_view name, access::Scope scope) {
        const auto secret = access::create_token(options.token_file, name, scope);
        EXPECT_TRUE(secret) << secret.error().message();
        return secret.value_or("");
    }
    RawAnswer ask(std::string_view secret, std::string_view method, std::string_view target, std::string_view body = {}) {
        RawClient client(stage->port());
        client.send(fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n{}", method,
                                target, secret, body.size(), body));
        return client.read();
    }

    ScratchDirectory scratch;
    std::filesystem::path directory = scratch.path();
    StageOptions options;
    std::optional<AdminStage> stage;
};

TEST_F(Scopes, LetEachDoItsPart) {
    const std::string reader = make("reader", access::Scope::read);
    const std::string sender = make("sender", access::Scope::command);
    const std::string chief = make("chief", access::Scope::admin);
    for (const std::string& secret : {reader, sender, chief})
        EXPECT_EQ(ask(secret, "GET", "/api/v1/commands").status, 200u);
    const std::string body = R"({"name":"ping"})";
    const RawAnswer refused = ask(reader, "POST", "/api/v1/devices/meter-7/commands", body);
    EXPECT_EQ(refused.status, 403u);
    EXPECT_EQ(refused.json().at("detail"), "the token 'reader' has scope read, and this needs scope command");
    const RawAnswer sent = ask(sender, "POST", "/api/v1/devices/meter-7/commands", body);
    EXPECT_EQ(sent.status, 202u);
    EXPECT_EQ(sent.json().at("submitted_by"), "sender");
    EXPECT_EQ(ask(sender, "POST", "/api/v1/clusters", R"({"name":"x"})").status, 403u);
    EXPECT_EQ(ask(chief, "POST", "/api/v1/clusters", R"({"name":"x"})").status, 201u);
    EXPECT_EQ(ask("hf_nonsense", "GET", "/api/v1/commands").status, 401u);
}

TEST_F(Scopes, FollowTheFile) {
    const std::string first = make("first", access::Scope::read);
    EXPECT_EQ(ask(first, "GET", "/api/v1/nodes").status, 200u);
    const std::string second = make("second", access::Scope::read);
    EXPECT_EQ(ask(second, "GET", "/api/v1/nodes").status, 200u);
    EXPECT_TRUE(access::remove_token(options.token_file, "first"));
    EXPECT_EQ(ask(first, "GET", "/api/v1/nodes").status, 401u);
    EXPECT_EQ(ask(second, "GET", "/api/v1/nodes").status, 200u);
    std::filesystem::permissions(options.token_file, std::filesystem::perms(0644));
    EXPECT_EQ(ask(second, "GET", "/api/v1/nodes").status, 401u);
    EXPECT_EQ(ask(AdminStage::token, "GET", "/api/v1/nodes").status, 200u);
}

TEST_F(Scopes, AreNeededByEveryRouteThatChangesSomething) {
    for (const admin::Route& route : admin::route_table()) {
        const bool reads = route.method == boost::beast::http::verb::get;
        const bool of_commands = route.path.starts_with("/api/v1/commands") || route.path.starts_with("/api/v1/jobs") ||
                                 route.path.ends_with("/commands");
        const access::Scope wanted = reads ? access::Scope::read : of_commands ? access::Scope::command : access::Scope::admin;
        EXPECT_EQ(needed_scope(route), wanted) << route.path;
    }
}

}  // namespace
}  // namespace holdfast::test
