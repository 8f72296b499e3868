// Files of commands that are held, full, taken away or not what they should be, and processes that are killed. Nothing that was
// answered is lost, nothing crashes, and what recovers is used again by itself.

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "command_store_fixture.h"
#include "storage/command_schema.h"
#include "storage/sqlite.h"

namespace holdfast::storage {
namespace {

using namespace testing;
using command::State;
namespace fs = std::filesystem;

class CommandStoreFaults : public CommandStoreTest {
protected:
    /// Fails a child with a sentence.
    static int wrong(const std::string& what) {
        std::fprintf(stderr, "%s\n", what.c_str());
        return 1;
    }
    [[nodiscard]] Error refusal() {
        auto store = SqliteCommandStore::open(options(), clock_);
        return store ? Error(StorageErrc::unavailable, "it was opened") : store.error();
    }
    void execute(const char* sql) {
        sqlite3* editor = nullptr;
        ASSERT_EQ(sqlite3_open(path().c_str(), &editor), SQLITE_OK);
        EXPECT_EQ(sqlite3_exec(editor, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(editor);
        sqlite3_close(editor);
    }
};

TEST_F(CommandStoreFaults, AFileHeldByAnotherProgramIsToldAndOutlived) {
    const auto store = open();
    ASSERT_TRUE(write_commands(*store, {command_of(1)}));
    sqlite3* holder = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &holder), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    store->audit({.at = long_ago, .who = "noted meanwhile"});
    const auto refused = write_commands(*store, {command_of(2)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(), "another program holds " + path() + "; close what has it open");
    EXPECT_FALSE(store->status().ok);
    EXPECT_EQ(store->status().sentence, refused.error().message());
    EXPECT_FALSE(store->flush(1ms));
    EXPECT_FALSE(store->hold_lease("one", {}, long_ago, 10s));
    EXPECT_EQ(store->get(id_at(long_ago, 1)).value(), command_of(1));
    EXPECT_EQ(store->get(id_at(long_ago, 2)).value(), std::nullopt);
    sqlite3_close(holder);
    EXPECT_TRUE(write_commands(*store, {command_of(2)}));
    EXPECT_TRUE(store->status().ok);
    ASSERT_TRUE(store->flush(patience));
    EXPECT_EQ(store->audit_log(10).value().size(), 1U);
    const auto said = lines();
    ASSERT_EQ(said.size(), 2U);
    EXPECT_TRUE(said[0].starts_with("ERROR storage   commands are not being stored: another program holds ")) << said[0];
    EXPECT_TRUE(said[1].starts_with("INFO  storage   commands are stored again")) << said[1];
}

TEST_F(CommandStoreFaults, AFileThatRefusedIsGivenTime) {
    SqliteCommandOptions slow = options();
    slow.retry_min = 1h;
    slow.retry_max = 1h;
    const auto store = open(slow);
    sqlite3* holder = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &holder), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    ASSERT_FALSE(write_commands(*store, {command_of(1)}));
    std::atomic<int> written = 0;
    for (std::uint64_t i = 2; i < 20; ++i)
        store->write({command_of(i)}, [&](const Result<>& result) { written += result ? 1 : 0; });
    sqlite3_close(holder);
    EXPECT_EQ(store->status().pending, 18U);
    EXPECT_TRUE(store->flush(patience));
    EXPECT_EQ(written, 18);
    EXPECT_EQ(store->status().failures, 1U);
}

TEST_F(CommandStoreFaults, AFullDiskIsToldAndOutlived) {
    EXPECT_EQ(in_child([&] {
                  ::signal(SIGXFSZ, SIG_IGN);
                  const auto store = open();
                  if (!write_commands(*store, {command_of(0)})) return wrong("it cannot be made");
                  rlimit limit{};
                  ::getrlimit(RLIMIT_FSIZE, &limit);
                  const rlim_t before = limit.rlim_cur;
                  limit.rlim_cur = 300 * 1024;
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  std::uint64_t taken = 1;
                  Result<> written;
                  do {
                      command::Command command = command_of(taken);
                      command.payload = std::string(3000, 'x');
                      written = write_commands(*store, {std::move(command)});
                      if (written) ++taken;
                  } while (written && taken < 1000);
                  if (written) return wrong("it did not notice");
                  if (store->status().ok) return wrong("it does not say that it fails");
                  if (!written.error().is(StorageErrc::unavailable)) return wrong(written.error().message());
                  limit.rlim_cur = before;
                  ::setrlimit(RLIMIT_FSIZE, &limit);
                  if (!eventually([&] { return write_commands(*store, {command_of(9999)}).has_value(); }))
                      return wrong("it did not recover: " + store->status().sentence);
                  if (!store->status().ok) return wrong("it does not say that it is well again");
                  return store->summary().value().total == taken + 1 ? 0 : wrong("not everything is there");
              }),
              0);
}

TEST_F(CommandStoreFaults, AFileTakenAwayIsToldAndNotMadeAnew) {
    const auto store = open();
    ASSERT_TRUE(write_commands(*store, {command_of(1)}));
    const fs::path aside = directory_.path() / "aside.db";
    fs::rename(path(), aside);
    const auto refused = write_commands(*store, {command_of(2)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message(),
              "the store " + path() + " was taken away; put it and its log (" + path() + "-wal) back, or start Holdfast again");
    EXPECT_FALSE(fs::exists(path()));
    fs::rename(aside, path());
    EXPECT_TRUE(write_commands(*store, {command_of(2)}));
}

TEST_F(CommandStoreFaults, OtherFilesAreLeftAlone) {
    std::ofstream(path()) << std::string(5000, 'x');
    EXPECT_TRUE(refusal().is(StorageErrc::foreign_file));
    fs::remove(path());
    execute("CREATE TABLE recipes (name TEXT)");
    EXPECT_TRUE(refusal().is(StorageErrc::foreign_file));
    fs::remove(path());
    (void)open();
    execute("PRAGMA user_version = 99");
    EXPECT_TRUE(refusal().is(StorageErrc::newer_file));
    fs::remove(path());
    SqliteCommandOptions elsewhere = options();
    elsewhere.path += "/missing/commands.db";
    const auto missing = SqliteCommandStore::open(elsewhere, clock_);
    ASSERT_FALSE(missing);
    EXPECT_TRUE(missing.error().is(StorageErrc::cannot_open)) << missing.error().message();
}

TEST_F(CommandStoreFaults, AFleetsFileIsNoFileOfCommands) {
    {
        auto database = std::move(Database::open(path(), 1s).value());
        ASSERT_TRUE(prepare_schema(database, schema_steps(), true));
    }
    EXPECT_TRUE(refusal().is(StorageErrc::foreign_file));
}

TEST_F(CommandStoreFaults, ARowThatCannotBeIsTold) {
    ASSERT_TRUE(write_commands(*open(), {full_command(1)}));
    for (const char* damage : {"UPDATE commands SET state = 77", "UPDATE commands SET state = 2, attempts = x'0102FFFF'"}) {
        execute(damage);
        const auto read = open()->get(id_at(long_ago, 1));
        ASSERT_FALSE(read) << damage;
        EXPECT_TRUE(read.error().is(StorageErrc::corrupt)) << read.error().message();
    }
}

/// Each step of the file's making is one that was released, so a file that stopped at any of them becomes the newest.
TEST_F(CommandStoreFaults, AFileOfEachOlderVersionIsMigrated) {
    const Schema newest = command_schema(Durability::full);
    for (std::size_t version = 0; version <= newest.steps.size(); ++version) {
        fs::remove(path());
        {
            Schema older = newest;
            older.steps = newest.steps.first(version);
            auto database = std::move(Database::open(path(), 1s).value());
            ASSERT_TRUE(prepare_schema(database, older, true));
        }
        ASSERT_TRUE(write_commands(*open(), {full_command(1)}));
        EXPECT_EQ(open()->get(id_at(long_ago, 1)).value(), full_command(1));
    }
}

TEST_F(CommandStoreFaults, ManyProcessesMayMakeTheFileAtOnce) {
    SqliteCommandOptions patient = options();
    patient.busy_timeout = 10s;
    std::vector<pid_t> children;
    for (std::uint64_t child = 0; child < 6; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto store = SqliteCommandStore::open(patient, clock_);
            if (!store) ::_exit(wrong(store.error().message()));
            for (std::uint64_t i = 0; i < 20; ++i) {
                const auto written = write_commands(**store, {command_of(child * 100 + i)});
                if (!written) ::_exit(wrong(written.error().message()));
            }
            store->reset();
            ::_exit(0);
        }
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = 0;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(open()->summary().value().total, 120U);
}

class CommandStoreKill : public CommandStoreTest, public ::testing::WithParamInterface<unsigned> {
protected:
    /// Writes pairs of commands, each later with its end, and sends each number whose last write is durable through the pipe.
    [[noreturn]] void write_without_end(int answers) {
        const auto store = std::move(SqliteCommandStore::open(options(), clock_).value());
        for (std::uint32_t number = 1;; ++number) {
            const command::Command one = command_of(2 * number);
            const command::Command two = command_of(2 * number + 1);
            store->write({one, two}, {});
            store->write({ended_as(one, State::succeeded), ended_as(two, State::failed)}, [=](const Result<>& result) {
                if (result && ::write(answers, &number, sizeof number) != sizeof number) ::_exit(1);
            });
            if (number % 16 == 0 && !store->flush(patience)) ::_exit(2);
        }
    }
};

TEST_P(CommandStoreKill, LosesNothingThatWasAnswered) {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(::pipe(pipe_ends.data()), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pipe_ends[0]);
        write_without_end(pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    std::minstd_rand random(GetParam());
    const std::uint32_t enough = 1 + static_cast<std::uint32_t>(random() % 800);
    std::uint32_t number = 0;
    std::uint32_t answered = 0;
    while (::read(pipe_ends[0], &number, sizeof number) == sizeof number) {
        EXPECT_EQ(number, answered + 1);
        answered = number;
        if (number == enough) ::kill(child, SIGKILL);
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << WEXITSTATUS(status);

    const auto store = open();
    for (number = 1; number <= answered; ++number) {
        EXPECT_EQ(store->get(id_at(long_ago, 2 * number)).value().value().state, State::succeeded);
        EXPECT_EQ(store->get(id_at(long_ago, 2 * number + 1)).value().value().state, State::failed);
    }
    const auto summary = store->summary().value();
    EXPECT_EQ(summary.total % 2, 0U);
    std::uint64_t counted = 0;
    CommandQuery page{.limit = 1000};
    for (auto commands = store->list(page).value(); !commands.empty(); commands = store->list(page).value()) {
        counted += commands.size();
        page.before = commands.back().id;
    }
    EXPECT_EQ(summary.total, counted);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CommandStoreKill, ::testing::Range(1U, 7U));

}  // namespace
}  // namespace holdfast::storage
