// What routing costs at fleet size: a million devices in memory, looked up and planned on one core, changed and published while
// readers hold older snapshots, and a node leaving. Prints one table and says which budgets were met.

#include <fmt/format.h>
#include <malloc.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "fleet/fleet.h"
#include "fleet/planner.h"

namespace {

using namespace holdfast;
using namespace holdfast::fleet;

constexpr std::size_t nodes_per_cluster = 4;
constexpr double budget_bytes_a_device = 150;
constexpr double budget_per_second = 1e6;

/// Processor time of this process: what one core spent, whatever else the machine does.
double cpu_seconds() {
    timespec spent{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}
double seconds_since(double start) {
    return cpu_seconds() - start;
}

/// Bytes the allocator has handed out, and what the process holds in memory.
struct Footprint {
    double allocated = 0;
    double resident = 0;
};
Footprint footprint() {
    const auto info = mallinfo2();
    std::size_t pages = 0;
    std::size_t resident = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident;
    return {static_cast<double>(info.uordblks + info.hblkhd), static_cast<double>(resident) * 4096};
}

std::string device_id(std::size_t i) {
    return fmt::format("meter-{:07}", i);
}

class Bench {
public:
    explicit Bench(std::size_t devices) : devices_(devices) { order_.resize(devices); }

    int run() {
        fmt::print("routes: {} devices in 2 clusters of {} nodes, processor time of one core\n\n", devices_, nodes_per_cluster);
        const Footprint before = footprint();
        load();
        const Footprint after = footprint();
        const auto per_device = [&](double bytes) { return bytes / static_cast<double>(devices_); };
        line("allocated a device", fmt::format("{:.1f} B", per_device(after.allocated - before.allocated)));
        check("resident a device", per_device(after.resident - before.resident), budget_bytes_a_device, true, "B");
        line("of it in the device table",
             fmt::format("{:.1f} B", per_device(static_cast<double>(fleet_->device_memory().in_use))));
        shuffle();
        check("lookups a second", lookups(), budget_per_second, false, "/s");
        check("plans a second (known, sticky)", plans(), budget_per_second, false, "/s");
        line("plans a second (unknown, allocated by hash)", fmt::format("{:.2f} M/s", strangers() / 1e6));
        connections();
        changes();
        facts();
        node_leaves();
        fmt::print("\n{}\n", met_ ? "all budgets met" : "a budget was MISSED");
        return met_ ? EXIT_SUCCESS : EXIT_FAILURE;
    }

private:
    static void line(std::string_view what, std::string_view value) { fmt::print("  {:<52} {:>14}\n", what, value); }

    void check(std::string_view what, double value, double budget, bool at_most, std::string_view unit) {
        const bool met = at_most ? value <= budget : value >= budget;
        met_ = met_ && met;
        const bool millions = budget >= 1e6;
        const double shown = millions ? value / 1e6 : value;
        const std::string_view scale = millions ? "M" : "";
        fmt::print("  {:<52} {:>14}   {} {} {:g}: {}\n", what, fmt::format("{:.2f} {}{}", shown, scale, unit), "budget",
                   at_most ? "<=" : ">=", budget, met ? "met" : "MISSED");
    }

    Moment moment() {
        now_ += std::chrono::milliseconds(1);
        return {now_, wall_};
    }

    /// Through the same door as from the store. The image is loaded in pieces, so that it does not count as the fleet's memory.
    void load() {
        FleetImage image;
        for (const char* cluster : {"east", "west"}) {
            image.clusters.push_back({.name = cluster});
            for (std::size_t i = 1; i <= nodes_per_cluster; ++i)
                image.nodes.push_back(
                    {.cluster = cluster, .name = fmt::format("{}-{}", cluster, i), .host = "127.0.0.1", .origin = "static"});
        }
        FleetOptions options;
        options.events = 1000;
        options.table_seed = 0x5EED;
        const auto start = cpu_seconds();
        fleet_ = std::make_unique<Fleet>(std::move(image), Policy{}, options, moment());
        for (std::uint32_t n = 0; n < 2 * nodes_per_cluster; ++n)
            fleet_->probe_result(NodeIndex(n), true, {}, moment());
        for (std::size_t i = 0; i < devices_; ++i) {
            connect(device_id(i));
            if (i % 1000 == 999) {
                static_cast<void>(fleet_->take_effects());
                snapshot_ = fleet_->publish();
            }
        }
        static_cast<void>(fleet_->take_effects());
        snapshot_ = fleet_->publish();
        malloc_trim(0);
        line("enrolled by CONNECT, and ended",
             fmt::format("{:.2f} us each", seconds_since(start) * 1e6 / static_cast<double>(devices_)));
    }

    /// A device's whole life as facts: planned, opened, closed.
    void connect(const std::string& id) {
        if (!snapshot_) snapshot_ = fleet_->publish();
        const Plan plan = plan_route(*snapshot_, {.client_id = id}, 0);
        Opened opened;
        opened.connection = ConnectionId::make(0, ++connection_);
        opened.device = id;
        opened.first = opened.node = plan.candidates[0].node;
        opened.cluster = plan.cluster;
        opened.kind = plan.candidates[0].kind;
        opened.enrolled_now = plan.enrolled_now;
        opened.home = plan.home;
        opened.mqtt_version = 5;
        opened.source = "127.0.0.1:40000";
        opened.at = opened.asked_at = moment().now;
        opened.wall = wall_;
        opened.trace = plan.trace;
        Closed closed{.connection = opened.connection, .reason_text = "device_disconnected", .at = opened.at, .wall = wall_};
        fleet_->opened(std::move(opened));
        fleet_->closed(closed);
    }

    void shuffle() {
        for (std::size_t i = 0; i < devices_; ++i)
            order_[i] = static_cast<std::uint32_t>(i);
        std::shuffle(order_.begin(), order_.end(), random_);
        ids_.reserve(std::min<std::size_t>(devices_, 1'000'000));
        for (std::size_t i = 0; i < std::min<std::size_t>(devices_, 1'000'000); ++i)
            ids_.push_back(device_id(order_[i]));
    }

    double lookups() {
        std::uint64_t found = 0;
        const auto start = cpu_seconds();
        for (const std::string& id : ids_)
            found += snapshot_->find_device(id).has_value() ? 1U : 0U;
        const double rate = static_cast<double>(ids_.size()) / seconds_since(start);
        if (found != ids_.size()) fmt::print("  only {} of {} devices were found\n", found, ids_.size());
        return rate;
    }

    double plans() {
        std::uint64_t sticky = 0;
        const auto start = cpu_seconds();
        for (const std::string& id : ids_)
            sticky += plan_route(*snapshot_, {.client_id = id}, 0).candidates[0].kind == RouteKind::sticky ? 1U : 0U;
        const double rate = static_cast<double>(ids_.size()) / seconds_since(start);
        if (sticky != ids_.size()) fmt::print("  only {} of {} plans were sticky\n", sticky, ids_.size());
        return rate;
    }

    double strangers() {
        constexpr std::size_t count = 300'000;
        std::vector<std::string> ids;
        for (std::size_t i = 0; i < count; ++i)
            ids.push_back(fmt::format("stranger-{}", i));
        std::uint64_t routed = 0;
        const auto start = cpu_seconds();
        for (const std::string& id : ids)
            routed += plan_route(*snapshot_, {.client_id = id}, 0).candidates.size();
        const double rate = static_cast<double>(count) / seconds_since(start);
        if (routed != count * nodes_per_cluster) fmt::print("  strangers were not routed as they should\n");
        return rate;
    }

    /// What the fleet keeps of an open connection.
    void connections() {
        constexpr std::size_t count = 200'000;
        const double before = footprint().allocated;
        Presence presence;
        for (std::size_t i = 0; i < count; ++i) {
            Opened opened;
            opened.connection = ConnectionId::make(0, i + 1);
            opened.device = device_id(i);
            opened.node = NodeIndex(static_cast<std::uint32_t>(i % nodes_per_cluster));
            opened.source = "203.0.113.77:40000";
            opened.username = "fleet";
            opened.at = opened.asked_at = now_;
            opened.wall = wall_;
            presence.opened(opened);
        }
        line("allocated an open connection", fmt::format("{:.1f} B", (footprint().allocated - before) / count));
    }

    /// A few hundred changed devices in each snapshot while the one before is still held, as in a running gateway.
    void changes() {
        constexpr std::size_t rounds = 200;
        constexpr std::size_t changed = 300;
        DeviceTable table(7);
        DeviceState state{.home = ClusterIndex(0), .sticky_node = NodeIndex(0)};
        for (std::size_t i = 0; i < devices_; ++i)
            table.put(device_id(i), state);
        DeviceTableView held = table.view();
        std::size_t next = 0;
        const auto start = cpu_seconds();
        for (std::size_t round = 1; round <= rounds; ++round) {
            state.routed_at = static_cast<Seconds>(round);
            for (std::size_t i = 0; i < changed; ++i)
                table.put(ids_[next++ % ids_.size()], state);
            held = table.view();
        }
        line("a device changed and published, others reading",
             fmt::format("{:.2f} us", seconds_since(start) * 1e6 / (rounds * changed)));
    }

    void facts() {
        constexpr std::size_t count = 300'000;
        const auto start = cpu_seconds();
        for (std::size_t i = 0; i < count; ++i) {
            connect(ids_[i % ids_.size()]);
            if (i % 500 == 499) {
                static_cast<void>(fleet_->take_effects());
                snapshot_ = fleet_->publish();
            }
        }
        line("a known device planned, opened and closed", fmt::format("{:.2f} us", seconds_since(start) * 1e6 / count));
    }

    void node_leaves() {
        std::vector<NodeSpec> rest;
        for (std::size_t i = 2; i <= nodes_per_cluster; ++i)
            rest.push_back({.name = fmt::format("east-{}", i), .host = "127.0.0.1"});
        const auto start = cpu_seconds();
        const auto listed = fleet_->list_nodes("east", "static", rest, moment());
        const SnapshotPtr after = fleet_->publish();
        const double took = seconds_since(start) * 1e6;
        if (!listed) fmt::print("  {}\n", listed.error().message());
        const std::size_t records = fleet_->take_effects().changes.size();
        std::size_t moved = 0;
        std::size_t wrongly = 0;
        for (const std::string& id : ids_) {
            const NodeIndex was = plan_route(*snapshot_, {.client_id = id}, 0).candidates[0].node;
            const NodeIndex is = plan_route(*after, {.client_id = id}, 0).candidates[0].node;
            if (was == is) continue;
            ++moved;
            if (after->topology->node(was).state() != NodeState::left) ++wrongly;
        }
        const double share = 100.0 * static_cast<double>(moved) / static_cast<double>(ids_.size());
        line("a node leaves: new snapshot published in", fmt::format("{:.1f} us", took));
        line("a node leaves: records to write", fmt::format("{}", records));
        line("a node leaves: devices that move (an eighth is 12.5)", fmt::format("{:.1f} %", share));
        line("a node leaves: devices that move without need", fmt::format("{}", wrongly));
        met_ = met_ && wrongly == 0;
    }

    std::size_t devices_;
    std::unique_ptr<Fleet> fleet_;
    SnapshotPtr snapshot_;
    std::vector<std::uint32_t> order_;
    std::vector<std::string> ids_;
    std::mt19937_64 random_{42};
    Time now_{};
    WallTime wall_{std::chrono::seconds(1'800'000'000)};
    std::uint64_t connection_ = 0;
    bool met_ = true;
};

}  // namespace

/// Usage: hf_bench_routes [devices]
int main(int argc, char** argv) {
    const std::size_t devices = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    return Bench(std::max<std::size_t>(devices, 1000)).run();
}
