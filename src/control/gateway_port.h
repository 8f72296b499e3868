#pragma once
// What control needs of a gateway: the facts about its connections, and a way to end some of them. The gateway role implements
// it.

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "fleet/facts.h"
#include "fleet/relocation.h"

namespace holdfast::control {

/// Sums over all data-plane threads since the start, except where a field says otherwise.
struct GatewayStats {
    std::uint64_t accepted = 0;
    /// Closed before a CONNECT was read because a limit left no room even for a refusal.
    std::uint64_t turned_away = 0;
    /// Connections open now, in any phase.
    std::uint64_t open = 0;
    /// Connections relaying now.
    std::uint64_t relaying = 0;
    /// CONNECTs that wait for an active node of their cluster now, and what became of those that did.
    std::uint64_t waiting = 0;
    std::uint64_t waited_accepted = 0;
    std::uint64_t waited_refused = 0;
    std::uint64_t waited_gave_up = 0;
    std::uint64_t bytes_from_devices = 0;
    std::uint64_t bytes_to_devices = 0;
    /// Of connections that have ended.
    std::uint64_t packets_from_devices = 0;
    std::uint64_t packets_to_devices = 0;
    /// Times that reading of one side stopped because the other could not take more.
    std::uint64_t backpressure_pauses = 0;
    /// True while the process has no descriptor left for new connections.
    bool out_of_descriptors = false;
};

/// Threads: all methods are called on the control thread; none of them blocks.
class GatewayPort {
public:
    virtual ~GatewayPort() = default;

    /// Sets what is called when facts are waiting after there were none. It is called on data-plane threads and must only wake
    /// the control thread. Called once, before the gateway starts.
    virtual void on_facts(std::function<void()> wake) = 0;

    /// Appends all facts that wait, in each thread's order.
    virtual void collect(std::vector<fleet::Fact>& facts) = 0;

    /// Asks for the end of these connections; unknown ids (already ended) are ignored.
    virtual void end(std::span<const fleet::EndOrder> orders) = 0;

    [[nodiscard]] virtual GatewayStats stats() const = 0;
};

}  // namespace holdfast::control
