#include "storage/command_file.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>
#include <utility>

#include "storage/command_schema.h"

namespace holdfast::storage {
namespace {

// A page cache of 32 MB for writing and 16 for reading keeps the inner pages of the indexes of some million commands. The log
// is brought into the file each 16 MB: at SQLite's own 4 MB the pages of the device index would be copied several times as
// often.
constexpr std::string_view writing = "PRAGMA cache_size = -32000; PRAGMA wal_autocheckpoint = 4000";
constexpr std::string_view reading = "PRAGMA cache_size = -16000; PRAGMA query_only = ON";

constexpr auto pause_between_tries = std::chrono::milliseconds(10);

/// SQLite does not wait for others who make a file at the same moment.
Result<void> prepare_patiently(Database& database, Durability durability, Duration busy_timeout) {
    const Schema schema = command_schema(durability);
    for (Duration waited{};; waited += pause_between_tries) {
        auto prepared = prepare_schema(database, schema, false);
        if (prepared || !prepared.error().is(StorageErrc::unavailable) || waited >= busy_timeout) return prepared;
        std::this_thread::sleep_for(pause_between_tries);
    }
}

}  // namespace

Result<std::unique_ptr<CommandFile>> CommandFile::open(const std::string& path, Duration busy_timeout, Durability durability) {
    auto database = Database::open(path, busy_timeout);
    if (!database) return std::unexpected(std::move(database.error()));
    std::unique_ptr<CommandFile> file(new CommandFile(std::move(*database)));
    if (auto prepared = prepare_patiently(file->database_, durability, busy_timeout); !prepared)
        return std::unexpected(std::move(prepared.error()));
    if (auto set = file->database_.run(std::string(writing)); !set) return std::unexpected(std::move(set.error()));
    auto rows = CommandRows::prepare(file->database_);
    if (!rows) return std::unexpected(std::move(rows.error()));
    file->rows_.emplace(std::move(*rows));
    // A read makes the write-ahead log's file, so that both can be recognized from now on.
    if (auto read = file->database_.number("SELECT count(*) FROM tallies"); !read)
        return std::unexpected(std::move(read.error()));
    const auto here = identity_of(path);
    const auto log = identity_of(path + "-wal");
    if (!here || !log)
        return fail(StorageErrc::cannot_open, fmt::format("the store {} vanished while it was being opened", path));
    file->file_ = *here;
    file->log_ = *log;
    return file;
}

Result<Database> CommandFile::open_for_reading(const std::string& path, Duration busy_timeout) {
    auto database = Database::open(path, busy_timeout);
    if (!database) return database;
    if (auto set = database->run(std::string(reading)); !set) return std::unexpected(std::move(set.error()));
    return database;
}

Result<void> CommandFile::check_presence() const {
    if (identity_of(database_.path()) == file_ && identity_of(database_.path() + "-wal") == log_) return {};
    return fail(StorageErrc::unavailable,
                fmt::format("the store {} was taken away; put it and its log ({}-wal) back, or start Holdfast again",
                            database_.path(), database_.path()));
}

Result<void> CommandFile::begin() {
    if (auto present = check_presence(); !present) return present;
    return database_.run("BEGIN IMMEDIATE");
}

Result<void> CommandFile::commit() {
    Result<void> done = rows_->finish();
    if (done) done = database_.run("COMMIT");
    if (!done) {
        roll_back();
        return done;
    }
    rows_->forget();
    // What was committed to a file that is gone by now is not durable.
    return check_presence();
}

void CommandFile::roll_back() noexcept {
    database_.roll_back();
    rows_->forget();
}

}  // namespace holdfast::storage
