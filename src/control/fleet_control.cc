#include "control/fleet_control.h"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>
#include <variant>

#include "base/assert.h"
#include "control/fleet_image.h"
#include "runtime/log.h"

namespace holdfast::control {

namespace asio = boost::asio;

namespace {

/// Nothing is so urgent that the thread may spin for it.
constexpr Duration shortest_sleep = std::chrono::milliseconds(1);
/// Facts that are taken in before the effects go out, so that a storm does not delay orders and snapshots.
constexpr std::size_t facts_per_batch = 20'000;

void log_event(const fleet::Event& event) {
    switch (event.severity) {
        case fleet::Severity::info:
            log::debug("fleet", "{}", event.sentence);
            return;
        case fleet::Severity::notice:
            log::info("fleet", "{}", event.sentence);
            return;
        case fleet::Severity::warning:
            log::warning("fleet", "{}", event.sentence);
            return;
    }
}

struct TakeFact {
    fleet::Fleet& fleet;
    void operator()(fleet::Opened&& fact) const { fleet.opened(std::move(fact)); }
    void operator()(fleet::Closed&& fact) const { fleet.closed(fact); }
    void operator()(fleet::Refused&& fact) const { fleet.refused(std::move(fact)); }
    void operator()(fleet::NodeTrouble&& fact) const { fleet.trouble(fact); }
    void operator()(fleet::Acknowledged&&) const {}
};

/// The device whose connection a fact is about; empty when it says nothing about any.
struct DeviceOf {
    const fleet::Fleet& fleet;
    std::string_view operator()(const fleet::Opened& fact) const { return fact.device; }
    std::string_view operator()(const fleet::Closed& fact) const { return of(fact.connection); }
    std::string_view operator()(const fleet::Acknowledged& fact) const { return of(fact.connection); }
    std::string_view operator()(const fleet::Refused&) const { return {}; }
    std::string_view operator()(const fleet::NodeTrouble&) const { return {}; }
    [[nodiscard]] std::string_view of(fleet::ConnectionId connection) const {
        const auto present = fleet.presence().find(connection);
        return present ? present->device : std::string_view();
    }
};

/// The device whose record a change is.
struct DeviceOfChange {
    std::string_view operator()(const fleet::DeviceRecord& record) const { return record.id; }
    std::string_view operator()(const fleet::DeviceErased& erased) const { return erased.id; }
    std::string_view operator()(const auto&) const { return {}; }
};

}  // namespace

FleetControl::FleetControl(asio::io_context& io, const Clock& clock, std::unique_ptr<fleet::Fleet> fleet,
                           storage::FleetStore* store, ControlOptions options)
    : io_(io),
      clock_(clock),
      fleet_(std::move(fleet)),
      store_(store),
      options_(options),
      snapshots_(fleet_->publish()),
      timer_(io),
      waiting_timer_(io),
      started_at_(clock.wall()),
      self_(std::make_shared<FleetControl*>(this)) {}

FleetControl::~FleetControl() {
    stop();
    *self_ = nullptr;
}

void FleetControl::attach(GatewayPort& gateway) {
    HF_ASSERT(gateway_ == nullptr, "one gateway per control");
    gateway_ = &gateway;
    gateway.on_facts([self = self_, &io = io_] {
        asio::post(io, [self] {
            if (*self != nullptr) (*self)->on_facts_waiting();
        });
    });
}

void FleetControl::start() {
    running_ = true;
    const fleet::SnapshotPtr snapshot = fleet_->publish();
    snapshots_.publish(snapshot);
    follow_topology(snapshot);
    take_effects({});
}

void FleetControl::stop() {
    if (running_) {
        take_facts();
        take_effects({});
    }
    running_ = false;
    gateway_ = nullptr;
    timer_.cancel();
    waiting_timer_.cancel();
    while (!waiting_.empty())
        settle(waiting_.front().number, false);
}

Result<void> FleetControl::change(const ChangeFn& apply, Completion completion) {
    const Result<void> done = apply(*fleet_, moment());
    // Even a change that failed half-way in `apply` may have had effects before.
    take_effects(done ? std::move(completion) : Completion());
    return done;
}

void FleetControl::apply(const std::function<void(fleet::Fleet& fleet, Moment moment)>& report) {
    report(*fleet_, moment());
    take_effects({});
}

bool FleetControl::end_connection(fleet::ConnectionId connection) {
    if (gateway_ == nullptr || !fleet_->presence().find(connection)) return false;
    const std::array<fleet::EndOrder, 1> orders = {{{connection, fleet::EndCause::ended_by_operator}}};
    gateway_->end(orders);
    return true;
}

void FleetControl::collect_now() {
    take_facts();
    take_effects({});
}

void FleetControl::on_facts_waiting() {
    if (!running_ || facts_due_) return;
    facts_due_ = clock_.now() + options_.collect_interval;
    arm();
}

void FleetControl::take_facts() {
    facts_due_.reset();
    if (gateway_ == nullptr) return;
    facts_.clear();
    gateway_->collect(facts_);
    std::size_t in_batch = 0;
    for (fleet::Fact& fact : facts_) {
        counters_.add(fact);
        if (devices_hook_ || acknowledged_hook_) follow_device(fact);
        std::visit(TakeFact{*fleet_}, std::move(fact));
        if (++in_batch == facts_per_batch) {
            take_effects({});
            in_batch = 0;
        }
    }
    facts_.clear();
    // A storm's worth of room is not kept for ever.
    if (facts_.capacity() > facts_per_batch) facts_.shrink_to_fit();
}

void FleetControl::follow_device(const fleet::Fact& fact) {
    const std::string_view device = std::visit(DeviceOf{*fleet_}, fact);
    if (device.empty()) return;
    if (const auto* acknowledged = std::get_if<fleet::Acknowledged>(&fact)) {
        if (acknowledged_hook_) acknowledged_hook_(device, *acknowledged);
    } else if (devices_hook_) {
        changed_devices_.emplace_back(device);
    }
}

void FleetControl::tell_changed_devices() {
    if (changed_devices_.empty()) return;
    std::vector<std::string> devices;
    devices.swap(changed_devices_);
    for (const std::string& device : devices)
        devices_hook_(device);
}

void FleetControl::tick() {
    take_facts();
    fleet_->tick(moment());
    take_effects({});
}

void FleetControl::take_effects(Completion completion) {
    fleet::Effects effects = fleet_->take_effects();
    if (effects.snapshot_changed) {
        const fleet::SnapshotPtr snapshot = fleet_->publish();
        snapshots_.publish(snapshot);
        follow_topology(snapshot);
    }
    if (!effects.ends.empty() && gateway_ != nullptr) gateway_->end(effects.ends);
    if (!effects.probe.empty() && probe_hook_) probe_hook_(effects.probe);
    if (!effects.events.empty()) {
        for (const fleet::Event& event : effects.events)
            log_event(event);
        event_signal_.notify();
    }
    if (devices_hook_) {
        for (const fleet::Change& change : effects.changes) {
            const std::string_view device = std::visit(DeviceOfChange{}, change);
            if (!device.empty()) changed_devices_.emplace_back(device);
        }
    }
    write(std::move(effects.changes), std::move(completion));
    arm();
    tell_changed_devices();
}

void FleetControl::follow_topology(const fleet::SnapshotPtr& snapshot) {
    if (snapshot->topology == topology_) return;
    topology_ = snapshot->topology;
    if (topology_hook_) topology_hook_(*topology_);
}

void FleetControl::write(std::vector<fleet::Change> changes, Completion completion) {
    if (!completion) {
        if (store_ != nullptr && !changes.empty()) store_->write(std::move(changes));
        return;
    }
    // What changed nothing may still rest on something that is not durable yet.
    if (store_ == nullptr || (changes.empty() && store_->status().pending == 0)) {
        completion(Durability{});
        return;
    }
    if (!running_ || waiting_.size() >= options_.max_waiting_changes) {
        store_->write(std::move(changes));
        completion(not_durable());
        return;
    }
    const std::uint64_t number = ++last_number_;
    waiting_.push_back({number, clock_.now() + options_.durable_wait, std::move(completion)});
    store_->write(std::move(changes), [self = self_, &io = io_, number](bool durable) {
        asio::post(io, [self, number, durable] {
            if (*self != nullptr) (*self)->settle(number, durable);
        });
    });
    if (waiting_.size() == 1) arm_waiting();
}

Durability FleetControl::not_durable() const {
    std::string sentence = store_ == nullptr ? std::string() : store_->status().sentence;
    if (sentence.empty())
        sentence = "the change is in effect, but the store has not confirmed yet that it would survive a crash";
    return {false, std::move(sentence)};
}

void FleetControl::settle(std::uint64_t number, bool durable) {
    const auto place = std::ranges::lower_bound(waiting_, number, {}, &Waiting::number);
    if (place == waiting_.end() || place->number != number) return;
    const Completion completion = std::move(place->completion);
    waiting_.erase(place);
    completion(durable ? Durability{} : not_durable());
}

void FleetControl::arm_waiting() {
    if (!running_ || waiting_.empty()) return;
    waiting_timer_.expires_after(std::max(waiting_.front().until - clock_.now(), shortest_sleep));
    waiting_timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        const Time now = clock_.now();
        while (!waiting_.empty() && waiting_.front().until <= now)
            settle(waiting_.front().number, false);
        arm_waiting();
    });
}

void FleetControl::arm() {
    if (!running_) return;
    const Time now = clock_.now();
    std::optional<Time> due = fleet_->next_timer(now);
    if (facts_due_ && (!due || *facts_due_ < *due)) due = facts_due_;
    if (!due) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::max(*due - now, shortest_sleep));
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (!cancelled) tick();
    });
}

void FleetControl::store_lost() {
    asio::post(io_, [self = self_] {
        if (*self == nullptr || (*self)->store_ == nullptr) return;
        (*self)->store_->replace(image_of(*(*self)->fleet_));
    });
}

storage::StoreStatus FleetControl::store_status() const {
    return store_ == nullptr ? storage::StoreStatus{} : store_->status();
}

GatewayStats FleetControl::gateway_stats() const {
    return gateway_ == nullptr ? GatewayStats{} : gateway_->stats();
}

}  // namespace holdfast::control
