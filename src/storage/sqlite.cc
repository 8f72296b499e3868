#include "storage/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

#include "base/assert.h"

namespace holdfast::storage {

Error sqlite_error(int code, std::string_view detail, int system_errno, const std::string& path) {
    const std::string why =
        system_errno == 0 ? std::string(detail) : fmt::format("{}: {}", detail, std::strerror(system_errno));
    switch (code & 0xFF) {
        case SQLITE_FULL:
            return {StorageErrc::unavailable, fmt::format("there is no room left for {}; make room on its disk", path)};
        case SQLITE_READONLY:
            return {StorageErrc::unavailable,
                    fmt::format("{} can only be read, not written; check its owner, mode and file system", path)};
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return {StorageErrc::unavailable, fmt::format("another program holds {}; close what has it open", path)};
        case SQLITE_CORRUPT:
            return {StorageErrc::corrupt,
                    fmt::format("{} is damaged ({}); nothing was changed in it. Put back a backup, or move it away "
                                "to begin with an empty store",
                                path, detail)};
        case SQLITE_NOTADB:
            return {StorageErrc::foreign_file,
                    fmt::format("{} is not a store of Holdfast, and was left alone; move it away, or set storage.path", path)};
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            return {StorageErrc::cannot_open, fmt::format("cannot open the store {} ({})", path, why)};
        default:
            return {StorageErrc::unavailable, fmt::format("cannot use the store {} ({})", path, why)};
    }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
    sqlite3_finalize(statement);
}

Error Statement::error(int code) const {
    sqlite3* handle = sqlite3_db_handle(statement_.get());
    return sqlite_error(code, sqlite3_errmsg(handle), (code & 0xFF) == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0, path_);
}

Statement& Statement::bind(int index, std::string_view text) {
    // A null pointer would bind NULL; an empty text is a text.
    const int code = sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(), text.size(),
                                         SQLITE_STATIC, SQLITE_UTF8);
    HF_ASSERT(code == SQLITE_OK, "a statement has no such parameter");
    return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
    HF_ASSERT(sqlite3_bind_int64(statement_.get(), index, number) == SQLITE_OK, "a statement has no such parameter");
    return *this;
}

Statement& Statement::bind_real(int index, double number) {
    HF_ASSERT(sqlite3_bind_double(statement_.get(), index, number) == SQLITE_OK, "a statement has no such parameter");
    return *this;
}

Statement& Statement::bind_null(int index) {
    HF_ASSERT(sqlite3_bind_null(statement_.get(), index) == SQLITE_OK, "a statement has no such parameter");
    return *this;
}

Statement& Statement::bind_blob(int index, ByteView bytes) {
    const Byte none = 0;
    const int code = sqlite3_bind_blob64(statement_.get(), index, bytes.data() == nullptr ? &none : bytes.data(), bytes.size(),
                                         SQLITE_STATIC);
    HF_ASSERT(code == SQLITE_OK, "a statement has no such parameter");
    return *this;
}

Result<Statement::Step> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return Step::row;
    if (code == SQLITE_DONE) return Step::done;
    Error failed = error(code);
    reset();
    return std::unexpected(std::move(failed));
}

Result<void> Statement::run() {
    const auto stepped = step();
    if (!stepped) return std::unexpected(stepped.error());
    reset();
    return {};
}

void Statement::reset() noexcept {
    sqlite3_reset(statement_.get());
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

double Statement::real(int column) const {
    return sqlite3_column_double(statement_.get(), column);
}

std::int64_t Statement::number(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const void* data = sqlite3_column_blob(statement_.get(), column);
    const int size = sqlite3_column_bytes(statement_.get(), column);
    if (data == nullptr) return {};
    return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* handle) const noexcept {
    sqlite3_close_v2(handle);
}

Error Database::error(int code) const {
    return sqlite_error(
        code, sqlite3_errmsg(handle_.get()),
        (code & 0xFF) == SQLITE_IOERR || (code & 0xFF) == SQLITE_CANTOPEN ? sqlite3_system_errno(handle_.get()) : 0, path_);
}

/// SQLite's own waiting begins with a millisecond and soon takes a hundred; a transaction of ours takes a tenth of one.
int Database::wait_for_lock(void* patience, int times) {
    auto& here = *static_cast<Patience*>(patience);
    if (times == 0) here.waited = Duration::zero();
    if (here.waited >= here.at_most) return 0;
    const Duration pause = std::min<Duration>(std::chrono::microseconds(50 * (times + 1)), std::chrono::milliseconds(2));
    std::this_thread::sleep_for(pause);
    here.waited += pause;
    return 1;
}

Result<Database> Database::open(const std::string& path, Duration busy_timeout) {
    // SQLite's statistics of its memory take a lock around each of its allocations, and nobody asks for them. Refused, without
    // harm, where SQLite is in use already.
    static const int without_statistics = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(without_statistics);
    sqlite3* handle = nullptr;
    const int code =
        sqlite3_open_v2(path.c_str(), &handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    HF_ASSERT(handle != nullptr, "out of memory");
    Database database(handle, path);
    if (code != SQLITE_OK) return std::unexpected(database.error(code));
    // SQLite is content with reading when it may not write.
    if (sqlite3_db_readonly(handle, "main") == 1) return std::unexpected(sqlite_error(SQLITE_READONLY, {}, 0, path));
    database.patience_->at_most = busy_timeout;
    sqlite3_busy_handler(handle, &Database::wait_for_lock, database.patience_.get());
    return database;
}

Result<void> Database::run(const std::string& sql) {
    const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error(code));
    return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
    if (code != SQLITE_OK) return std::unexpected(error(code));
    return Statement(statement, path_);
}

Result<std::int64_t> Database::number(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    const auto stepped = statement->step();
    if (!stepped) return std::unexpected(stepped.error());
    HF_ASSERT(*stepped == Statement::Step::row, "a query for one number gave no row");
    return statement->number(0);
}

Result<std::string> Database::text(std::string_view sql) {
    auto statement = prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    const auto stepped = statement->step();
    if (!stepped) return std::unexpected(stepped.error());
    HF_ASSERT(*stepped == Statement::Step::row, "a query for one text gave no row");
    return std::string(statement->text(0));
}

std::int64_t Database::changes() const noexcept {
    return sqlite3_changes64(handle_.get());
}

void Database::roll_back() noexcept {
    if (sqlite3_get_autocommit(handle_.get()) == 0) sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace holdfast::storage
