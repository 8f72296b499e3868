#pragma once
// A store in a directory of its own, and short ways to write and read records.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "runtime/log.h"
#include "runtime/system_clock.h"
#include "storage/sqlite_fleet_store.h"
#include "support/scratch_directory.h"

namespace holdfast::storage::testing {

using namespace std::chrono_literals;

/// Longer than anything here takes on a slow machine; only a failure waits this long.
constexpr auto patience = 30s;

inline fleet::DeviceRecord device(std::string id, std::string note = {}) {
    fleet::DeviceRecord record;
    record.id = std::move(id);
    record.note = std::move(note);
    return record;
}

inline fleet::ClusterRecord cluster(std::string name, std::uint32_t weight = 100) {
    fleet::ClusterRecord record;
    record.name = std::move(name);
    record.weight = weight;
    return record;
}

inline fleet::NodeRecord node(std::string name, std::string in_cluster) {
    fleet::NodeRecord record;
    record.name = std::move(name);
    record.cluster = std::move(in_cluster);
    record.host = "127.0.0.1";
    record.origin = "static";
    return record;
}

/// An image in an order of its own, to compare.
inline fleet::FleetImage sorted(fleet::FleetImage image) {
    std::ranges::sort(image.clusters, {}, &fleet::ClusterRecord::name);
    std::ranges::sort(image.nodes, {}, &fleet::NodeRecord::name);
    std::ranges::sort(image.devices, {}, &fleet::DeviceRecord::id);
    return image;
}

inline std::string note_of(const fleet::FleetImage& image, std::string_view id) {
    const auto at = std::ranges::find(image.devices, id, &fleet::DeviceRecord::id);
    return at == image.devices.end() ? "no such device" : at->note;
}

/// Waits for a condition that another thread brings about, without a wish for any certain time.
template <class Condition>
bool eventually(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::yield();
    }
    return true;
}

/// Writes, and waits until the store has answered.
inline bool write_durably(FleetStore& store, std::vector<fleet::Change> changes) {
    auto answered = std::make_shared<std::promise<bool>>();
    auto answer = answered->get_future();
    store.write(std::move(changes), [answered](bool durable) { answered->set_value(durable); });
    return answer.wait_for(patience) == std::future_status::ready && answer.get();
}

/// Runs `body` in a process of its own; gives what it returned, or 200 + the signal that ended it.
inline int in_child(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    if (::waitpid(child, &status, 0) != child) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 200 + WTERMSIG(status);
}
constexpr int cannot_try_here = 77;

class StoreTest : public ::testing::Test {
protected:
    StoreTest() {
        log::set_sink([this](std::string_view line) {
            const std::lock_guard lock(lines_mutex_);
            lines_.emplace_back(line.substr(24));
        });
    }
    ~StoreTest() override { log::set_sink({}); }

    [[nodiscard]] std::string path() const { return (directory_.path() / "fleet.db").string(); }

    [[nodiscard]] SqliteOptions options() const {
        SqliteOptions options;
        options.path = path();
        options.commit_interval = 5ms;
        options.busy_timeout = 10ms;
        options.retry_min = 5ms;
        options.retry_max = 20ms;
        return options;
    }

    [[nodiscard]] std::unique_ptr<FleetStore> open(SqliteOptions chosen) {
        auto store = open_sqlite_fleet_store(std::move(chosen), clock_);
        EXPECT_TRUE(store) << store.error().message();
        return store ? std::move(*store) : nullptr;
    }
    [[nodiscard]] std::unique_ptr<FleetStore> open() { return open(options()); }

    /// The error of opening and loading.
    [[nodiscard]] Error refusal() {
        auto store = open_sqlite_fleet_store(options(), clock_);
        if (!store) return store.error();
        auto image = (*store)->load();
        if (!image) return image.error();
        return {StorageErrc::unavailable, "it was opened and loaded"};
    }

    [[nodiscard]] fleet::FleetImage stored() { return sorted(open()->load().value()); }

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
