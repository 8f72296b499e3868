#pragma once
// The fleet at one moment, for everybody who only reads: data-plane threads plan routes on it, the API lists from it. Never
// changes. Threads: hold it by shared_ptr on any thread, replace it by a newer one when the control thread publishes.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "fleet/device_table.h"
#include "fleet/policy.h"
#include "fleet/topology.h"

namespace holdfast::fleet {

struct Snapshot {
    std::shared_ptr<const Topology> topology = {};  ///< never null
    DeviceTableView devices = {};
    std::shared_ptr<const Policy> policy = {};  ///< never null
    std::uint64_t version = 0;                  ///< grows with each published change

    [[nodiscard]] std::optional<DeviceView> find_device(std::string_view id) const noexcept { return devices.find(id); }
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

}  // namespace holdfast::fleet
