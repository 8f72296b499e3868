#pragma once
// The control side: owns the fleet machine, collects facts from the data planes in late batches, hands out snapshots and orders
// that arrive late too, keeps what is to be stored, and feeds the probes' results.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/time.h"
#include "data_plane.h"
#include "fleet/fleet.h"
#include "prober.h"
#include "store.h"
#include "world.h"

namespace holdfast::sim {

/// Devices connect to it; the kernel spreads them over the data planes.
class Control final : public Listener {
public:
    Control(World& world, std::size_t planes, const proxy::Limits& limits, Witness& witness);

    [[nodiscard]] Mood mood() const override { return Mood::accepts; }
    [[nodiscard]] WireUser* take(const std::shared_ptr<Wire>& wire) override;

    void start();
    /// An operator's or discovery's change. Its refusals are its own business.
    void change(const std::function<void(fleet::Fleet& fleet, Moment moment)>& apply);
    /// Takes in all that the data planes have to tell, now.
    void collect_all();
    /// The process dies with all its connections and starts again from what was stored.
    void restart();

    [[nodiscard]] fleet::Fleet& fleet() noexcept { return *fleet_; }
    [[nodiscard]] const Store& store() const noexcept { return store_; }
    [[nodiscard]] const std::vector<std::unique_ptr<DataPlane>>& planes() const noexcept { return planes_; }
    /// Calls it for each link of each data plane.
    void for_each_link(const std::function<void(const Link&)>& visit) const;

private:
    struct Channel {
        Time snapshot_at{};
        Time orders_at{};
        Time facts_at{};
    };
    void make_planes();
    void settle();
    void hand_out_snapshot();
    void hand_out(const std::vector<fleet::EndOrder>& orders);
    void collect_regularly(std::size_t plane, std::uint64_t life);
    void take_in(std::vector<fleet::Fact> facts);
    void arm();
    [[nodiscard]] Time later(Time& last, Duration most);

    World& world_;
    std::size_t plane_count_;
    proxy::Limits limits_;
    Witness& witness_;
    Store store_;
    std::unique_ptr<fleet::Fleet> fleet_;
    std::vector<std::unique_ptr<DataPlane>> planes_;
    /// Of earlier lives; late tasks may still look at them.
    std::vector<std::unique_ptr<DataPlane>> former_planes_;
    std::vector<Channel> channels_;
    Prober prober_;
    std::optional<Time> armed_;
    /// Counts starts of the process; what belongs to an earlier one comes to nothing.
    std::uint64_t life_ = 0;
};

}  // namespace holdfast::sim
