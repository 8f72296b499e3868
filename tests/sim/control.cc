#include "control.h"

#include <algorithm>
#include <utility>

namespace holdfast::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

fleet::FleetOptions options() {
    fleet::FleetOptions options;
    options.events = 200;
    options.history.entries = 500;
    options.return_retry = seconds(8);
    return options;
}

}  // namespace

Control::Control(World& world, std::size_t planes, const proxy::Limits& limits, Witness& witness)
    : world_(world),
      plane_count_(planes),
      limits_(limits),
      witness_(witness),
      fleet_(std::make_unique<fleet::Fleet>(fleet::FleetImage{}, fleet::Policy{}, options(), world.moment())),
      prober_(world, [this](fleet::NodeIndex node, bool ok) {
          change([&](fleet::Fleet& fleet, Moment moment) { fleet.probe_result(node, ok, ok ? "" : "no answer", moment); });
      }) {
    make_planes();
}

void Control::make_planes() {
    for (std::size_t i = 0; i < plane_count_; ++i) {
        planes_.push_back(
            std::make_unique<DataPlane>(world_, static_cast<std::uint16_t>(life_ * plane_count_ + i), limits_, witness_));
        planes_.back()->take_snapshot(fleet_->publish());
    }
    channels_.assign(plane_count_, {});
}

WireUser* Control::take(const std::shared_ptr<Wire>& wire) {
    return world_.dice.pick(planes_)->take(wire);
}

void Control::start() {
    settle();
    // A gateway listens once it has a picture.
    for (const auto& plane : planes_)
        plane->take_snapshot(fleet_->publish());
    for (std::size_t plane = 0; plane < planes_.size(); ++plane)
        collect_regularly(plane, life_);
}

void Control::restart() {
    world_.tell("the gateway is killed and starts again");
    ++life_;
    for (auto& plane : planes_) {
        plane->die();
        former_planes_.push_back(std::move(plane));
    }
    planes_.clear();
    armed_.reset();
    fleet_ = std::make_unique<fleet::Fleet>(store_.image(), fleet::Policy{}, options(), world_.moment());
    // Names of hosts are resolved anew.
    const fleet::SnapshotPtr snapshot = fleet_->publish();
    for (std::size_t i = 0; i < snapshot->topology->nodes.size(); ++i) {
        fleet_->node_resolved(fleet::NodeIndex(static_cast<std::uint32_t>(i)), "127.0.0.1", world_.moment());
    }
    prober_.start_again();
    make_planes();
    start();
}

void Control::change(const std::function<void(fleet::Fleet&, Moment)>& apply) {
    apply(*fleet_, world_.moment());
    settle();
}

void Control::settle() {
    const fleet::Effects effects = fleet_->take_effects();
    for (const fleet::Change& change : effects.changes)
        store_.apply(change);
    hand_out(effects.ends);
    if (effects.snapshot_changed) hand_out_snapshot();
    for (const fleet::NodeIndex node : effects.probe)
        prober_.probe_now(node);
    for (const fleet::Event& event : effects.events)
        world_.tell("  {}", event.sentence);
    arm();
}

Time Control::later(Time& last, Duration most) {
    last = std::max(last, world_.now() + world_.dice.duration(Duration::zero(), most));
    return last;
}

void Control::hand_out_snapshot() {
    const fleet::SnapshotPtr snapshot = fleet_->publish();
    prober_.follow(*snapshot->topology);
    for (std::size_t i = 0; i < planes_.size(); ++i) {
        const Time when = later(channels_[i].snapshot_at, milliseconds(world_.dice.chance(0.02) ? 500 : 30));
        world_.scheduler.at(when, [plane = planes_[i].get(), snapshot] { plane->take_snapshot(snapshot); });
    }
}

void Control::hand_out(const std::vector<fleet::EndOrder>& orders) {
    for (std::size_t i = 0; i < planes_.size(); ++i) {
        std::vector<fleet::EndOrder> own;
        for (const fleet::EndOrder& order : orders) {
            if (order.connection.thread() % plane_count_ == i) own.push_back(order);
        }
        if (own.empty()) continue;
        const Time when = later(channels_[i].orders_at, milliseconds(40));
        world_.scheduler.at(when, [plane = planes_[i].get(), own] { plane->end(own); });
    }
}

void Control::collect_regularly(std::size_t plane, std::uint64_t life) {
    if (life != life_) return;
    if (planes_[plane]->has_facts()) {
        const Time when = later(channels_[plane].facts_at, milliseconds(world_.dice.chance(0.02) ? 500 : 30));
        auto facts = std::make_shared<std::vector<fleet::Fact>>(planes_[plane]->collect());
        world_.scheduler.at(when, [this, facts, life] {
            if (life == life_) take_in(std::move(*facts));
        });
    }
    world_.scheduler.after(milliseconds(25), [this, plane, life] { collect_regularly(plane, life); });
}

void Control::take_in(std::vector<fleet::Fact> facts) {
    for (fleet::Fact& fact : facts) {
        if (auto* opened = std::get_if<fleet::Opened>(&fact)) fleet_->opened(std::move(*opened));
        if (auto* closed = std::get_if<fleet::Closed>(&fact)) fleet_->closed(*closed);
        if (auto* refused = std::get_if<fleet::Refused>(&fact)) fleet_->refused(std::move(*refused));
        if (auto* trouble = std::get_if<fleet::NodeTrouble>(&fact)) fleet_->trouble(*trouble);
    }
    settle();
}

void Control::collect_all() {
    for (const auto& plane : planes_)
        take_in(plane->collect());
}

void Control::arm() {
    const auto due = fleet_->next_timer(world_.now());
    if (!due || (armed_ && *armed_ <= *due)) return;
    armed_ = due;
    world_.scheduler.at(*due, [this, due, life = life_] {
        if (life != life_ || armed_ != due) return;
        armed_.reset();
        fleet_->tick(world_.moment());
        settle();
    });
}

void Control::for_each_link(const std::function<void(const Link&)>& visit) const {
    for (const auto& plane : planes_) {
        for (const auto& [id, link] : plane->links())
            visit(*link);
    }
}

}  // namespace holdfast::sim
