#include "watch/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <optional>

#include "support/run_until.h"
#include "support/scratch_directory.h"
#include "watch/error.h"
#include "watch/text_file.h"

namespace holdfast::watch {
namespace {

namespace fs = std::filesystem;

struct StateFileTest : testing::Test {
    test::ScratchDirectory directory;
    fs::path path = directory.path() / "sentinel.conf";
    boost::asio::io_context io{1};

    void put(std::string_view text) const { std::ofstream(path) << text; }
    [[nodiscard]] std::string text() const { return read_text_file(path, 1'000'000).value_or("unreadable"); }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(directory.path()), {}));
    }
};

TEST_F(StateFileTest, WritesWhatIsKnownAndKeepsTheUsersLines) {
    put("# mine\nport 5000\n");
    ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
    std::optional<std::uint64_t> done;
    StateFile file(io, path, [&](std::uint64_t number, const Result<>& written) {
        EXPECT_TRUE(written) << written.error().message();
        done = number;
    });
    sentinel::State state;
    state.my_id = std::string(40, 'a');
    state.current_epoch = 9;
    file.write(3, state, {});
    EXPECT_TRUE(file.busy());
    ASSERT_TRUE(test::run_until(io, [&] { return done.has_value(); }));
    EXPECT_EQ(done, 3u);
    EXPECT_FALSE(file.busy());
    EXPECT_TRUE(text().starts_with("# mine\nport 5000\n")) << text();
    EXPECT_NE(text().find("current-epoch 9"), std::string::npos) << text();
    struct stat facts{};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0640U);
    EXPECT_EQ(files(), 1u) << "no temporary file is left";
}

TEST_F(StateFileTest, TellsWhenItCannotBeWritten) {
    // A directory in the file's place can be replaced by nobody, root included.
    ASSERT_TRUE(fs::create_directory(path));
    const auto replaced = replace_text_file(path, "x");
    ASSERT_FALSE(replaced);
    EXPECT_TRUE(replaced.error().is(WatchErrc::cannot_write));
    EXPECT_EQ(files(), 1u) << "no temporary file is left";
    EXPECT_FALSE(replace_text_file("/nowhere/at/all", "x"));
}

TEST_F(StateFileTest, NeverReplacesWhatItCannotRead) {
    ASSERT_TRUE(fs::create_directory(path));
    std::optional<bool> written_well;
    StateFile file(io, path, [&](std::uint64_t, const Result<>& written) { written_well = written.has_value(); });
    file.write(1, {}, {});
    ASSERT_TRUE(test::run_until(io, [&] { return written_well.has_value(); }));
    EXPECT_FALSE(*written_well);
}

TEST_F(StateFileTest, ReadsNoMoreThanItIsAllowed) {
    put(std::string(1000, 'x'));
    EXPECT_TRUE(read_text_file(path, 1000));
    EXPECT_FALSE(read_text_file(path, 999));
    EXPECT_FALSE(read_text_file(directory.path() / "none", 999));
}

}  // namespace
}  // namespace holdfast::watch
