#include "queue/queue_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>

#include "storage/schema.h"

namespace holdfast::queue {
namespace {

using storage::Database;
using storage::Statement;

// Bringing the log into the file waits for the disk, so it is done seldom: each 16 MB.
constexpr std::string_view working = "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000";

constexpr std::int64_t queue_file_id = 0x48465155;  // "HFQU"

// `grp` is a group's id. Each group has its own copy of a message: nearly every topic has one group, and a message then is one
// row that is written once and removed once. Clocks are the machine's monotonic nanoseconds, but for `set_aside_at`.
constexpr std::array<std::string_view, 1> steps{R"(
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES ('last_number', 0), ('changes', 0);
CREATE TABLE groups (
    id       INTEGER PRIMARY KEY,
    topic    TEXT NOT NULL,
    name     TEXT NOT NULL,
    messages INTEGER NOT NULL,
    bytes    INTEGER NOT NULL,
    UNIQUE (topic, name)
) STRICT;
CREATE TABLE messages (
    grp     INTEGER NOT NULL,
    number  INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    times   INTEGER NOT NULL,
    key     BLOB NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (grp, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE processes (id INTEGER PRIMARY KEY AUTOINCREMENT, held_until INTEGER NOT NULL) STRICT;
CREATE TABLE consumers (
    grp     INTEGER NOT NULL,
    process INTEGER NOT NULL,
    PRIMARY KEY (grp, process)
) STRICT, WITHOUT ROWID;
CREATE TABLE parts (
    grp     INTEGER NOT NULL,
    part    INTEGER NOT NULL,
    owner   INTEGER NOT NULL,
    died    INTEGER NOT NULL,
    fetched INTEGER NOT NULL,
    PRIMARY KEY (grp, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE poison (
    number       INTEGER PRIMARY KEY AUTOINCREMENT,
    topic        TEXT NOT NULL,
    name         TEXT NOT NULL,
    key          BLOB NOT NULL,
    payload      BLOB NOT NULL,
    times        INTEGER NOT NULL,
    set_aside_at INTEGER NOT NULL
) STRICT;
)"};

void bind_value(Statement& statement, int index, std::string_view value) {
    statement.bind(index, value);
}
void bind_value(Statement& statement, int index, ByteView value) {
    statement.bind_blob(index, value);
}
template <class Number>
    requires std::is_integral_v<Number>
void bind_value(Statement& statement, int index, Number value) {
    statement.bind(index, static_cast<std::int64_t>(value));
}

template <class... Values>
Statement& bind_all(Statement& statement, const Values&... values) {
    int index = 0;
    (bind_value(statement, ++index, values), ...);
    return statement;
}

/// Calls `take` for each row until it returns false, and resets the query.
template <class Take>
Result<void> each_row(Statement& query, Take take) {
    for (;;) {
        const auto step = query.step();
        if (!step) return std::unexpected(step.error());
        if (*step == Statement::Step::done || !take()) break;
    }
    query.reset();
    return {};
}

/// SQLite does not wait for others who make a file at the same moment.
Result<void> prepare_patiently(Database& database, Duration busy_timeout) {
    constexpr auto pause = std::chrono::milliseconds(10);
    const storage::Schema schema{.owner = queue_file_id, .steps = steps, .durability = storage::Durability::process};
    for (Duration waited{};; waited += pause) {
        auto prepared = storage::prepare_schema(database, schema, false);
        if (prepared || !prepared.error().is(storage::StorageErrc::unavailable) || waited >= busy_timeout) return prepared;
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace

std::uint32_t part_of(std::string_view key) noexcept {
    // FNV-1a, folded: its low bits alone would follow the last characters.
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : key)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return static_cast<std::uint32_t>((hash ^ (hash >> 32)) % FileQueue::parts);
}

Result<QueueFile> QueueFile::open(const std::string& path, Duration busy_timeout, QueueLimits limits) {
    auto database = Database::open(path, busy_timeout);
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto prepared = prepare_patiently(*database, busy_timeout); !prepared)
        return std::unexpected(std::move(prepared.error()));
    if (auto set = database->run(std::string(working)); !set) return std::unexpected(std::move(set.error()));
    QueueFile file(std::move(*database), limits);
    // A read makes the log's file, which can be watched from then on.
    if (auto read = file.changes(); !read) return std::unexpected(std::move(read.error()));
    return file;
}

Result<Database> QueueFile::open_for_reading(const std::string& path, Duration busy_timeout) {
    auto database = Database::open(path, busy_timeout);
    if (!database) return database;
    if (auto set = database->run("PRAGMA query_only = ON"); !set) return std::unexpected(std::move(set.error()));
    return database;
}

Result<Statement*> QueueFile::prepared(std::string_view sql) {
    const auto known = statements_.find(std::string(sql));
    if (known != statements_.end()) return &known->second;
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    return &statements_.emplace(sql, std::move(*statement)).first->second;
}

template <class... Values>
Result<void> QueueFile::run(std::string_view sql, const Values&... values) {
    auto statement = prepared(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    return bind_all(**statement, values...).run();
}

Result<std::int64_t> QueueFile::changes() {
    auto query = prepared("SELECT value FROM counters WHERE name = 'changes'");
    if (!query) return std::unexpected(std::move(query.error()));
    std::int64_t value = 0;
    auto read = each_row(**query, [&] {
        value = (*query)->number(0);
        return false;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return value;
}

Result<bool> QueueFile::has_after(std::int64_t group, std::uint64_t number) {
    auto query = prepared("SELECT 1 FROM messages WHERE grp = ?1 AND number > ?2 LIMIT 1");
    if (!query) return std::unexpected(std::move(query.error()));
    bool found = false;
    auto read = each_row(bind_all(**query, group, number), [&] {
        found = true;
        return false;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return found;
}

Result<void> QueueFile::begin() {
    counts_.clear();
    rooms_.clear();
    next_number_ = 0;
    numbers_used_ = false;
    return run("BEGIN IMMEDIATE");
}

Result<void> QueueFile::commit() {
    Result<void> done = write_counts();
    if (done && numbers_used_) done = run("UPDATE counters SET value = ?1 WHERE name = 'last_number'", next_number_ - 1);
    if (done) done = run("COMMIT");
    if (!done) roll_back();
    return done;
}

void QueueFile::roll_back() noexcept {
    database_.roll_back();
}

void QueueFile::count(std::int64_t group, std::int64_t messages, std::int64_t bytes) {
    Room& change = counts_[group];
    change.messages += messages;
    change.bytes += bytes;
}

Result<void> QueueFile::write_counts() {
    for (const auto& [group, change] : counts_) {
        if (change.messages == 0 && change.bytes == 0) continue;
        auto written = run("UPDATE groups SET messages = messages + ?2, bytes = bytes + ?3 WHERE id = ?1", group,
                           change.messages, change.bytes);
        if (!written) return written;
    }
    return {};
}

Result<void> QueueFile::note_change() {
    return run("UPDATE counters SET value = value + 1 WHERE name = 'changes'");
}

// --- messages ---

/// The topic's groups as they are with what this transaction has changed so far.
Result<std::vector<QueueFile::Room>> QueueFile::rooms_of(const std::string& topic) {
    auto known = rooms_.find(topic);
    if (known == rooms_.end()) {
        auto query = prepared("SELECT id, messages, bytes FROM groups WHERE topic = ?1");
        if (!query) return std::unexpected(std::move(query.error()));
        std::vector<Room> rooms;
        auto read = each_row(bind_all(**query, std::string_view(topic)), [&] {
            rooms.push_back({(*query)->number(0), (*query)->number(1), (*query)->number(2)});
            return true;
        });
        if (!read) return std::unexpected(std::move(read.error()));
        known = rooms_.emplace(topic, std::move(rooms)).first;
    }
    std::vector<Room> now = known->second;
    for (Room& room : now) {
        const auto change = counts_.find(room.group);
        if (change == counts_.end()) continue;
        room.messages += change->second.messages;
        room.bytes += change->second.bytes;
    }
    return now;
}

Result<Result<void>> QueueFile::check_room(const std::vector<OutMessage>& messages) {
    std::unordered_map<std::string, Room> added;
    for (const OutMessage& message : messages) {
        Room& here = added[message.topic];
        ++here.messages;
        here.bytes += static_cast<std::int64_t>(message.key.size() + message.payload.size());
    }
    for (const auto& [topic, more] : added) {
        const auto rooms = rooms_of(topic);
        if (!rooms) return std::unexpected(rooms.error());
        for (const Room& room : *rooms) {
            if (room.messages + more.messages > static_cast<std::int64_t>(limits_.max_messages) ||
                room.bytes + more.bytes > static_cast<std::int64_t>(limits_.max_bytes))
                return Result<void>(full(topic, static_cast<std::size_t>(room.messages)));
        }
    }
    return Result<void>();
}

Result<void> QueueFile::insert(const OutMessage& message) {
    if (!numbers_used_) {
        const auto last = database_.number("SELECT value FROM counters WHERE name = 'last_number'");
        if (!last) return std::unexpected(last.error());
        next_number_ = static_cast<std::uint64_t>(*last) + 1;
        numbers_used_ = true;
    }
    const std::uint64_t number = next_number_++;
    const std::uint32_t part = part_of(message.key);
    for (const Room& room : rooms_[message.topic]) {
        auto done = run("INSERT INTO messages VALUES (?1, ?2, ?3, 0, ?4, ?5)", room.group, number, part, as_bytes(message.key),
                        as_bytes(message.payload));
        if (!done) return done;
        count(room.group, 1, static_cast<std::int64_t>(message.key.size() + message.payload.size()));
    }
    return {};
}

Result<Result<void>> QueueFile::publish(const std::vector<OutMessage>& messages) {
    const auto room = check_room(messages);
    if (!room || !*room) return room;
    for (const OutMessage& message : messages) {
        if (auto done = insert(message); !done) return std::unexpected(std::move(done.error()));
    }
    return Result<void>();
}

Result<void> QueueFile::acknowledge(std::int64_t group, std::uint64_t number, std::size_t size) {
    auto removed = run("DELETE FROM messages WHERE grp = ?1 AND number = ?2", group, number);
    if (removed && database_.changes() == 1) count(group, -1, -static_cast<std::int64_t>(size));
    return removed;
}

Result<void> QueueFile::set_times(std::int64_t group, std::uint64_t number, std::uint32_t times) {
    return run("UPDATE messages SET times = ?3 WHERE grp = ?1 AND number = ?2", group, number, times);
}

Result<void> QueueFile::set_aside(std::int64_t group, const Message& message, std::uint32_t times, WallTime now) {
    auto removed = run("DELETE FROM messages WHERE grp = ?1 AND number = ?2", group, message.number);
    if (!removed || database_.changes() == 0) return removed;
    count(group, -1, -static_cast<std::int64_t>(message.size()));
    auto put = run(
        "INSERT INTO poison (topic, name, key, payload, times, set_aside_at) SELECT topic, name, ?2, ?3, ?4, ?5 FROM groups "
        "WHERE id = ?1",
        group, as_bytes(message.key), as_bytes(message.payload), times, now.time_since_epoch().count());
    if (!put) return put;
    return run("DELETE FROM poison WHERE number <= (SELECT max(number) FROM poison) - ?1", limits_.max_poison);
}

Result<void> QueueFile::fetch(std::int64_t group, std::uint64_t& cursor,
                              const std::function<bool(std::uint64_t, std::uint32_t)>& wanted,
                              const std::function<bool(FetchedMessage)>& take) {
    auto prepared_query =
        prepared("SELECT number, part, times, key, payload FROM messages WHERE grp = ?1 AND number > ?2 ORDER BY number");
    if (!prepared_query) return std::unexpected(std::move(prepared_query.error()));
    Statement& query = bind_all(**prepared_query, group, cursor);
    return each_row(query, [&] {
        cursor = static_cast<std::uint64_t>(query.number(0));
        const auto part = static_cast<std::uint32_t>(query.number(1));
        if (part >= FileQueue::parts || !wanted(cursor, part)) return true;
        auto message = std::make_shared<Message>();
        message->number = cursor;
        message->part = part;
        message->key = query.text(3);
        message->payload = query.text(4);
        return take({std::move(message), static_cast<std::uint32_t>(query.number(2))});
    });
}

// --- who consumes what ---

Result<std::int64_t> QueueFile::add_process(std::int64_t until) {
    if (auto done = run("INSERT INTO processes (held_until) VALUES (?1)", until); !done)
        return std::unexpected(std::move(done.error()));
    return database_.number("SELECT last_insert_rowid()");
}

Result<bool> QueueFile::renew_process(std::int64_t process, std::int64_t until) {
    if (auto done = run("UPDATE processes SET held_until = ?2 WHERE id = ?1", process, until); !done)
        return std::unexpected(std::move(done.error()));
    return database_.changes() == 1;
}

Result<std::vector<QueueFile::Process>> QueueFile::other_processes(std::int64_t process) {
    auto query = prepared("SELECT id, held_until FROM processes WHERE id <> ?1");
    if (!query) return std::unexpected(std::move(query.error()));
    std::vector<Process> found;
    auto read = each_row(bind_all(**query, process), [&] {
        found.push_back({(*query)->number(0), (*query)->number(1)});
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return found;
}

Result<void> QueueFile::remove_process(std::int64_t process, bool died) {
    auto done = run("UPDATE parts SET owner = 0, died = ?2 WHERE owner = ?1", process, died ? 1 : 0);
    if (done) done = run("DELETE FROM consumers WHERE process = ?1", process);
    if (done) done = run("DELETE FROM processes WHERE id = ?1", process);
    return done ? note_change() : done;
}

Result<std::int64_t> QueueFile::join(std::string_view topic, std::string_view name, std::int64_t process) {
    auto done = run("INSERT OR IGNORE INTO groups (topic, name, messages, bytes) VALUES (?1, ?2, 0, 0)", topic, name);
    if (!done) return std::unexpected(std::move(done.error()));
    rooms_.clear();
    auto query = prepared("SELECT id FROM groups WHERE topic = ?1 AND name = ?2");
    if (!query) return std::unexpected(std::move(query.error()));
    std::int64_t group = 0;
    auto read = each_row(bind_all(**query, topic, name), [&] {
        group = (*query)->number(0);
        return false;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    done = rejoin(group, process);
    if (!done) return std::unexpected(std::move(done.error()));
    return group;
}

Result<void> QueueFile::rejoin(std::int64_t group, std::int64_t process) {
    auto done = run("INSERT OR IGNORE INTO consumers VALUES (?1, ?2)", group, process);
    return done ? note_change() : done;
}

Result<void> QueueFile::leave(std::int64_t group, std::int64_t process) {
    auto done = run("UPDATE parts SET owner = 0, died = 0 WHERE grp = ?1 AND owner = ?2", group, process);
    if (done) done = run("DELETE FROM consumers WHERE grp = ?1 AND process = ?2", group, process);
    return done ? note_change() : done;
}

Result<std::vector<std::int64_t>> QueueFile::processes_of(std::int64_t group) {
    auto query = prepared("SELECT process FROM consumers WHERE grp = ?1 ORDER BY process");
    if (!query) return std::unexpected(std::move(query.error()));
    std::vector<std::int64_t> found;
    auto read = each_row(bind_all(**query, group), [&] {
        found.push_back((*query)->number(0));
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return found;
}

Result<std::array<QueueFile::Part, FileQueue::parts>> QueueFile::parts_of(std::int64_t group) {
    auto query = prepared("SELECT part, owner, died, fetched FROM parts WHERE grp = ?1");
    if (!query) return std::unexpected(std::move(query.error()));
    std::array<Part, FileQueue::parts> found;
    auto read = each_row(bind_all(**query, group), [&] {
        const auto part = static_cast<std::size_t>((*query)->number(0));
        if (part < found.size())
            found[part] = {(*query)->number(1), (*query)->number(2) != 0, static_cast<std::uint64_t>((*query)->number(3))};
        return true;
    });
    if (!read) return std::unexpected(std::move(read.error()));
    return found;
}

/// A process that was killed may have been killed by a message: the first of each key that it had read may have been with a
/// consumer, and counts as delivered.
Result<void> QueueFile::count_deliveries_of_the_dead(std::int64_t group, std::uint32_t part, std::uint64_t fetched,
                                                     WallTime now) {
    std::vector<FetchedMessage> firsts;
    std::set<std::string, std::less<>> keys;
    std::uint64_t cursor = 0;
    auto read = fetch(
        group, cursor, [&](std::uint64_t number, std::uint32_t of) { return of == part && number <= fetched; },
        [&](FetchedMessage one) {
            if (keys.insert(one.message->key).second) firsts.push_back(std::move(one));
            return true;
        });
    if (!read) return read;
    for (const FetchedMessage& one : firsts) {
        const std::uint32_t times = one.times + 1;
        auto done = times >= limits_.max_deliveries ? set_aside(group, *one.message, times, now)
                                                    : set_times(group, one.message->number, times);
        if (!done) return done;
    }
    return {};
}

Result<void> QueueFile::take_part(std::int64_t group, std::uint32_t part, std::int64_t process, const Part& before,
                                  WallTime now) {
    if (before.died) {
        if (auto done = count_deliveries_of_the_dead(group, part, before.fetched, now); !done) return done;
    }
    return run("INSERT OR REPLACE INTO parts VALUES (?1, ?2, ?3, 0, 0)", group, part, process);
}

Result<void> QueueFile::release_parts(std::int64_t group, Parts parts, std::int64_t process) {
    for (std::uint32_t part = 0; part < parts.size(); ++part) {
        if (!parts.test(part)) continue;
        auto done =
            run("UPDATE parts SET owner = 0, died = 0 WHERE grp = ?1 AND part = ?2 AND owner = ?3", group, part, process);
        if (!done) return done;
    }
    return note_change();
}

Result<void> QueueFile::note_fetched(std::int64_t group, std::int64_t process, std::uint64_t number) {
    return run("UPDATE parts SET fetched = ?3 WHERE grp = ?1 AND owner = ?2", group, process, number);
}

}  // namespace holdfast::queue
