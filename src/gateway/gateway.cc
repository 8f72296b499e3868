#include "gateway/gateway.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

#include "gateway/listener.h"

namespace holdfast::gateway {

namespace {

/// Signals are the main thread's.
void block_signals() noexcept {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

}  // namespace

Gateway::Gateway(const Tuning& tuning, const Clock& clock)
    : clock_(clock), admission_(tuning.admission, clock.now()), waiting_room_(tuning.waiting) {}

Gateway::~Gateway() {
    stop(Duration::zero());
}

Result<std::unique_ptr<Gateway>> Gateway::create(const Options& options, const Tuning& tuning, const Clock& clock,
                                                 const control::SnapshotSource& snapshots) {
    std::vector<SocketAddress> addresses;
    for (const std::string& text : options.listen) {
        auto address = parse_listen_address(text);
        if (!address) return std::unexpected(std::move(address).error());
        if (!options.share_port) {
            if (auto listenable = check_listenable(*address); !listenable)
                return std::unexpected(std::move(listenable).error());
        }
        addresses.push_back(*address);
    }
    std::unique_ptr<Gateway> gateway(new Gateway(tuning, clock));
    for (std::size_t thread = 0; thread < options.threads; ++thread) {
        std::vector<Descriptor> listeners;
        for (SocketAddress& address : addresses) {
            auto listener = open_listener(address, options);
            if (!listener) return std::unexpected(std::move(listener).error());
            listeners.push_back(std::move(*listener));
        }
        auto worker = Worker::create(static_cast<std::uint16_t>(thread), std::move(listeners), tuning,
                                     {.clock = clock,
                                      .snapshots = snapshots,
                                      .admission = gateway->admission_,
                                      .waiting_room = gateway->waiting_room_,
                                      .wake_control = gateway->wake_});
        if (!worker) return std::unexpected(std::move(worker).error());
        gateway->workers_.push_back(std::move(*worker));
    }
    for (const SocketAddress& address : addresses)
        gateway->addresses_.push_back(address.text());
    return gateway;
}

void Gateway::start() {
    for (auto& worker : workers_) {
        threads_.emplace_back([&target = *worker] {
            block_signals();
            target.run();
        });
    }
}

void Gateway::tune(const Tuning& tuning) {
    admission_.set_limits(tuning.admission, clock_.now());
    waiting_room_.set_limits(tuning.waiting);
    for (auto& worker : workers_)
        worker->tune(tuning);
}

void Gateway::stop(Duration grace) {
    if (threads_.empty()) return;
    for (auto& worker : workers_)
        worker->stop(grace);
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
}

void Gateway::collect(std::vector<fleet::Fact>& facts) {
    for (auto& worker : workers_)
        worker->collect(facts);
}

void Gateway::end(std::span<const fleet::EndOrder> orders) {
    for (std::size_t thread = 0; thread < workers_.size(); ++thread) {
        std::vector<fleet::EndOrder> mine;
        for (const fleet::EndOrder& order : orders) {
            if (order.connection.thread() == thread) mine.push_back(order);
        }
        if (!mine.empty()) workers_[thread]->end(mine);
    }
}

control::GatewayStats Gateway::stats() const {
    control::GatewayStats stats;
    for (const auto& worker : workers_) {
        const WorkerCounters& counters = worker->counters();
        stats.accepted += counters.accepted.load(std::memory_order_relaxed);
        stats.turned_away += counters.turned_away.load(std::memory_order_relaxed);
        stats.open += counters.open.load(std::memory_order_relaxed);
        stats.relaying += counters.relaying.load(std::memory_order_relaxed);
        stats.bytes_from_devices += counters.bytes_from_devices.load(std::memory_order_relaxed);
        stats.bytes_to_devices += counters.bytes_to_devices.load(std::memory_order_relaxed);
        stats.packets_from_devices += counters.packets_from_devices.load(std::memory_order_relaxed);
        stats.packets_to_devices += counters.packets_to_devices.load(std::memory_order_relaxed);
        stats.backpressure_pauses += counters.backpressure_pauses.load(std::memory_order_relaxed);
        stats.out_of_descriptors = stats.out_of_descriptors || counters.out_of_descriptors.load(std::memory_order_relaxed);
    }
    stats.waiting = waiting_room_.waiting();
    const proxy::WaitingOutcomes waited = waiting_room_.outcomes();
    stats.waited_accepted = waited.accepted;
    stats.waited_refused = waited.refused;
    stats.waited_gave_up = waited.gave_up;
    return stats;
}

}  // namespace holdfast::gateway
