#include "cli/api_place.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "support/scratch_directory.h"

namespace holdfast::cli {
namespace {

class ApiPlaceTest : public ::testing::Test {
protected:
    ApiPlaceTest() { variables["HOLDFAST_DATA_DIR"] = directory.string(); }

    void write_token(std::string_view text, mode_t mode = 0600) {
        std::ofstream(directory / "admin.token") << text << '\n';
        ::chmod((directory / "admin.token").c_str(), mode);
    }

    test::ScratchDirectory scratch;
    std::filesystem::path directory = scratch.path();
    std::map<std::string, std::string> variables;
    Environment environment = [this](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
};

TEST_F(ApiPlaceTest, IsTheDefaultWhenNothingIsSaid) {
    const auto place = find_api({}, environment);
    ASSERT_TRUE(place);
    EXPECT_EQ(place->address(), "127.0.0.1:8080");
    EXPECT_EQ(place->token, "");
    EXPECT_EQ(place->token_file, directory / "admin.token");
}

TEST_F(ApiPlaceTest, IsFoundInTheDataDirectory) {
    ASSERT_TRUE(write_endpoint_file(directory, "127.0.0.1:9999"));
    write_token("a-token-in-the-directory");
    auto place = find_api({}, environment);
    EXPECT_EQ(place->address(), "127.0.0.1:9999");
    EXPECT_EQ(place->token, "a-token-in-the-directory");
    remove_endpoint_file(directory);
    EXPECT_EQ(find_api({}, environment)->address(), "127.0.0.1:8080");
}

TEST_F(ApiPlaceTest, TheNearerWordCounts) {
    ASSERT_TRUE(write_endpoint_file(directory, "127.0.0.1:1"));
    write_token("a-token-in-the-directory");
    variables["HOLDFAST_API"] = "127.0.0.1:2";
    variables["HOLDFAST_TOKEN"] = "a-token-in-the-environment";
    EXPECT_EQ(find_api({}, environment)->port, "2");
    EXPECT_EQ(find_api({}, environment)->token, "a-token-in-the-environment");
    const PlaceOptions options{.api = "127.0.0.1:3", .token = "a-token-on-the-command-line", .data_dir = {}};
    EXPECT_EQ(find_api(options, environment)->port, "3");
    EXPECT_EQ(find_api(options, environment)->token, "a-token-on-the-command-line");
}

TEST_F(ApiPlaceTest, SaysWhyATokenFileGivesNone) {
    write_token("a-token-in-the-directory", 0644);
    const auto place = find_api({}, environment);
    EXPECT_EQ(place->token, "");
    EXPECT_NE(place->token_trouble.find("can be read by others"), std::string::npos);
}

TEST_F(ApiPlaceTest, KnowsWhereTheDataIs) {
    EXPECT_EQ(default_data_dir(environment), directory);
    variables.erase("HOLDFAST_DATA_DIR");
    EXPECT_EQ(default_data_dir(environment), "");
    variables["HOME"] = "/home/x";
    EXPECT_EQ(default_data_dir(environment), "/home/x/.local/state/holdfast");
    variables["XDG_STATE_HOME"] = "/state";
    EXPECT_EQ(default_data_dir(environment), "/state/holdfast");
}

TEST(ApiAddress, IsReadInManyForms) {
    EXPECT_EQ(parse_api_address("host:1")->address(), "host:1");
    EXPECT_EQ(parse_api_address("http://host:1/")->address(), "host:1");
    EXPECT_EQ(parse_api_address("host")->address(), "host:8080");
    EXPECT_EQ(parse_api_address("[::1]:9")->address(), "[::1]:9");
    EXPECT_EQ(parse_api_address("[::1]")->host, "::1");
    for (const char* const wrong :
         {"", ":1", "host:", "host:x", "host:0", "host:65536", "https://host", "[::1", "[::1]x", "a/b", "user@host:1"}) {
        EXPECT_FALSE(parse_api_address(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace holdfast::cli
