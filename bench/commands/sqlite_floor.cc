// SQLite by itself: rows of the size of a submitted command's into a table with the same columns and indexes, many in a
// transaction, one fsync for each. What is below it is what a command centre costs.

#include <fmt/format.h>

#include <array>
#include <random>

#include "command/state.h"
#include "commands_bench.h"
#include "stopwatch.h"
#include "storage/command_schema.h"
#include "storage/schema.h"
#include "storage/sqlite.h"

namespace holdfast::bench {
namespace {

template <class Value>
Value must(Result<Value> result) {
    if (!result) give_up(result.error().message());
    return std::move(*result);
}

void must(const Result<void>& result) {
    if (!result) give_up(result.error().message());
}

constexpr int columns = 31;

void insert(storage::Statement& statement, std::uint64_t number, std::string_view device, std::mt19937_64& random) {
    std::array<Byte, 16> id{};
    for (std::size_t i = 0; i < 8; ++i)
        id[i] = static_cast<Byte>(number >> (56 - 8 * i));
    std::array<Byte, 32> hash{};
    for (std::size_t i = 0; i < hash.size(); ++i)
        hash[i] = static_cast<Byte>(random());
    constexpr std::int64_t now = 1'790'000'000'000;
    constexpr std::int64_t hour = 3'600'000;
    constexpr std::int64_t second = 1'000'000'000;
    statement.bind_blob(1, id)
        .bind(2, device)
        .bind(3, "set-rate")
        .bind_blob(4, as_bytes(command_data))
        .bind(5, "application/json")
        .bind(6, now)
        .bind_null(7)
        .bind(8, now + hour);
    statement.bind(9, 2).bind(10, 1).bind(11, 5).bind(12, 5 * second).bind(13, second).bind(14, 30 * second);
    statement.bind(15, "").bind_blob(16, hash).bind(17, "admin").bind(18, "").bind(19, "").bind(20, "centre");
    statement.bind(21, static_cast<std::int64_t>(command::State::queued)).bind(22, 0).bind(23, 0).bind(24, "");
    statement.bind_blob(25, {}).bind(26, "").bind(27, 0).bind(28, 0).bind_null(29).bind_blob(30, {}).bind(31, 0);
    must(statement.run());
}

}  // namespace

void run_floor(const DriveOptions& options) {
    auto database = must(storage::Database::open(options.dir + "/floor.db", std::chrono::seconds(2)));
    must(storage::prepare_schema(database, storage::command_schema(storage::Durability::full), false));
    std::string places = "?1";
    for (int i = 2; i <= columns; ++i)
        places += fmt::format(", ?{}", i);
    auto statement = must(database.prepare(fmt::format("INSERT INTO commands VALUES ({})", places)));
    std::mt19937_64 random(options.seed);
    ReportLine("prepared").send();
    await_driver();
    Stopwatch watch;
    watch.start();
    for (std::size_t row = 0; row < options.count;) {
        const Clock::time_point began = Clock::now();
        must(database.run("BEGIN IMMEDIATE"));
        for (std::size_t i = 0; i < options.batch && row < options.count; ++i, ++row)
            insert(statement, row, device_id(random() % options.devices), random);
        must(database.run("COMMIT"));
        watch.done(began);
    }
    watch.stop();
    ReportLine line("done");
    watch.report(line);
    line.add("commands", static_cast<double>(options.count)).send();
    await_driver();
}

}  // namespace holdfast::bench
