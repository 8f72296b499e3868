// Files that are not what they should be, and files that are taken away, held or damaged while the store runs. Nothing crashes,
// nothing that is not ours is written to, nothing that waits is lost.

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class Faults : public StoreTest {
protected:
    void put(const std::string& bytes) { std::ofstream(path(), std::ios::binary) << bytes; }
    [[nodiscard]] std::string bytes() const {
        std::ifstream file(path(), std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    void take_away() {
        for (const char* end : {"", "-wal", "-shm"})
            fs::remove(path() + end);
    }

    /// A store whose owner knows device "known" and answers when asked for its image.
    std::unique_ptr<FleetStore> open_owned() {
        SqliteOptions owned = options();
        owned.on_lost = [this] {
            ++asked_;
            store_->replace({.clusters = {cluster("east")}, .nodes = {}, .devices = {device("known", "from the image")}});
        };
        return open(owned);
    }

    std::unique_ptr<FleetStore> store_;
    std::atomic<int> asked_{0};
};

TEST_F(Faults, AForeignFileIsLeftAlone) {
    const std::string text(5000, 'x');
    put(text);
    const Error error = refusal();
    EXPECT_TRUE(error.is(StorageErrc::foreign_file));
    EXPECT_EQ(error.message(), path() + " is not a store of Holdfast, and was left alone; move it away, or set storage.path");
    EXPECT_EQ(bytes(), text);
}

TEST_F(Faults, AnotherProgramsDatabaseIsLeftAlone) {
    sqlite3* other = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &other), SQLITE_OK);
    sqlite3_exec(other, "CREATE TABLE recipes (name TEXT)", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    const std::string before = bytes();
    const Error error = refusal();
    EXPECT_TRUE(error.is(StorageErrc::foreign_file));
    EXPECT_EQ(error.message(), path() + " belongs to another program, and was left alone; move it away, or set storage.path");
    EXPECT_EQ(bytes(), before);
}

TEST_F(Faults, ANewerFileIsLeftAlone) {
    ASSERT_TRUE(write_durably(*open(), {device("a")}));
    sqlite3* newer = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &newer), SQLITE_OK);
    sqlite3_exec(newer, "PRAGMA user_version = 99", nullptr, nullptr, nullptr);
    sqlite3_close(newer);
    const std::string before = bytes();
    EXPECT_TRUE(refusal().is(StorageErrc::newer_file));
    EXPECT_EQ(bytes(), before);
}

