#pragma once
// SQLite's handles as values that close themselves, and its result codes as sentences. One thread at a time per database.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "storage/fleet_store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace holdfast::storage {

/// What went wrong with the file at `path`, and what helps. `detail` and `system_errno` are SQLite's and the system's own
/// words.
[[nodiscard]] Error sqlite_error(int code, std::string_view detail, int system_errno, const std::string& path);

/// One prepared statement. Bind from 1, step until it is done, then it is reset for the next use. Bound bytes must live until
/// then.
class Statement {
public:
    enum class Step : std::uint8_t { row, done };

    Statement& bind(int index, std::string_view text);
    Statement& bind(int index, std::int64_t number);
    Statement& bind_real(int index, double number);
    Statement& bind_null(int index);
    Statement& bind_blob(int index, ByteView bytes);

    [[nodiscard]] Result<Step> step();
    /// Steps a statement that gives no rows, and resets it.
    [[nodiscard]] Result<void> run();
    void reset() noexcept;

    /// Columns from 0, valid until the next step.
    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] std::string_view text(int column) const;

private:
    friend class Database;
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const noexcept;
    };
    Statement(sqlite3_stmt* statement, const std::string& path) : statement_(statement), path_(path) {}
    [[nodiscard]] Error error(int code) const;

    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
    std::string path_;
};

/// One open file.
class Database {
public:
    /// Opens or makes the file, touching nothing in it yet.
    [[nodiscard]] static Result<Database> open(const std::string& path, Duration busy_timeout);

    [[nodiscard]] Result<void> run(const std::string& sql);
    [[nodiscard]] Result<Statement> prepare(std::string_view sql);
    /// The first column of the first row, which must exist.
    [[nodiscard]] Result<std::int64_t> number(std::string_view sql);
    [[nodiscard]] Result<std::string> text(std::string_view sql);
    /// Rows that the last statement has written.
    [[nodiscard]] std::int64_t changes() const noexcept;
    /// Ends a transaction that failed, if SQLite has not done so itself.
    void roll_back() noexcept;

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    struct Close {
        void operator()(sqlite3* handle) const noexcept;
    };
    /// How long a lock of another connection has been waited for; SQLite keeps a pointer to it.
    struct Patience {
        Duration at_most{};
        Duration waited{};
    };

    Database(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
    static int wait_for_lock(void* patience, int times);
    [[nodiscard]] Error error(int code) const;

    std::unique_ptr<Patience> patience_ = std::make_unique<Patience>();  // outlives the handle
    std::unique_ptr<sqlite3, Close> handle_;
    std::string path_;
};

}  // namespace holdfast::storage
