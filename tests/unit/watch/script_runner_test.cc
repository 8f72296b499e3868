// Scripts, as real processes.

#include "watch/script_runner.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/log.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"
#include "watch/executable.h"

namespace holdfast::watch {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct ScriptRunnerTest : testing::Test {
    test::ScratchDirectory directory;
    boost::asio::io_context io{1};
    std::vector<sentinel::Event> events;
    std::filesystem::path runs = directory.path() / "runs";

    ScriptRunnerTest() {
        log::set_sink([](std::string_view) {});
    }
    ~ScriptRunnerTest() override { log::set_sink({}); }

    std::string script(std::string_view body) {
        const auto path = directory.path() / "script.sh";
        std::ofstream(path) << "#!/bin/sh\necho run >> " << runs.native() << "\n" << body << "\n";
        EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
        return path;
    }
    auto tell() {
        return [this](sentinel::Event event) { events.push_back(std::move(event)); };
    }
    [[nodiscard]] long count(std::string_view name) const { return std::ranges::count(events, name, &sentinel::Event::name); }
    [[nodiscard]] long times_run() const {
        std::ifstream in(runs);
        return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
    }
    bool done(const ScriptRunner& scripts) {
        return test::run_until(io, [&] { return scripts.facts().empty(); });
    }
};

TEST_F(ScriptRunnerTest, RunsWhatItIsTold) {
    ScriptRunner scripts(io, {}, tell());
    scripts.run({script("exit 0"), "a", "b"});
    ASSERT_EQ(scripts.facts().size(), 1u);
    EXPECT_TRUE(scripts.facts()[0].running);
    EXPECT_TRUE(done(scripts));
    EXPECT_EQ(times_run(), 1);
    EXPECT_EQ(count("-script-error"), 0);
}

TEST_F(ScriptRunnerTest, TriesAgainWhatFailedForAMoment) {
    ScriptRunner scripts(io, {.tries = 4, .first_pause = milliseconds(5)}, tell());
    scripts.run({script("exit 1")});
    EXPECT_TRUE(done(scripts));
    EXPECT_EQ(times_run(), 4);
    EXPECT_EQ(count("-script-error"), 1) << "it is told at the end";
}

TEST_F(ScriptRunnerTest, DoesNotTryAgainWhatFailedForGood) {
    ScriptRunner scripts(io, {.tries = 4, .first_pause = milliseconds(5)}, tell());
    scripts.run({script("exit 2")});
    EXPECT_TRUE(done(scripts));
    EXPECT_EQ(times_run(), 1);
    EXPECT_EQ(count("-script-error"), 1);
}

TEST_F(ScriptRunnerTest, KillsWhatHangs) {
    ScriptRunner scripts(io, {.tries = 2, .first_pause = milliseconds(5), .longest_run = milliseconds(50)}, tell());
    scripts.run({script("exec sleep 1000")});
    EXPECT_TRUE(done(scripts));
    // A busy machine may kill it before it has said anything.
    EXPECT_EQ(count("+script-child"), 2) << "a signal is a reason to try again";
    EXPECT_EQ(count("-script-timeout"), 2);
}

TEST_F(ScriptRunnerTest, RunsSoManyAtOnceAndDropsTheOldestThatWait) {
    ScriptRunner scripts(io, {.at_once = 2, .queued = 4}, tell());
    const std::string sleeper = script("exec sleep 1000");
    for (int i = 0; i < 10; ++i)
        scripts.run({sleeper, std::to_string(i)});
    const auto facts = scripts.facts();
    ASSERT_EQ(facts.size(), 4u);
    EXPECT_EQ(std::ranges::count(facts, true, &sentinel::ScriptFacts::running), 2);
    EXPECT_EQ(facts[0].words[1], "0");
    EXPECT_EQ(facts[2].words[1], "8");
    EXPECT_EQ(facts[3].words[1], "9");
}

TEST_F(ScriptRunnerTest, TellsThatAScriptCannotBeRun) {
    ScriptRunner scripts(io, {}, tell());
    scripts.run({directory.path() / "none"});
    EXPECT_TRUE(scripts.facts().empty());
    EXPECT_EQ(count("-script-error"), 1);
}

TEST_F(ScriptRunnerTest, OnlyFilesThatCanBeExecutedAreScripts) {
    EXPECT_TRUE(is_executable_file(script("")));
    EXPECT_FALSE(is_executable_file(directory.path().native()));
    EXPECT_FALSE(is_executable_file((directory.path() / "none").native()));
    std::ofstream(directory.path() / "plain") << "x";
    EXPECT_FALSE(is_executable_file((directory.path() / "plain").native()));
}

}  // namespace
}  // namespace holdfast::watch