TEST_F(Faults, ADamagedFileIsToldAndLeftAlone) {
    std::vector<fleet::Change> changes;
    for (int i = 0; i < 2000; ++i)
        changes.emplace_back(device("device-" + std::to_string(i), std::string(100, 'n')));
    ASSERT_TRUE(write_durably(*open(), std::move(changes)));
    std::string damaged = bytes();
    ASSERT_GT(damaged.size(), 100'000U);
    std::fill(damaged.begin() + 40'000, damaged.begin() + 60'000, '\x5A');
    put(damaged);
    const Error error = refusal();
    EXPECT_TRUE(error.is(StorageErrc::corrupt)) << error.message();
    EXPECT_TRUE(error.message().starts_with(path() + " is damaged (")) << error.message();
    EXPECT_NE(error.message().find("Put back a backup, or move it away to begin with an empty store"), std::string::npos);
    EXPECT_EQ(bytes(), damaged);
}

TEST_F(Faults, ACutFileIsToldAndLeftAlone) {
    std::vector<fleet::Change> changes;
    for (int i = 0; i < 2000; ++i)
        changes.emplace_back(device("device-" + std::to_string(i), std::string(100, 'n')));
    ASSERT_TRUE(write_durably(*open(), std::move(changes)));
    put(bytes().substr(0, 50'000));
    EXPECT_TRUE(refusal().is(StorageErrc::corrupt));
    EXPECT_EQ(bytes().size(), 50'000U);
}

TEST_F(Faults, ARowThatCannotBeIsTold) {
    ASSERT_TRUE(write_durably(*open(), {cluster("east")}));
    sqlite3* editor = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &editor), SQLITE_OK);
    sqlite3_exec(editor, "UPDATE clusters SET source = 'mars'", nullptr, nullptr, nullptr);
    sqlite3_close(editor);
    const Error error = refusal();
    EXPECT_TRUE(error.is(StorageErrc::corrupt));
    EXPECT_NE(error.message().find("holds a cluster \"east\" that Holdfast did not write"), std::string::npos)
        << error.message();
}

TEST_F(Faults, ADirectoryThatIsNotThereIsTold) {
    SqliteOptions elsewhere = options();
    elsewhere.path = (directory_.path() / "missing" / "fleet.db").string();
    const auto store = open_sqlite_fleet_store(elsewhere, clock_);
    ASSERT_FALSE(store);
    EXPECT_TRUE(store.error().is(StorageErrc::cannot_open));
    EXPECT_EQ(
        store.error().message(),
        "cannot make " + elsewhere.path + ".lock: No such file or directory; the store's directory must exist and be writable");
}

TEST_F(Faults, ADirectoryInItsPlaceIsTold) {
    fs::create_directory(path());
    EXPECT_TRUE(refusal().is(StorageErrc::cannot_open));
}

TEST_F(Faults, AnEmptyFileBecomesAStore) {
    put("");
    ASSERT_TRUE(write_durably(*open(), {device("a")}));
    EXPECT_EQ(stored().devices.size(), 1U);
}

TEST_F(Faults, ASecondHoldfastIsRefused) {
    const auto first = open();
    const Error error = refusal();
    EXPECT_TRUE(error.is(StorageErrc::in_use));
    EXPECT_EQ(error.message(),
              "another Holdfast uses the store " + path() + "; end it, or set paths.data_dir to another directory");
}

TEST_F(Faults, AFileTakenAwayIsMadeAnewFromTheOwnersImage) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old"), device("lost with the file")}));
    take_away();
    EXPECT_TRUE(write_durably(*store_, {device("new")}));
    const StoreStatus status = store_->status();
    EXPECT_TRUE(status.ok) << status.sentence;
    EXPECT_EQ(status.times_lost, 1U);
    EXPECT_EQ(asked_, 1);
    store_.reset();
    const auto image = stored();
    EXPECT_EQ(note_of(image, "known"), "from the image");
    EXPECT_EQ(note_of(image, "lost with the file"), "no such device");
    EXPECT_EQ(image.clusters.size(), 1U);
    const std::vector<std::string> said = lines();
    ASSERT_EQ(said.size(), 2U);
    EXPECT_TRUE(said[0].starts_with("ERROR storage   the fleet is not being stored: the store " + path() +
                                    " was taken away; it is being made anew."))
        << said[0];
    EXPECT_TRUE(said[1].starts_with("INFO  storage   the fleet is stored again")) << said[1];
}

TEST_F(Faults, AFileTakenAwayIsNoticedWithoutAnyChange) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old")}));
    take_away();
    EXPECT_TRUE(eventually([&] { return store_->status().commits == 2; }));
    store_.reset();
    EXPECT_EQ(note_of(stored(), "known"), "from the image");
}

TEST_F(Faults, AFileRenamedAwayKeepsWhatItHolds) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old")}));
    const fs::path aside = directory_.path() / "aside.db";
    fs::rename(path(), aside);
    EXPECT_TRUE(write_durably(*store_, {device("new")}));
    EXPECT_TRUE(store_->status().ok);
    store_.reset();
    EXPECT_EQ(note_of(stored(), "known"), "from the image");
}

TEST_F(Faults, ALogTakenAwayIsMadeAnewToo) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old")}));
    fs::remove(path() + "-wal");
    EXPECT_TRUE(write_durably(*store_, {device("new")}));
    store_.reset();
    EXPECT_EQ(note_of(stored(), "known"), "from the image");
    EXPECT_EQ(asked_, 1);
}

