#include "storage/schema.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "store_fixture.h"

namespace holdfast::storage {
namespace {

using namespace std::chrono_literals;

class Schema : public testing::StoreTest {
protected:
    Result<void> prepare(std::span<const std::string_view> steps) {
        auto database = Database::open(path(), 10ms);
        if (!database) return std::unexpected(database.error());
        return prepare_schema(*database, steps, true);
    }
    std::int64_t number(std::string_view sql) { return Database::open(path(), 10ms).value().number(sql).value(); }
};

constexpr std::array<std::string_view, 1> one_step{"CREATE TABLE a (x INTEGER);"};
constexpr std::array<std::string_view, 3> three_steps{
    "CREATE TABLE a (x INTEGER);", "ALTER TABLE a ADD COLUMN y INTEGER; INSERT INTO a VALUES (1, 2);", "UPDATE a SET y = 3;"};
constexpr std::array<std::string_view, 3> broken_third{three_steps[0], three_steps[1], "UPDATE a SET y = 4; NONSENSE;"};

TEST_F(Schema, BringsAnOlderFileToTheNewestVersion) {
    ASSERT_TRUE(prepare(one_step));
    EXPECT_EQ(number("PRAGMA user_version"), 1);
    ASSERT_TRUE(prepare(three_steps));
    EXPECT_EQ(number("PRAGMA user_version"), 3);
    EXPECT_EQ(number("SELECT y FROM a"), 3);
    ASSERT_TRUE(prepare(three_steps));
    EXPECT_EQ(number("SELECT count(*) FROM a"), 1);
}

TEST_F(Schema, KeepsWhatIsDoneWhenAStepFails) {
    ASSERT_TRUE(prepare(one_step));
    ASSERT_FALSE(prepare(broken_third));
    EXPECT_EQ(number("PRAGMA user_version"), 2);
    EXPECT_EQ(number("SELECT y FROM a"), 2);
    ASSERT_TRUE(prepare(three_steps));
    EXPECT_EQ(number("SELECT y FROM a"), 3);
}

TEST_F(Schema, RefusesANewerFileWithoutTouchingIt) {
    ASSERT_TRUE(prepare(three_steps));
    const auto refused = prepare(one_step);
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().is(StorageErrc::newer_file));
    EXPECT_EQ(refused.error().message(),
              path() +
                  " was written by a newer Holdfast (version 3 of the store, this program knows 1), and was "
                  "left alone; use that Holdfast, or move the file away");
    EXPECT_EQ(number("PRAGMA user_version"), 3);
}

TEST_F(Schema, IsDurableAtEachCommit) {
    ASSERT_TRUE(prepare(schema_steps()));
    auto database = Database::open(path(), 10ms).value();
    ASSERT_TRUE(prepare_schema(database, schema_steps(), true));
    EXPECT_EQ(database.text("PRAGMA journal_mode").value(), "wal");
    EXPECT_EQ(database.number("PRAGMA synchronous").value(), 2);
    EXPECT_EQ(database.number("PRAGMA application_id").value(), application_id);
}

}  // namespace
}  // namespace holdfast::storage
