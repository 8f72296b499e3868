#pragma once
// The gateway: the address that devices connect to. Some data-plane threads, each with its own listening sockets on the same
// addresses; this object starts them, carries orders to them and facts from them, and ends them.

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "control/gateway_port.h"
#include "control/snapshot_source.h"
#include "gateway/options.h"
#include "gateway/worker.h"

namespace holdfast::gateway {

/// Threads: one owner thread (control's).
class Gateway final : public control::GatewayPort {
public:
    /// Opens the listening sockets; nothing is accepted before `start`. The clock and the snapshots must outlive the gateway.
    [[nodiscard]] static Result<std::unique_ptr<Gateway>> create(const Options& options, const Tuning& tuning,
                                                                 const Clock& clock, const control::SnapshotSource& snapshots);
    ~Gateway() override;
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    /// Starts the data-plane threads. Call `on_facts` before.
    void start();
    /// New limits for what comes and what is there.
    void tune(const Tuning& tuning);
    /// Ends every connection in the words of its protocol version and joins the threads, within `grace`. Facts can still be
    /// collected.
    void stop(Duration grace);

    /// Where it listens, with the ports that were taken.
    [[nodiscard]] const std::vector<std::string>& addresses() const noexcept { return addresses_; }

    void on_facts(std::function<void()> wake) override { wake_ = std::move(wake); }
    void collect(std::vector<fleet::Fact>& facts) override;
    void end(std::span<const fleet::EndOrder> orders) override;
    [[nodiscard]] control::GatewayStats stats() const override;

private:
    Gateway(const Tuning& tuning, const Clock& clock);

    const Clock& clock_;
    SharedAdmission admission_;
    SharedWaitingRoom waiting_room_;
    std::function<void()> wake_ = [] {};
    std::vector<std::string> addresses_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<std::thread> threads_;
};

}  // namespace holdfast::gateway
