// What durable commands cost, beside what SQLite takes for inserting the same bytes. Printed for people, judged by nobody.

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <random>
#include <string>

#include "command_store_fixture.h"
#include "storage/command_columns.h"

namespace holdfast::storage {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

class CommandStoreSpeed : public CommandStoreTest {
protected:
    static constexpr std::uint64_t commands = 10'000;

    static double rate(Clock::time_point began) {
        return static_cast<double>(commands) / std::chrono::duration<double>(Clock::now() - began).count();
    }
    command::Command next(std::uint64_t number) {
        command::Command command = command_of(number, "device-" + std::to_string(random_() % 1000));
        command.payload = std::string(100, 'x');
        command.content_type = "application/json";
        command.body_hash = std::string(16, 'h');
        return command;
    }
    /// One table, one row for each command, committed in groups like the store's.
    double floor(std::uint64_t group) {
        sqlite3* database = nullptr;
        sqlite3_open((directory_.path() / "floor.db").c_str(), &database);
        const auto run = [&](const char* sql) { sqlite3_exec(database, sql, nullptr, nullptr, nullptr); };
        run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; DROP TABLE IF EXISTS t; "
            "CREATE TABLE t (id BLOB PRIMARY KEY, body BLOB) WITHOUT ROWID");
        sqlite3_stmt* insert = nullptr;
        sqlite3_prepare_v2(database, "INSERT INTO t VALUES (?1, ?2)", -1, &insert, nullptr);
        const std::string body(270, 'b');
        const auto began = Clock::now();
        for (std::uint64_t i = 0; i < commands;) {
            run("BEGIN IMMEDIATE");
            for (std::uint64_t k = 0; k < group && i < commands; ++k, ++i) {
                const IdBytes id = id_bytes(id_at(long_ago, i));
                sqlite3_bind_blob(insert, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
                sqlite3_bind_blob(insert, 2, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
                sqlite3_step(insert);
                sqlite3_reset(insert);
            }
            run("COMMIT");
        }
        const double result = rate(began);
        sqlite3_finalize(insert);
        sqlite3_close(database);
        return result;
    }

    std::minstd_rand random_{1};
};

TEST_F(CommandStoreSpeed, OfDurableInserts) {
    for (const std::uint64_t callers : {64U, 1000U}) {
        const auto store = open();
        std::mutex mutex;
        std::condition_variable room;
        std::uint64_t waiting = 0;
        const auto began = Clock::now();
        for (std::uint64_t i = 0; i < commands; ++i) {
            std::unique_lock lock(mutex);
            room.wait(lock, [&] { return waiting < callers; });
            ++waiting;
            lock.unlock();
            store->write({next(callers * commands + i)}, [&](const Result<>& result) {
                EXPECT_TRUE(result);
                const std::lock_guard held(mutex);
                --waiting;
                room.notify_one();
            });
        }
        ASSERT_TRUE(store->flush(patience));
        const double ours = rate(began);
        const auto group = std::max<std::uint64_t>(1, commands / store->status().commits);
        const double bare = floor(group);
        std::printf("%lu callers: %.0f commands a second in groups of %lu; bare inserts %.0f; share %.2f\n", callers, ours,
                    group, bare, ours / bare);
    }
}

}  // namespace
}  // namespace holdfast::storage
