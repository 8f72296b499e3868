#pragma once
// The bounds and paces of the fleet machine. All are settings.

#include <cstddef>
#include <cstdint>

#include "base/time.h"
#include "fleet/history.h"
#include "fleet/node_health.h"
#include "fleet/relocation.h"
#include "fleet/takeovers.h"

namespace holdfast::fleet {

struct FleetOptions {
    HealthOptions health = {};
    FightOptions fights = {};
    HistoryOptions history = {};
    std::size_t events = 10'000;  ///< kept for readers that were away
    double device_events_per_second =
        50;                   ///< of each frequent kind (connected, refused, ...); the rest is summed up. 0: no limit
    Pace node_lost_pace = 0;  ///< ending connections of a node that went down or left; 0 = at once
    Pace return_pace = 100;   ///< bringing devices back to their explicit node once it is up again
    /// When an explicit node refused a device though it answers probes, the device is sent there again after this time.
    Duration return_retry = std::chrono::minutes(5);
    Duration connected_last_resolution =
        std::chrono::minutes(5);  ///< a device's "last connected" is rewritten at most this often
    std::size_t max_clusters = 1'000;
    std::size_t max_nodes = 10'000;
    std::uint64_t table_seed = 0;  ///< any number; unforeseeable in production (see DeviceTable)
};

}  // namespace holdfast::fleet
