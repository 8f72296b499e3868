#pragma once
// A command centre on a real store and a real queue, and the rest of the world as the test wants it: where devices are, and
// what becomes of the requests.

#include <sqlite3.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "center/command_center.h"
#include "control/watchers.h"
#include "queue/memory_queue.h"
#include "runtime/system_clock.h"
#include "storage/sqlite_command_store.h"
#include "support/run_until.h"
#include "support/scratch_directory.h"

namespace holdfast::center::testing {

/// Devices as the test says.
class TestDirectory final : public control::DeviceDirectory {
public:
    void put(const std::string& device, command::DevicePlace place);
    void connect(const std::string& device, std::uint64_t session = 1);
    void disconnect(const std::string& device);

    [[nodiscard]] command::DevicePlace find(std::string_view device) override;
    [[nodiscard]] std::vector<std::string> tagged(std::string_view tag, std::string_view after, std::size_t limit) override;
    [[nodiscard]] std::vector<std::string> clusters() override { return {"east"}; }
    [[nodiscard]] std::vector<control::NodePlace> nodes(std::string_view) override { return {}; }
    [[nodiscard]] std::unique_ptr<control::Watching> watch_devices(std::function<void(std::string_view)> changed) override;
    [[nodiscard]] std::unique_ptr<control::Watching> watch_nodes(std::function<void()> changed) override;

private:
    std::map<std::string, command::DevicePlace, std::less<>> devices_;
    control::Watchers<std::string_view> watchers_;
};

/// What a channel and a device would make of a request.
class TestChannel {
public:
    /// By default the device succeeds with {"ok":true}.
    std::function<void(TestChannel&, const command::Request&)> act = [](TestChannel& channel, const command::Request& request) {
        channel.sent(request);
        channel.reply(request);
    };
    std::vector<command::Request> requests;

    TestChannel(queue::Queue& queue, storage::CommandStore& store);
    void sent(const command::Request& request);
    void reply(const command::Request& request, command::Replied::Verdict verdict = command::Replied::Verdict::succeeded);
    void report(const command::Request& request, decltype(command::Report::what) what);

private:
    queue::Queue& queue_;
    storage::CommandStore& store_;
    std::unique_ptr<queue::Consumer> consumer_;
};

class CenterStage {
public:
    CenterStage();

    /// Another process on the same file.
    [[nodiscard]] std::unique_ptr<storage::CommandStore> open_store();
    [[nodiscard]] CenterOptions options(const std::string& name = "c1");
    /// Makes and starts a centre.
    CommandCenter& start(CenterOptions options);
    CommandCenter& start() { return start(options()); }
    void drop(CommandCenter& center);

    [[nodiscard]] bool until(const std::function<bool()>& condition) { return test::run_until(io, condition); }
    [[nodiscard]] Result<control::Submitted> submit(CommandCenter& center, command::Submission submission);
    /// Submits, and waits for the end.
    [[nodiscard]] Result<command::Command> finish(CommandCenter& center, command::Submission submission);
    [[nodiscard]] Result<command::Command> wait(CommandCenter& center, command::CommandId id);
    [[nodiscard]] static command::Submission reboot(const std::string& device = "meter-7");

    test::ScratchDirectory directory;
    runtime::SystemClock clock;
    boost::asio::io_context io;
    TestDirectory devices;
    std::unique_ptr<storage::CommandStore> store;
    queue::MemoryQueue queue;
    std::optional<TestChannel> channel;
    std::list<std::unique_ptr<CommandCenter>> centers;
};

/// Holds the store's file as another program would, until it ends.
class FileLock {
public:
    explicit FileLock(const std::string& path);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

private:
    sqlite3* database_ = nullptr;
};

inline const control::Caller tester{.name = "tester", .source = "test"};

}  // namespace holdfast::center::testing
