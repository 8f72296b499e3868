#pragma once
// A store of commands in a directory of its own, and short ways to make, write and read commands.

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/sqlite_command_store.h"
#include "store_fixture.h"

namespace holdfast::storage::testing {

/// A moment that all these tests live in.
constexpr WallTime long_ago = WallTime(std::chrono::milliseconds(1'800'000'000'000));

/// The n-th command of its millisecond.
inline command::CommandId id_at(WallTime at, std::uint64_t number) {
    return command::CommandId::make(at, 0, number);
}

inline command::Command command_of(std::uint64_t number, std::string device = "meter-7") {
    command::Command command;
    command.id = id_at(long_ago, number);
    command.device = std::move(device);
    command.name = "reboot";
    command.created_at = long_ago;
    command.deadline = long_ago + 30s;
    command.submitted_by = "tester";
    command.centre = "one";
    return command;
}

inline command::Command ended_as(command::Command command, command::State state) {
    command.state = state;
    command.ended_at = command.created_at + 5s;
    return command;
}

/// Each field with a value of its own.
inline command::Command full_command(std::uint64_t number) {
    command::Command command = command_of(number);
    command.name = "set-rate";
    command.payload = std::string("\0{\"hz\":2}\xFF\n", 11);
    command.content_type = "application/json";
    command.deliver_at = long_ago + 10s;
    command.offline = command::Offline::queue;
    command.order = command::Order::none;
    command.retry = {.attempts = 7, .answer_timeout = 123456789ns, .backoff_first = 3ms, .backoff_longest = 4min};
    command.idempotency_key = "key-" + std::to_string(number);
    command.body_hash = std::string("\x01\x00\x02", 3);
    command.job = "job-1";
    command.webhook = "https://example.test/told?x=\"1\"";
    command.state = command::State::sent;
    command.executed = command::Executed::unknown;
    command.detail = "a sentence, \xC3\xBC";
    command.result = std::string("\0\x01", 2);
    command.result_type = "text/plain";
    command.result_cut = true;
    command.cancel_wanted = true;
    command.attempts = {{.number = 1,
                         .fate = command::Attempt::Fate::not_sent,
                         .reason = command::Reason::node_unreachable,
                         .queued_at = long_ago + 1ms,
                         .ended_at = long_ago + 2s,
                         .detail = "no session"},
                        {.number = 65535,
                         .fate = command::Attempt::Fate::delivered,
                         .queued_at = long_ago - 3s,
                         .sent_at = long_ago + 4s,
                         .delivered_at = WallTime(std::chrono::milliseconds(-5)),
                         .node = "east-1"}};
    return command;
}

inline command::Job job_of(std::string id) {
    command::Job job;
    job.id = std::move(id);
    job.created_at = long_ago;
    job.submitted_by = "tester";
    job.centre = "one";
    job.tag = "floor-3";
    job.command.name = "ping";
    job.command.payload = std::string("\0x", 2);
    job.command.deliver_at = long_ago + 1s;
    job.command.deadline_in = 90s;
    job.command.offline = command::Offline::wait;
    job.command.order = command::Order::none;
    job.command.attempts = 3;
    job.command.answer_timeout = 1500ms;
    job.command.wait = true;
    job.pace = 2.5;
    job.abort_percent = 20;
    job.abort_after = 5;
    job.devices = 3;
    return job;
}

/// Writes, and waits for the answer.
inline Result<> write_commands(CommandStore& store, std::vector<command::Command> commands) {
    auto answered = std::make_shared<std::promise<Result<>>>();
    auto answer = answered->get_future();
    store.write(std::move(commands), [answered](Result<> result) { answered->set_value(std::move(result)); });
    if (answer.wait_for(patience) != std::future_status::ready) return fail(StorageErrc::unavailable, "no answer came");
    return answer.get();
}

inline std::vector<std::string> names_of(const std::vector<command::Command>& commands) {
    std::vector<std::string> names;
    for (const auto& command : commands)
        names.push_back(command.name);
    return names;
}

class CommandStoreTest : public ::testing::Test {
protected:
    CommandStoreTest() {
        log::set_sink([this](std::string_view line) {
            const std::lock_guard lock(lines_mutex_);
            lines_.emplace_back(line.substr(24));
        });
    }
    ~CommandStoreTest() override { log::set_sink({}); }

    [[nodiscard]] std::string path() const { return (directory_.path() / "commands.db").string(); }
    [[nodiscard]] SqliteCommandOptions options() const {
        return {.path = path(), .busy_timeout = 50ms, .retry_min = 5ms, .retry_max = 20ms};
    }
    [[nodiscard]] std::unique_ptr<CommandStore> open(SqliteCommandOptions chosen) {
        auto store = SqliteCommandStore::open(std::move(chosen), clock_);
        EXPECT_TRUE(store) << store.error().message();
        return store ? std::move(*store) : nullptr;
    }
    [[nodiscard]] std::unique_ptr<CommandStore> open() { return open(options()); }
    [[nodiscard]] std::vector<std::string> lines() {
        const std::lock_guard lock(lines_mutex_);
        return lines_;
    }

    runtime::SystemClock clock_;
    test::ScratchDirectory directory_;

private:
    std::mutex lines_mutex_;
    std::vector<std::string> lines_;
};

}  // namespace holdfast::storage::testing
