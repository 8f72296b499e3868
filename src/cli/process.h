#pragma once
// A whole Holdfast in one process: every part made from the settings, started in order, and ended in the opposite one.
//
// Threads: this object and everything but the gateway's data-plane threads and the store's writer live on the thread that runs
// `io`.

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "access/tokens.h"
#include "admin/admin_server.h"
#include "admin/api.h"
#include "base/result.h"
#include "cli/acknowledgement_forwarder.h"
#include "cli/cluster_sources.h"
#include "cli/command_service.h"
#include "control/fleet_control.h"
#include "control/fleet_directory.h"
#include "gateway/gateway.h"
#include "rpc/rpc_server.h"
#include "runtime/system_clock.h"
#include "settings/load.h"
#include "settings/reload.h"
#include "storage/fleet_store.h"

namespace holdfast::cli {

class Process {
public:
    /// Reads the settings again, for SIGHUP and the API.
    using LoadSettings = std::function<std::expected<settings::Loaded, std::vector<settings::Problem>>()>;

    /// `io` must outlive this object.
    Process(boost::asio::io_context& io, settings::Loaded loaded, LoadSettings load_again);
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    /// Makes and starts everything; `ready` is called once devices are let in: when every node is known to be up or not, or a
    /// moment later. (Their connections wait until then.) After an error call `stop` and let `io` run dry.
    [[nodiscard]] Result<> start(std::function<void()> ready);

    /// Ends everything in order: devices are sent away, what is to be stored is stored, local nodes end; then `done` is called.
    void stop(std::function<void()> done);

    /// Puts what may change into effect and says in the log what it did.
    std::expected<settings::Reload, std::vector<settings::Problem>> reload();

    [[nodiscard]] const settings::Settings& settings() const noexcept { return loaded_.settings; }
    [[nodiscard]] const std::vector<std::string>& device_addresses() const noexcept { return gateway_->addresses(); }
    [[nodiscard]] std::string api_address() const { return admin_->endpoint(); }
    /// Empty: no gRPC here.
    [[nodiscard]] std::string rpc_address() const { return rpc_ ? rpc_->endpoint() : std::string(); }
    [[nodiscard]] const Clock& clock() const noexcept { return clock_; }

private:
    [[nodiscard]] Result<> prepare_data_dir();
    [[nodiscard]] Result<> restore_fleet();
    [[nodiscard]] Result<> open_commands();
    [[nodiscard]] Result<> open_gateway();
    [[nodiscard]] Result<> open_admin();
    [[nodiscard]] Result<> open_rpc();
    void await_nodes();
    void let_devices_in();
    void watch_memory();
    [[nodiscard]] gateway::Tuning tuning() const;

    boost::asio::io_context& io_;
    settings::Loaded loaded_;
    LoadSettings load_again_;
    runtime::SystemClock clock_;
    std::array<std::uint8_t, 32> password_key_{};
    std::unique_ptr<storage::FleetStore> store_;
    std::unique_ptr<control::FleetControl> control_;
    std::unique_ptr<control::ActiveKeeper> keeper_;
    std::unique_ptr<ClusterSources> sources_;
    std::unique_ptr<control::FleetDirectory> directory_;
    /// Null when commands.enabled is false.
    std::unique_ptr<CommandService> commands_;
    /// Where the command side is other processes.
    std::unique_ptr<AcknowledgementForwarder> forwarder_;
    std::unique_ptr<gateway::Gateway> gateway_;
    admin::AdminOptions admin_options_;
    std::unique_ptr<admin::Api> api_;
    std::unique_ptr<access::Tokens> tokens_;
    std::unique_ptr<admin::AdminServer> admin_;
    /// Null without a command centre, and when rpc.listen names no address.
    std::unique_ptr<rpc::RpcServer> rpc_;
    boost::asio::steady_timer nodes_timer_;
    boost::asio::steady_timer memory_timer_;
    std::function<void()> ready_;
    bool sources_started_ = false;
    std::uint64_t most_open_ = 0;
    bool stopping_ = false;
};

}  // namespace holdfast::cli
