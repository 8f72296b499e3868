#include "admin/admin_token.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/scratch_directory.h"

namespace holdfast::admin {
namespace {

class AdminTokenTest : public ::testing::Test {
protected:
    void write(std::string_view text, mode_t mode) {
        std::ofstream(file_) << text;
        ::chmod(file_.c_str(), mode);
    }

    test::ScratchDirectory scratch_;
    std::filesystem::path directory_ = scratch_.path();
    std::filesystem::path file_ = directory_ / "admin.token";
};

TEST_F(AdminTokenTest, IsMadeOnceForItsOwnerOnly) {
    const auto first = load_or_make_token(file_);
    ASSERT_TRUE(first) << first.error().message();
    EXPECT_EQ(first->reveal().size(), 43u);
    EXPECT_EQ(first->reveal().find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    struct stat info{};
    ASSERT_EQ(::stat(file_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    const auto again = load_or_make_token(file_);
    ASSERT_TRUE(again);
    EXPECT_EQ(again->reveal(), first->reveal());
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1) << "nothing is left beside it";
}

TEST_F(AdminTokenTest, MatchesOnlyItself) {
    const AdminToken token("abcdefghijklmnopqrst");
    EXPECT_TRUE(token.matches("abcdefghijklmnopqrst"));
    EXPECT_FALSE(token.matches("abcdefghijklmnopqrsT"));
    EXPECT_FALSE(token.matches("abcdefghijklmnopqrs"));
    EXPECT_FALSE(token.matches(""));
}

TEST_F(AdminTokenTest, RefusesAFileThatOthersMayRead) {
    write("abcdefghijklmnopqrst\n", 0640);
    const auto token = load_or_make_token(file_);
    ASSERT_FALSE(token);
    EXPECT_TRUE(token.error().is(TokenErrc::readable_by_others));
}

TEST_F(AdminTokenTest, RefusesWhatIsNoToken) {
    for (const char* const text : {"", "short\n", "has spaces in it and more\n", "first-line-is-a-token-0\nsecond line\n"}) {
        write(text, 0600);
        const auto token = load_or_make_token(file_);
        ASSERT_FALSE(token) << text;
        EXPECT_TRUE(token.error().is(TokenErrc::malformed));
    }
}

TEST_F(AdminTokenTest, LoadingMakesNothing) {
    const auto token = load_token(file_);
    ASSERT_FALSE(token);
    EXPECT_TRUE(token.error().is(TokenErrc::cannot_read));
    EXPECT_FALSE(std::filesystem::exists(file_));
    EXPECT_TRUE(load_or_make_token(directory_ / "missing" / "admin.token").error().is(TokenErrc::cannot_write));
}

}  // namespace
}  // namespace holdfast::admin