TEST_F(Faults, AFileTakenAwayWithItsDirectoryIsMadeAnewWhenThatIsBack) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old")}));
    const fs::path away = directory_.path().string() + "-away";
    fs::rename(directory_.path(), away);
    store_->write({device("new")});
    EXPECT_TRUE(eventually([&] { return !store_->status().ok; }));
    EXPECT_FALSE(store_->flush(1ms));
    fs::create_directory(directory_.path());
    EXPECT_TRUE(store_->flush(patience));
    EXPECT_TRUE(store_->status().ok);
    store_.reset();
    EXPECT_EQ(note_of(stored(), "known"), "from the image");
    fs::remove_all(away);
}

TEST_F(Faults, AFilePutInItsPlaceIsNeverWrittenTo) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("known", "old")}));
    const fs::path other = directory_.path() / "other";
    std::ofstream(other) << "a backup, perhaps";
    fs::rename(other, path());
    store_->write({device("new")});
    EXPECT_TRUE(eventually([&] { return !store_->status().ok; }));
    EXPECT_TRUE(store_->status().sentence.starts_with("another file was put in the place of the store " + path()))
        << store_->status().sentence;
    EXPECT_FALSE(store_->flush(50ms));
    EXPECT_EQ(bytes(), "a backup, perhaps");
    fs::remove(path());
    EXPECT_TRUE(store_->flush(patience));
    store_.reset();
    EXPECT_EQ(note_of(stored(), "known"), "from the image");
}

TEST_F(Faults, AHeldFileIsWaitedFor) {
    store_ = open_owned();
    ASSERT_TRUE(write_durably(*store_, {device("a", "1")}));
    sqlite3* holder = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &holder), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
    for (int i = 0; i < 100; ++i)
        store_->write({device("a", std::to_string(i)), device("b", std::to_string(i))});
    EXPECT_TRUE(eventually([&] { return store_->status().failures >= 3; }));
    const StoreStatus failing = store_->status();
    EXPECT_FALSE(failing.ok);
    EXPECT_TRUE(failing.failing_since);
    EXPECT_EQ(failing.sentence, "another program holds " + path() + "; close what has it open");
    EXPECT_LE(failing.pending, 4U);
    EXPECT_EQ(sqlite3_exec(holder, "COMMIT", nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(holder);
    EXPECT_TRUE(store_->flush(patience));
    EXPECT_TRUE(store_->status().ok);
    store_.reset();
    EXPECT_EQ(note_of(stored(), "b"), "99");
    EXPECT_EQ(asked_, 0);
    EXPECT_EQ(lines().size(), 2U);
}

TEST_F(Faults, AnEndWhileTheFileIsHeldAnswersAllWhoWait) {
    sqlite3* holder = nullptr;
    std::atomic<int> told_no{0};
    {
        const auto store = open();
        ASSERT_EQ(sqlite3_open(path().c_str(), &holder), SQLITE_OK);
        ASSERT_EQ(sqlite3_exec(holder, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
        for (int i = 0; i < 10; ++i) {
            store->write({device("a")}, [&](bool durable) { told_no += durable ? 0 : 1; });
        }
    }
    EXPECT_EQ(told_no, 10);
    sqlite3_close(holder);
    EXPECT_TRUE(stored().devices.empty());
}

TEST_F(Faults, AReadOnlyFileIsTold) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to become somebody else";
    ASSERT_TRUE(write_durably(*open(), {device("a")}));
    fs::permissions(path(), fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read);
    fs::permissions(path() + ".lock", fs::perms::all);
    fs::permissions(directory_.path(), fs::perms::all);
    EXPECT_EQ(in_child([&] {
                  if (::setuid(65534) != 0) return cannot_try_here;
                  const Error error = refusal();
                  const std::string expected = path() + " can only be read, not written; check its owner, mode and file system";
                  if (error.message() == expected) return 0;
                  fprintf(stderr, "%s\n", error.message().c_str());
                  return 1;
              }),
              0);
}

}  // namespace
}  // namespace holdfast::storage
