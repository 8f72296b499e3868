#pragma once
// One data-plane thread: its listening sockets, its connections, its timers. Nothing of it is touched by another thread but the
// mailbox (orders from control), the outbox (facts for control) and the counters.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "control/gateway_port.h"
#include "control/snapshot_source.h"
#include "gateway/descriptor.h"
#include "gateway/link.h"
#include "gateway/listener.h"
#include "gateway/options.h"
#include "gateway/poller.h"
#include "gateway/shared_waiting_room.h"
#include "proxy/admission.h"

namespace holdfast::gateway {

/// The admission desk of all of a gateway's threads. Threads: any.
class SharedAdmission {
public:
    SharedAdmission(const proxy::AdmissionLimits& limits, Time now) : desk_(limits, now) {}

    [[nodiscard]] proxy::Admission enter(const proxy::SourceAddress& source) {
        const std::lock_guard lock(mutex_);
        return desk_.enter(source);
    }
    void leave(const proxy::SourceAddress& source, proxy::Admission admission) {
        const std::lock_guard lock(mutex_);
        desk_.leave(source, admission);
    }
    [[nodiscard]] bool take_connect(Time now) {
        const std::lock_guard lock(mutex_);
        return desk_.take_connect(now);
    }
    void set_limits(const proxy::AdmissionLimits& limits, Time now) {
        const std::lock_guard lock(mutex_);
        desk_.set_limits(limits, now);
    }

private:
    std::mutex mutex_;
    proxy::AdmissionDesk desk_;
};

/// Written by one thread, read by any.
struct WorkerCounters {
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> turned_away{0};
    std::atomic<std::uint64_t> open{0};
    std::atomic<std::uint64_t> relaying{0};
    std::atomic<std::uint64_t> bytes_from_devices{0};
    std::atomic<std::uint64_t> bytes_to_devices{0};
    std::atomic<std::uint64_t> packets_from_devices{0};
    std::atomic<std::uint64_t> packets_to_devices{0};
    std::atomic<std::uint64_t> backpressure_pauses{0};
    std::atomic<bool> out_of_descriptors{false};
};

class Worker {
public:
    /// What a worker shares with the gateway; all of it outlives the worker.
    struct Shared {
        const Clock& clock;
        const control::SnapshotSource& snapshots;
        SharedAdmission& admission;
        SharedWaitingRoom& waiting_room;
        /// Facts wait after there were none. Called on the worker's thread.
        const std::function<void()>& wake_control;
    };

    [[nodiscard]] static Result<std::unique_ptr<Worker>> create(std::uint16_t index, std::vector<Descriptor> listeners,
                                                                const Tuning& tuning, Shared shared);
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    /// Runs until `stop` and the last connection's end (or the grace's). Call once, on its own thread.
    void run();

    // From other threads.

    /// Unknown connections are ignored.
    void end(std::span<const fleet::EndOrder> orders);
    void tune(const Tuning& tuning);
    /// Closes the listeners, ends every connection, and returns from `run` within `grace`.
    void stop(Duration grace);
    void collect(std::vector<fleet::Fact>& facts);
    [[nodiscard]] const WorkerCounters& counters() const noexcept { return counters_; }

    // For its links.

    [[nodiscard]] std::uint16_t index() const noexcept { return index_; }
    [[nodiscard]] Time now() const noexcept { return now_; }
    [[nodiscard]] const Tuning& tuning() const noexcept { return tuning_; }
    [[nodiscard]] Poller& poller() noexcept { return poller_; }
    [[nodiscard]] TimerWheel& wheel() noexcept { return wheel_; }
    [[nodiscard]] std::span<Byte> scratch() noexcept { return scratch_; }
    [[nodiscard]] const fleet::Snapshot& snapshot() { return snapshots_.current(); }
    [[nodiscard]] std::uint64_t entropy() { return random_(); }
    /// The limits as they are for a plan that is made now.
    [[nodiscard]] const proxy::Limits& limits_now() noexcept {
        shared_.waiting_room.describe(tuning_.limits);
        return tuning_.limits;
    }
    /// Its CONNECT has no answer yet, and it wants to know of changes of the topology until it has one.
    void follow_switches(Link& link);
    /// Its CONNECT waits for an active node, until it is reported.
    void hold(Link& link);
    [[nodiscard]] bool take_connect() { return shared_.admission.take_connect(now_); }
    void count_bytes(bool from_device, std::size_t bytes) noexcept;
    void count_pause() noexcept;
    void report_opened(Link& link);
    void report_refused(Link& link);
    void report_acknowledged(Link& link);
    void report_trouble(fleet::NodeIndex node);
    void go_on_later(Link& link);
    /// Destroys the link when the present event is dealt with.
    void bury(Link& link);

private:
    [[nodiscard]] Moment moment() const noexcept { return {now_, shared_.clock.wall()}; }
    struct Slot {
        std::unique_ptr<Link> link;
        std::uint32_t generation = 0;
    };
    struct Mail {
        std::vector<fleet::EndOrder> ends;
        std::unique_ptr<Tuning> tuning;
        bool stop = false;
        Duration grace{};
    };

    Worker(std::uint16_t index, std::vector<Descriptor> listeners, const Tuning& tuning, Shared shared, Poller poller,
           Descriptor bell, Descriptor reserve);

    void accept_from(std::size_t listener);
    void take_in(Descriptor device, const SocketAddress& source);
    void out_of_descriptors(std::size_t listener);
    void listen_again();
    void read_mail();
    void begin_stop(Duration grace);
    void dispatch(const Readiness& readiness);
    [[nodiscard]] Link* find(std::uint32_t slot, std::uint32_t generation) noexcept;
    [[nodiscard]] Duration time_to_wait() const;
    void go_on_with_waiting();
    void tell_of_switches();
    void follow_no_more(Link& link);
    void let_go(Link& link, std::uint64_t proxy::WaitingOutcomes::* outcome);
    void sweep();
    void report_closed(Link& link);
    void hand_over_facts();
    void ring_bell() noexcept;

    std::uint16_t index_;
    Shared shared_;
    Tuning tuning_;
    Poller poller_;
    /// Rung by other threads when there is mail.
    Descriptor bell_;
    /// Given up for a moment when there is no other descriptor left, to answer whom we cannot take.
    Descriptor reserve_;
    std::vector<Descriptor> listeners_;
    control::SnapshotReader snapshots_;
    Time now_;
    TimerWheel wheel_;
    std::vector<Byte> scratch_;
    std::mt19937_64 random_;

    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_slots_;
    std::vector<Link*> waiting_;
    std::vector<Link*> buried_;
    /// Told when the topology is not the one they were told of last.
    std::vector<Link*> followers_;
    std::shared_ptr<const fleet::Topology> followed_;
    std::size_t links_ = 0;
    bool listening_ = true;
    Time listen_again_at_{};
    bool stopping_ = false;
    Time stop_at_{};
    std::vector<fleet::Fact> facts_;
    WorkerCounters counters_;

    std::mutex mail_mutex_;
    Mail mail_;
    std::mutex outbox_mutex_;
    std::vector<fleet::Fact> outbox_;
    std::atomic<std::size_t> outbox_size_{0};
};

}  // namespace holdfast::gateway
