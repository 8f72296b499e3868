#pragma once
// A whole API on a free port of this machine, with a fleet in memory, a gateway of the test's own and a store that obeys. The
// control thread is a real one; tests reach the fleet by `on_control`.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "access/tokens.h"
#include "admin/admin_server.h"
#include "admin/api.h"
#include "control/fleet_control.h"
#include "control/fleet_directory.h"
#include "control/gateway_port.h"
#include "runtime/system_clock.h"
#include "scripted_centre.h"
#include "storage/fleet_store.h"

namespace holdfast::test {

/// A gateway whose facts are what the test says, and which remembers what it was asked to end. Threads: any.
class ScriptedGateway final : public control::GatewayPort {
public:
    void on_facts(std::function<void()> wake) override;
    void collect(std::vector<fleet::Fact>& facts) override;
    void end(std::span<const fleet::EndOrder> orders) override;
    [[nodiscard]] control::GatewayStats stats() const override;

    /// Wakes control when nothing waited before, as a real one does.
    void tell(fleet::Fact fact);
    [[nodiscard]] std::vector<fleet::EndOrder> ended() const;

private:
    mutable std::mutex mutex_;
    std::function<void()> wake_;
    std::vector<fleet::Fact> waiting_;
    std::vector<fleet::EndOrder> ended_;
};

/// A store in memory: durable at once, or when the test says so. Threads: any.
class ObedientStore final : public storage::FleetStore {
public:
    [[nodiscard]] Result<fleet::FleetImage> load() override { return fleet::FleetImage{}; }
    void write(std::vector<fleet::Change> changes, Completion completion) override;
    void replace(fleet::FleetImage image) override;
    [[nodiscard]] storage::StoreStatus status() const override;
    [[nodiscard]] bool flush(Duration) override { return true; }

    /// From now on completions wait for `release`.
    void hold(std::string sentence);
    void release();
    [[nodiscard]] std::vector<fleet::Change> written() const;
    [[nodiscard]] std::optional<fleet::FleetImage> replaced() const;

private:
    mutable std::mutex mutex_;
    std::string trouble_;
    bool held_ = false;
    std::vector<Completion> completions_;
    std::vector<fleet::Change> changes_;
    std::optional<fleet::FleetImage> image_;
};

/// A connection that a node accepted, as a gateway tells it.
[[nodiscard]] fleet::Opened opened(const fleet::Fleet& fleet, std::string_view device, std::string_view node,
                                   std::uint64_t sequence, WallTime wall, Time now);

struct StageOptions {
    admin::AdminOptions admin;
    control::ControlOptions control;
    fleet::FleetOptions fleet;
    admin::ApiHooks hooks;
    std::filesystem::path token_file;
    bool with_centre = true;
    bool with_fleet = true;
};

class AdminStage {
public:
    static constexpr std::string_view token = "a-token-of-the-test_0123456789";

    explicit AdminStage(StageOptions options = {});
    ~AdminStage();
    AdminStage(const AdminStage&) = delete;
    AdminStage& operator=(const AdminStage&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return server_->port(); }
    [[nodiscard]] std::string address() const { return server_->endpoint(); }

    /// Runs on the control thread and waits for it.
    template <class Work>
    auto on_control(Work work) {
        std::packaged_task<decltype(work(*control_))()> task([&] { return work(*control_); });
        auto result = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return result.get();
    }

    /// Clusters east (east-1, east-2) and west (west-1), whose nodes are all up.
    void add_clusters();
    /// The device connects to the node, and the fleet knows it when this returns.
    void connect(std::string_view device, std::string_view node, std::uint64_t sequence);
    void add_devices(std::string_view prefix, std::size_t count);

    /// The same for the command centre.
    template <class Work>
    auto on_centre(Work work) {
        return on_control([&](control::FleetControl&) { return work(centre_); });
    }

    ScriptedGateway gateway;
    ObedientStore store;

private:
    runtime::SystemClock clock_;
    ScriptedCentre centre_{clock_};
    access::Tokens tokens_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    admin::AdminOptions admin_options_;
    std::unique_ptr<control::FleetControl> control_;
    std::unique_ptr<control::ActiveKeeper> keeper_;
    std::unique_ptr<control::FleetDirectory> directory_;
    std::unique_ptr<admin::Api> api_;
    std::unique_ptr<admin::AdminServer> server_;
    std::thread thread_;
};

}  // namespace holdfast::test
