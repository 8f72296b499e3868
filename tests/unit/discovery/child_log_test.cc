#include "discovery/child_log.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/scratch_directory.h"

namespace holdfast::discovery {
namespace {

namespace fs = std::filesystem;

class ChildLogTest : public ::testing::Test {
protected:
    static std::string content(const fs::path& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

    test::ScratchDirectory scratch_;
    fs::path directory_ = scratch_.path();
    fs::path path_ = directory_ / "child.log";
};

TEST_F(ChildLogTest, AppendsOverStarts) {
    ChildLog(path_, 1000).write(as_bytes("one\n"));
    ChildLog(path_, 1000).write(as_bytes("two\n"));
    EXPECT_EQ(content(path_), "one\ntwo\n");
}

TEST_F(ChildLogTest, KeepsTwoOldFilesAndNoMore) {
    ChildLog log(path_, 10);
    for (char c = 'a'; c <= 'f'; ++c)
        log.write(as_bytes(std::string(6, c)));
    EXPECT_EQ(content(path_), "ffffff");
    EXPECT_EQ(content(path_.native() + ".1"), "eeeeee");
    EXPECT_EQ(content(path_.native() + ".2"), "dddddd");
    EXPECT_FALSE(fs::exists(path_.native() + ".3"));
}

TEST_F(ChildLogTest, TakesWhatIsLargerThanAFile) {
    ChildLog log(path_, 10);
    log.write(as_bytes(std::string(100, 'x')));
    log.write(as_bytes("y"));
    EXPECT_EQ(content(path_), "y");
    EXPECT_EQ(content(path_.native() + ".1").size(), 100U);
}

TEST_F(ChildLogTest, LosesQuietlyWhatCannotBeWritten) {
    ChildLog log("/nonexistent/child.log", 10);
    log.write(as_bytes("gone"));
}

}  // namespace
}  // namespace holdfast::discovery
